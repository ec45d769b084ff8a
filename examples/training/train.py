"""Does it help? Train a net on plain and expanded data, and augmented while training.

    python examples/training/train.py examples/training/low-data.yaml DATA --quick

Every variant starts from the same weights, sees as many batches and is tested on the same pictures.
`augtool.expand` writes the data to disk, and training reads them from there. Each finished
training is saved, so that the same command goes on where it was stopped.
"""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "jax")  # or torch, tensorflow

import argparse
import datetime
import json
import platform
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
from cases import ONLINE, Case, Net, Run, ratio_of, read_case, read_results
from keras import layers

from augtool import Config, augment, expand

Arrays = tuple[np.ndarray, np.ndarray]
#: Returns the pictures of an epoch, given the originals and its number.
Redraw = Callable[[np.ndarray, int], np.ndarray]
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Data:
    """What augtool wrote: pictures and labels, and the statistics of the training originals."""

    train: Arrays
    test: Arrays
    mean: np.ndarray
    std: np.ndarray
    classes: int

    def standardised(self, pictures: np.ndarray) -> np.ndarray:
        """Return levels as floats that have mean 0 and deviation 1 over the originals."""
        return (pictures - self.mean) / self.std


class Measured(NamedTuple):
    """How a training went: the curves, and the time of a step."""

    history: dict[str, list[float]]
    step_ms: float
    step_cpu_ms: float


def read(out: Path, test_pictures: int | None, seed: int) -> Data:
    """Read an output of `--to npy`; training pictures stay on disk until they are needed."""
    about = json.loads((out / "dataset.json").read_text(encoding="utf-8"))
    held_out = "test" if (out / "x_test.npy").exists() else "val"
    train, test = (
        (np.load(out / f"x_{split}.npy", mmap_mode="r"), np.load(out / f"y_{split}.npy"))
        for split in ("train", held_out)
    )
    some = np.random.default_rng(seed).permutation(len(test[0]))[:test_pictures]
    test = (test[0][np.sort(some)], test[1][np.sort(some)])
    mean, std = (np.array(about[name], np.float32) for name in ("mean", "std"))
    return Data(train, test, mean, std, len(about["classes"]))


def build(net: Net, data: Data) -> keras.Model:
    """Return an untrained net for standardised pictures."""
    model = keras.Sequential([keras.Input(data.train[0].shape[1:])])
    for block in net.blocks:
        for filters in block:
            decay = keras.regularizers.L2(net.l2)
            model.add(layers.Conv2D(filters, 3, padding="same", kernel_regularizer=decay))
            if net.batch_normalisation:
                model.add(layers.BatchNormalization())
            model.add(layers.Activation("relu"))
        model.add(layers.MaxPooling2D())
        model.add(layers.Dropout(net.dropout))
    model.add(layers.Flatten())
    if net.dense:
        model.add(layers.Dense(net.dense, activation="relu"))
    is_binary = data.classes == 2
    last = layers.Dense(1, "sigmoid") if is_binary else layers.Dense(data.classes, "softmax")
    model.add(last)
    return model


def batches(data: Data, batch: int, seed: int, redraw: Redraw | None) -> Iterator[Arrays]:
    """Yield shuffled batches without end; `redraw` changes the pictures of each epoch."""
    pictures, labels = data.train
    rng = np.random.default_rng(seed)
    epoch = 0
    while True:
        shown = redraw(pictures, epoch) if redraw else pictures
        order = rng.permutation(len(shown))
        for start in range(0, len(order) - batch + 1, batch):
            chosen = order[start : start + batch]
            yield data.standardised(shown[chosen]), labels[chosen]
        epoch += 1


def fresh_draws(config: Config, seed: int) -> Redraw:
    """Return what augments while training: the config's transforms, with other draws each epoch."""

    def redraw(pictures: np.ndarray, epoch: int) -> np.ndarray:
        drawn = config.model_copy(update={"seed": 1_000_000 * (seed + 1) + epoch})
        return augment(np.asarray(pictures), drawn).images

    return redraw


def cpu_seconds() -> float:
    """Return the CPU time of this process and of those it has waited for."""
    return sum(os.times()[:4])


