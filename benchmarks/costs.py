"""Measure what a copy costs with each of augtool's transforms alone, beside other libraries.

    python benchmarks/costs.py --json benchmarks/costs.json
    python benchmarks/costs.py --only hue_range,median --rounds 3

Albumentations and torchvision do the same operation where they have it. Rivals take turns within
each round, each in a process that stays alive; images lie in memory, nothing is read or written.
Needs nothing but Python 3.10 and pip; torchvision takes 5.5 GB of disk (`--rivals` leaves it out).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import environments
import machine
from options import BUILD
from workloads import RIVALS_FOLDER, clean_environment

RIVALS = ("augtool", "albumentations", "torchvision")
SIZES = {"32x32": ("cifar", 32, 32), "500x400": ("photos", 400, 500)}

PICTURE = """
import sys, numpy as np
from pictures import KINDS, draw_picture
kind, height, width, target = sys.argv[1:]
image = draw_picture(KINDS[kind], 0)
assert image.shape[:2] == (int(height), int(width))
np.save(target, image)
"""


class Server:
    """A rival that times operations, in a process of its own."""

    def __init__(self, name: str, python: Path) -> None:
        script = RIVALS_FOLDER / f"{name}_costs.py"
        self._process = subprocess.Popen(
            [str(python), str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=clean_environment(is_augtool=name == "augtool"),
        )

    def ask(self, **request: object) -> Any:
        """Return the answer to a request; leave if the server has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"error: {self._process.args}: ended while asked for {request}")
        return json.loads(answer)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def main() -> int:
    """Build what is needed, measure in turns, save; return the exit code."""
    options = _options()
    pythons = {
        name: options.augtool_python.absolute()
        if name == "augtool" and options.augtool_python
        else environments.build(name, options.envs)
        for name in options.rivals
    }
    extent = {"rounds": f"{options.rounds}, of {options.seconds:g} s of CPU each"}
    header = machine.header(pythons, environments.REPORTED, extent)
    with ExitStack() as stack, tempfile.TemporaryDirectory() as scratch:
        images = {size: _picture(size, pythons["augtool"], Path(scratch)) for size in options.sizes}
        servers = {
            name: stack.enter_context(Server(name, python)) for name, python in pythons.items()
        }
        settings = servers["augtool"].ask(settings=True)
        operations = []
        for name in options.only or settings:
            costs = {size: _costs(servers, name, images[size], options) for size in images}
            operations.append({"name": name, "setting": settings[name], "costs": costs})
            sys.stderr.write(f"{name}: {_in_short(costs)}\n")
            if options.json is not None:
                content = {"header": header, "operations": operations}
                options.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 0


def _costs(
    servers: dict[str, Server], operation: str, image: Path, options: argparse.Namespace
) -> dict[str, list[float]]:
    """Return CPU microseconds of a copy, for each round, by rival; none of one that lacks it."""
    names = list(servers)
    costs: dict[str, list[float]] = {name: [] for name in names}
    for number in range(options.rounds):
        shift = number % len(names)
        for name in [*names[shift:], *names[:shift]]:
            cost = servers[name].ask(operation=operation, image=str(image), seconds=options.seconds)
            costs[name] += [] if cost is None else [round(cost, 3)]
    return costs


def _in_short(costs: dict[str, dict[str, list[float]]]) -> str:
    return "; ".join(
        f"{size} " + ", ".join(f"{name} {min(each):.1f}" for name, each in own.items() if each)
        for size, own in costs.items()
    )


def _picture(size: str, python: Path, folder: Path) -> Path:
    """Make the image that is used for a size."""
    kind, height, width = SIZES[size]
    target = folder / f"{size}.npy"
    command = [str(python), "-c", PICTURE, kind, str(height), str(width), str(target)]
    subprocess.run(command, check=True, cwd=RIVALS_FOLDER.parent)
    return target


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--only", type=_listed, metavar="NAME,...", help="transforms (default: all)")
    add("--rivals", type=_listed, default=RIVALS, metavar="NAME,...")
    add("--sizes", type=_listed, default=tuple(SIZES), metavar="HxW,...")
    add("--rounds", type=int, default=7, help="default: 7")
    add("--seconds", type=float, default=0.05, help="CPU of a measurement (default: 0.05)")
    add("--envs", type=Path, default=BUILD / "bench-envs", help="the environments' folder")
    add("--augtool-python", type=Path, help="use this interpreter for augtool")
    add("--json", type=Path, help="save every measurement to this file")
    options = parser.parse_args()
    if "augtool" not in options.rivals:
        parser.error("--rivals: must have augtool, whose transforms are measured")
    return options


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


if __name__ == "__main__":
    raise SystemExit(main())
