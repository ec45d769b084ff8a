"""The command line of `run.py`, checked; says nothing about how runs are made."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import machine
from workloads import RIVALS, WORKLOADS, Rival, Workload

BUILD = Path(__file__).resolve().parents[1] / "build"
KINDS = ("cifar", "photos")

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Options:
    """What the command line asks for.

    Attributes
    ----------
    scale : float
        Share of each workload's pictures to use.
    timeout_s : float
        After so many seconds a run is stopped and its rival given up.
    data : mapping
        Folders of real pictures by kind; a kind that is absent is made in code.
    envs, work : Path
        Where environments live; where pictures and output go. Absolute.
    augtool_python : Path or None
        An interpreter that has augtool; None means one is built.
    keep : bool
        Output folders are left in place.
    tidy : bool
        Each output folder is deleted at once: for RAM disks.
    settle : bool
        The start waits until the file system creates files at its usual cost.
    """

    workloads: list[Workload]
    rivals: list[Rival]
    runs: int
    scale: float
    workers: int
    timeout_s: float
    data: Mapping[str, Path]
    envs: Path
    work: Path
    augtool_python: Path | None
    json: Path | None
    keep: bool
    tidy: bool
    settle: bool


def parse_options(description: str | None) -> Options:
    """Return the command line's options; leave with exit code 2 when they are wrong."""
    parser = _parser(description)
    given = parser.parse_args()
    if given.runs < 1 or given.workers < 1 or given.scale <= 0:
        parser.error("--runs, --workers and --scale must be above 0")
    python = given.augtool_python
    return Options(
        workloads=_pick(parser, "--only", given.only, {str(w.number): w for w in WORKLOADS}),
        rivals=_pick(parser, "--rivals", given.rivals, {r.name: r for r in RIVALS}),
        runs=given.runs,
        scale=given.scale,
        workers=given.workers,
        timeout_s=given.timeout,
        data={kind: folder for kinds, folder in given.data for kind in kinds},
        envs=given.envs.absolute(),
        work=given.work.absolute(),
        # Not resolved: an environment's python is a link, and the link is what matters.
        augtool_python=None if python is None else python.absolute(),
        json=given.json,
        keep=given.keep,
        tidy=given.tidy,
        settle=given.settle,
    )


def _parser(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    all_works = ",".join(str(workload.number) for workload in WORKLOADS)
    all_rivals = ",".join(rival.name for rival in RIVALS)
    add = parser.add_argument
    add("--only", default=all_works, metavar="N,...", help="workloads (default: %(default)s)")
    add("--rivals", default=all_rivals, metavar="NAME,...", help="default: %(default)s")
    add("--runs", type=int, default=5, help="rounds for each workload (default: 5)")
    add("--scale", type=float, default=1.0, help="share of the pictures to use (default: 1)")
    add("--workers", type=int, default=machine.usable_cpus(), help="default: usable CPUs")
    add("--timeout", type=float, default=3600.0, help="seconds for one run (default: 3600)")
    data_help = "real JPEG files in class folders; KIND is cifar or photos (default: both)"
    add("--data", action="append", default=[], metavar="[KIND=]DIR", type=_data, help=data_help)
    add("--envs", type=Path, default=BUILD / "bench-envs", help="the environments' folder")
    add("--work", type=Path, default=BUILD / "bench-work", help="folder for pictures and output")
    add("--augtool-python", type=Path, help="use this interpreter for augtool and the floor")
    add("--json", type=Path, help="also save every run's numbers to this file")
    add("--keep", action="store_true", help="leave the output folders in place")
    tidy_help = "delete each output folder at once; only for a --work folder on a RAM disk"
    add("--tidy", action="store_true", help=tidy_help)
    settle_help = "do not wait when creating files is slow, as after many were deleted"
    add("--no-settle", dest="settle", action="store_false", help=settle_help)
    return parser


def _pick(
    parser: argparse.ArgumentParser, flag: str, text: str, known: Mapping[str, Entry]
) -> list[Entry]:
    names = text.split(",")
    unknown = [name for name in names if name not in known]
    if unknown:
        parser.error(f"{flag}: {unknown[0]!r} is not known; choose from {','.join(known)}")
    return [known[name] for name in names]


def _data(text: str) -> tuple[tuple[str, ...], Path]:
    kind, separator, folder = text.partition("=")
    if not separator:
        return KINDS, Path(text)
    if kind not in KINDS:
        message = f"{kind!r} is not a kind of picture; choose from {','.join(KINDS)}"
        raise argparse.ArgumentTypeError(message)
    return (kind,), Path(folder)