class Clock(keras.callbacks.Callback):
    """Measure each stretch of training without its test, in seconds and CPU seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.spent: list[tuple[float, float]] = []

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002
        """Start the clock."""
        self.begin = time.perf_counter(), cpu_seconds()

    def on_test_begin(self, logs: object = None) -> None:  # noqa: ARG002
        """Stop it, when the last step is done: backends run ahead."""
        keras.ops.convert_to_numpy(self.model.optimizer.variables[0])
        end = time.perf_counter(), cpu_seconds()
        self.spent.append((end[0] - self.begin[0], end[1] - self.begin[1]))


def fit(case: Case, run: Run, data: Data, seed: int, redraw: Redraw | None) -> Measured:
    """Train a fresh net and test it at every point; the same seed gives the same weights."""
    keras.utils.set_random_seed(seed)
    model = build(case.net, data)
    rate = keras.optimizers.schedules.CosineDecay(case.rate, run.steps)
    loss = "binary_crossentropy" if data.classes == 2 else "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    clock = Clock()
    stretch = run.steps // case.points
    history = model.fit(
        batches(data, case.batch, seed, redraw),
        steps_per_epoch=stretch,
        epochs=case.points,
        validation_data=(data.standardised(data.test[0]), data.test[1]),
        validation_batch_size=250,
        callbacks=[clock],
        shuffle=False,
        verbose=0,
    ).history
    wall_s, cpu_s = np.median(clock.spent[1:], axis=0) / stretch  # the first one compiles
    return Measured(history, 1000 * wall_s, 1000 * cpu_s)


def train(case: Case, run: Run, seed: int, variant: str, folders: tuple[Path, Path]) -> Any:
    """Expand, train and test once; return a cell of the results."""
    source, work = folders
    out = work / f"{run.name.replace(' ', '-')}-{seed}-{ratio_of(variant):g}"
    config = case.config_of(run, seed, ratio_of(variant))
    begin = cpu_seconds()
    report = expand(source, out, config=config)
    expand_cpu_s = cpu_seconds() - begin
    if report.failed:
        print(f"warning: {report.failed} inputs could not be used; see {out}/failures.csv")
    data = read(out, case.test_pictures, seed)
    measured = fit(case, run, data, seed, fresh_draws(config, seed) if variant == ONLINE else None)
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    return {
        "run": run.name,
        "variant": variant,
        "seed": seed,
        "pictures": len(data.train[0]),
        "originals": len(data.train[0]) - report.copies,
        "tested": len(data.test[0]),
        "accuracy": round(measured.history["val_accuracy"][-1], 4),
        "expand_cpu_s": round(expand_cpu_s, 2) if report.status == "done" else None,
        "step_ms": round(measured.step_ms, 1),
        "step_cpu_ms": round(measured.step_cpu_ms, 1),
        "curves": {name: [round(each, 4) for each in measured.history[name]] for name in names},
    }


def machine() -> str:
    """Return the processor's name, and how many of its CPUs are used."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    name = platform.processor() or platform.machine()
    if (about := Path("/proc/cpuinfo")).exists():
        name = re.search(r"model name\s*: (.*)|$", about.read_text())[1] or name
    return f"{name}, {usable} of {os.cpu_count()} CPUs"


def header(case: Case, machine_name: str) -> dict[str, Any]:
    """Return what the cells have in common."""
    python = f"Python {platform.python_version()}"
    packages = ("augtool", "keras", keras.backend.backend(), "numpy")
    return {
        "date": f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}",
        "machine": machine_name,
        "versions": ", ".join([python, *(f"{name} {version(name)}" for name in packages)]),
        "case": case.model_dump(),
    }


def main() -> int:
    """Train what is not yet in the results, and save each when it is done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("case", type=Path, help="a YAML file beside this script")
    parser.add_argument("data", type=Path, help="what augtool is to expand")
    parser.add_argument("--work", type=Path, default=Path("build/training"), help="for its output")
    parser.add_argument("--results", type=Path, help="default: results/CASE.json beside me")
    parser.add_argument("--machine", default=machine(), help="its name in the table")
    parser.add_argument("--quick", action="store_true", help="the case's `quick:`, for a CPU")
    arguments = parser.parse_args()
    case = read_case(arguments.case, quick=arguments.quick)
    name = arguments.case.stem + "-quick" * arguments.quick
    home = arguments.work if arguments.quick else HERE / "results"
    path = arguments.results or home / f"{name}.json"
    fresh = {**header(case, arguments.machine), "cells": []}
    results = read_results(path) if path.exists() else fresh
    if not case.has_rows_of(results["case"]):
        sys.exit(f"error: {path}: measured with other settings; remove it, or pass --results")
    results["case"] = case.model_dump()
    done = {(cell["run"], cell["seed"], cell["variant"]) for cell in results["cells"]}
    for run, seed, variant in case.cells():
        if (run.name, seed, variant) in done:
            continue
        cell = train(case, run, seed, variant, (arguments.data, arguments.work / name))
        print(f"{run.name}, {variant}, seed {seed}: {cell['accuracy']:.1%}", flush=True)
        results["cells"].append(cell)
        save(results, path)
    return 0


def save(results: dict[str, Any], path: Path) -> None:
    """Write the results, a cell on each line, so that a crash leaves the old ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = ",\n".join(json.dumps(cell) for cell in results["cells"])
    common = json.dumps({name: results[name] for name in results if name != "cells"})
    fresh = path.with_suffix(".tmp")
    fresh.write_text(f'{common[:-1]}, "cells": [\n{cells}\n]}}\n', encoding="utf-8")
    fresh.replace(path)


if __name__ == "__main__":
    raise SystemExit(main())
