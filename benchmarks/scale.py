"""Measure what augtool costs per file of a large tree, what a plan takes, and what a start costs.

    python benchmarks/scale.py
    python benchmarks/scale.py --million --runs 1 --page docs/benchmarks.md

Trees are made of hard links to a few pictures, and planned, expanded and expanded again; the base
is the same command on a tree of ten files. A million files need 20 GB of disk. Larger plans are of
names that are made up (`plan_entries.py`). Start-up is compared with a typer hello-world. Needs
nothing but Python 3.10 and pip.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import environments
import inputs
import machine
from marked import MarksError, write_between
from measure import MeasureError, Measurement, measure, spread
from options import BUILD

BASE_FILES = 10
CLASSES = 10
ENTRIES = Path(__file__).resolve().parent / "plan_entries.py"
LINKS_PER_FILE = 10_000  # ext4 allows 65,000 names for one file

HELLO = '''\
import typer


def main(name: str = "world") -> None:
    """Greet somebody."""
    typer.echo(f"Hello {name}")


typer.run(main)
'''


def main() -> int:
    """Measure, print the tables, return the exit code."""
    options = parse_options()
    options.work.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="scale-", dir=options.work.absolute()))
    try:
        python = options.augtool_python
        if python is None:
            python = environments.build("augtool", options.envs.absolute())
        sizes = [10_000, 100_000, *([1_000_000] if options.million else [])]
        tables = [
            measure_start(python, scratch, options.start_runs),
            measure_trees(python, scratch, options.files or sizes, options.runs),
            measure_plans(python, scratch, options.entries),
        ]
        about = (
            f"Measured {date.today()} on {machine.cpu_model()}, {machine.usable_cpus()} usable"
            f" CPUs; {machine.versions(python, environments.REPORTED)}."
        )
        text = "\n".join([*tables, about, ""])
        sys.stdout.write(text)
        if options.page is not None:
            write_between(options.page, "scale", f"\n{text}\n")
    except (MeasureError, MarksError, environments.BuildError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return 0


def parse_options() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--million", action="store_true", help="also a tree of 1,000,000 files")
    add("--files", type=int, nargs="+", help="sizes of the trees, instead of those")
    add("--entries", type=int, nargs="+", default=[1_000_000], help="sizes of the plans")
    add("--page", type=Path, help="put the tables between the marks of this page, too")
    add("--runs", type=int, default=3, help="runs for each tree (default: 3)")
    add("--start-runs", type=int, default=10, help="runs for each start (default: 10)")
    add("--envs", type=Path, default=BUILD / "bench-envs", help="the environments' folder")
    add("--work", type=Path, default=BUILD / "bench-work", help="folder for the trees")
    add("--augtool-python", type=Path, help="use this interpreter for augtool")
    return parser.parse_args()


def in_turn(commands: dict[str, list[str]], runs: int, log: Path) -> dict[str, list[Measurement]]:
    """Run commands A B C, A B C, ... after one unmeasured run of each."""
    measured: dict[str, list[Measurement]] = {name: [] for name in commands}
    for number in range(runs + 1):
        for name, command in commands.items():
            run = measure(command, log=log)
            if number > 0:
                measured[name].append(run)
    return measured


def median_of(runs: list[Measurement], value: Callable[[Measurement], float]) -> float:
    """Return the median of one value over all runs."""
    return spread([value(run) for run in runs]).median


def measure_start(python: Path, scratch: Path, runs: int) -> str:
    """Return a table of start-up costs beside those of a hello-world."""
    hello = scratch / "hello.py"
    hello.write_text(HELLO, encoding="utf-8")
    commands = {
        "hello-world": [str(python), str(hello)],
        "augtool --version": [str(python), "-m", "augtool", "--version"],
        "hello-world --help": [str(python), str(hello), "--help"],
        "augtool --help": [str(python), "-m", "augtool", "--help"],
    }
    measured = in_turn(commands, runs, scratch / "start.log")
    cpu_s = {name: median_of(list_, lambda run: run.cpu_s) for name, list_ in measured.items()}
    lines = [
        f"### Start-up, medians of {runs}",
        "",
        "| command | CPU ms | wall ms | CPU / hello-world | CPU / hello-world --help |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, of_name in measured.items():
        wall_s = median_of(of_name, lambda run: run.wall_s)
        lines.append(
            f"| {name} | {cpu_s[name] * 1000:.0f} | {wall_s * 1000:.0f} "
            f"| {cpu_s[name] / cpu_s['hello-world']:.2f} "
            f"| {cpu_s[name] / cpu_s['hello-world --help']:.2f} |"
        )
    return "\n".join(lines) + "\n"


def measure_trees(python: Path, scratch: Path, sizes: list[int], runs: int) -> str:
    """Return a table of what each step costs on trees of several sizes.

    Every file is a picture of 32x32, and gets one copy. The run includes the merge of the manifest;
    it is given again to see how it is recognised.
    """
    pictures = inputs.made_pictures("cifar", BASE_FILES, folder=scratch, python=python)
    measured: dict[int, dict[str, list[Measurement]]] = {}
    for files in (BASE_FILES, *sizes):
        root, out = scratch / f"tree-{files}", scratch / "out"
        make_tree(root, files, sorted(pictures.rglob("*.jpg")))
        expand = [
            *(str(python), "-m", "augtool", "expand", str(root), str(out)),
            *("--per-image", "1", "--originals", "omit"),
        ]
        steps = {"list and plan": [*expand, "--dry-run"], "run": expand, "run again": expand}
        measured[files] = {name: [] for name in steps}
        for number in range(runs):
            for name, command in steps.items():
                run = measure(command, log=scratch / f"{files}.log")
                measured[files][name].append(run)
            out.rename(scratch / f"out-{files}-{number}")  # deleted at the end, all at once
        sys.stderr.write(f"measured {files:,} files\n")
    return trees_table(measured, sizes, runs)


def measure_plans(python: Path, scratch: Path, sizes: list[int]) -> str:
    """Return a table of what plans of made-up entries cost."""
    lines = [
        "### Plans of made-up entries",
        "",
        "| entries | CPU s | CPU us an entry | peak MiB |",
        "|---:|---:|---:|---:|",
    ]
    for entries in sizes:
        run = measure([str(python), str(ENTRIES), str(entries)], log=scratch / "plan.log")
        per_entry_us = run.cpu_s / entries * 1e6
        lines.append(
            f"| {entries:,} | {run.cpu_s:.0f} | {per_entry_us:.1f} "
            f"| {run.peak_rss_bytes / 2**20:.0f} |"
        )
        sys.stderr.write(f"planned {entries:,} entries\n")
    return "\n".join(lines) + "\n"


def trees_table(
    measured: dict[int, dict[str, list[Measurement]]], sizes: list[int], runs: int
) -> str:
    """Return CPU microseconds a file above those of the smallest tree, and peak memory."""
    names = list(measured[BASE_FILES])
    base = {name: median_of(measured[BASE_FILES][name], lambda run: run.cpu_s) for name in names}
    lines = [
        f"### Trees: `expand --per-image 1`, CPU us a file, medians of {runs}",
        "",
        "| files | " + " | ".join(f"{name} | peak MiB" for name in names) + " |",
        "|---:|" + "---:|" * (2 * len(names)),
    ]
    for files in sizes:
        cells = []
        for name in names:
            cpu_s = median_of(measured[files][name], lambda run: run.cpu_s)
            rss = median_of(measured[files][name], lambda run: run.peak_rss_bytes)
            cells.append(f"{(cpu_s - base[name]) / files * 1e6:.1f} | {rss / 2**20:.0f}")
        lines.append(f"| {files:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def make_tree(root: Path, files: int, pictures: list[Path]) -> None:
    """Make a tree of `files` pictures in class folders, nearly all of them hard links."""
    sys.stderr.write(f"making a tree of {files:,} files\n")
    seeds = root.parent / f"{root.name}-seeds"
    seeds.mkdir()
    for number in range(CLASSES):
        (root / f"class_{number}").mkdir(parents=True)
    for number in range(files):
        seed = seeds / f"{number // LINKS_PER_FILE}.jpg"
        if number % LINKS_PER_FILE == 0:
            shutil.copyfile(pictures[number // LINKS_PER_FILE % len(pictures)], seed)
        os.link(seed, root / f"class_{number % CLASSES}" / f"{number:07d}.jpg")


if __name__ == "__main__":
    raise SystemExit(main())
