"""Measure augtool beside what a user would pick instead; print one table per workload.

    python benchmarks/run.py --scale 0.1 --runs 3
    python benchmarks/run.py --only 1,3 --rivals augtool,floor --workers 2

Rivals are run in turn (A B C, A B C, ...), each as a cold process into a fresh folder;
nothing is deleted before the end. Needs nothing but Python 3.10 and pip.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import environments
import inputs
import machine
from measure import MeasureError, Measurement, TimeUpError, measure
from options import Options, parse_options
from report import Results, Table, header_to_markdown, to_markdown, write_json
from settle import settle
from workloads import Job, Rival, Workload, command_for, environment_for

PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png"}
WARM_UP_IMAGES = 20


class WrongOutputError(RuntimeError):
    """A rival wrote another number of files than it was asked for."""


@dataclass(frozen=True)
class Arena:
    """Where runs happen: interpreters by environment, and a folder for everything written."""

    pythons: dict[str, Path]
    scratch: Path
    workers: int
    timeout_s: float


def main() -> int:
    """Build, prepare, run all rounds, print the report; return the exit code."""
    options = parse_options(__doc__)
    scratch: Path | None = None
    try:
        pythons = build_environments(options)
        options.work.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix="run-", dir=options.work))
        arena = Arena(pythons, scratch, options.workers, options.timeout_s)
        header = describe_run(options, pythons)
        sys.stdout.write(f"{header_to_markdown(header)}\n")
        tables = []
        for workload in options.workloads:
            tables.append(compete(workload, options, arena))
            sys.stdout.write(to_markdown(tables[-1]) + "\n")
            sys.stdout.flush()
            if options.json is not None:
                write_json(options.json, header, tables)
    except (MeasureError, WrongOutputError, environments.BuildError, inputs.InputsError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    finally:
        if scratch is not None and not options.keep:
            shutil.rmtree(scratch, ignore_errors=True)
    return 0


def build_environments(options: Options) -> dict[str, Path]:
    """Return an interpreter for each environment needed; augtool's also makes pictures."""
    needed = {"augtool", *(rival.environment for rival in options.rivals)}
    pythons = {}
    if options.augtool_python is not None:
        needed.discard("augtool")
        pythons["augtool"] = options.augtool_python
    for name in sorted(needed):
        pythons[name] = environments.build(name, options.envs)
    return pythons


def describe_run(options: Options, pythons: dict[str, Path]) -> dict[str, str]:
    """Return what a reader must know to judge the numbers."""
    extent = {"workers, rounds": f"{options.workers}, {options.runs}"}
    return machine.header(pythons, environments.REPORTED, extent)


def compete(workload: Workload, options: Options, arena: Arena) -> Table:
    """Run all rounds of one workload and return what was measured."""
    images = max(1, round(workload.images * options.scale))
    copies = int(workload.ratio * images)
    data = pictures_for(workload, images, options, arena)
    inputs.read_all(data)
    warm_up(workload, options, arena)
    creation_us = settle(arena.scratch, is_patient=options.settle)
    rivals = _those_that_can(workload, options)
    results = {rival.name: Results(rival.name) for rival in rivals}
    for number in range(1, options.runs + 1):
        for rival in rivals:
            result = results[rival.name]
            if result.note:
                continue
            out = arena.scratch / f"{workload.number}-{rival.name}-{number}"
            job = Job(workload, data, out, copies, arena.workers)
            try:
                run = run_once(rival, job, arena)
            except TimeUpError:
                result.note = f"over {arena.timeout_s:.0f} s, given up"
                continue
            result.runs.append(run)
            result.bytes_per_file = check_output(rival, job)
            if options.tidy:
                shutil.rmtree(out)
            say(f"{workload.title}: round {number}, {rival.name}: {run.cpu_s:.2f} CPU s")
    title = workload.title + (f", {workload.recipe} recipe" if workload.recipe else "")
    return Table(title, workload.ratio, images, copies, creation_us, list(results.values()))


def _those_that_can(workload: Workload, options: Options) -> list[Rival]:
    return [rival for rival in options.rivals if rival.knows_recipes or not workload.recipe]


def pictures_for(workload: Workload, images: int, options: Options, arena: Arena) -> Path:
    """Return the input folder: from --data where given for this kind, else made."""
    real = options.data.get(workload.pictures)
    if real is not None:
        root = arena.scratch / f"real-{workload.pictures}"
        return inputs.real_pictures(real, images, root=root)
    python = arena.pythons["augtool"]
    return inputs.made_pictures(workload.pictures, images, folder=options.work, python=python)


def warm_up(workload: Workload, options: Options, arena: Arena) -> None:
    """Run each rival once on a few pictures, unmeasured: what cannot work fails now."""
    python, folder = arena.pythons["augtool"], options.work
    data = inputs.made_pictures(workload.pictures, WARM_UP_IMAGES, folder=folder, python=python)
    for rival in _those_that_can(workload, options):
        out = arena.scratch / f"{workload.number}-{rival.name}-warm-up"
        job = Job(workload, data, out, int(workload.ratio * WARM_UP_IMAGES), arena.workers)
        run_once(rival, job, arena)
        check_output(rival, job)


def run_once(rival: Rival, job: Job, arena: Arena) -> Measurement:
    """Let one rival do one job; what earlier runs wrote is flushed to the disk first."""
    os.sync()
    command = command_for(rival, arena.pythons[rival.environment], job)
    log = job.out.with_name(f"{job.out.name}.log")
    return measure(command, log=log, env=environment_for(rival), timeout_s=arena.timeout_s)


def check_output(rival: Rival, job: Job) -> float:
    """Return the mean size of the pictures written, in bytes.

    Raises
    ------
    WrongOutputError
        When their number is not that of the job, or their format is another.
    """
    files = [p for p in job.out.rglob("*") if p.suffix.lower() in PICTURE_SUFFIXES]
    wanted = {".png"} if job.workload.format == "png" else {".jpg", ".jpeg"}
    right = [path for path in files if path.suffix.lower() in wanted]
    if len(files) != job.copies or len(right) != job.copies:
        msg = (
            f"{rival.name}: wrote {len(files)} pictures, {len(right)} of them as "
            f"{job.workload.format}, to {job.out}; expected {job.copies}; see {job.out}.log "
            "(run again with --keep)"
        )
        raise WrongOutputError(msg)
    return sum(path.stat().st_size for path in files) / len(files)


def say(line: str) -> None:
    """Tell the person waiting what has happened."""
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    raise SystemExit(main())
