"""Measure a command: CPU seconds of its whole process tree, wall time, peak memory.

The command runs below `supervisor.py`, a process of its own for every measurement.
Knows nothing about pictures or rivals.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SUPERVISOR = Path(__file__).resolve().parent / "supervisor.py"
TAIL_CHARACTERS = 2000


class MeasureError(RuntimeError):
    """The command failed or could not be started; the text says how."""


class TimeUpError(MeasureError):
    """The command was still running when its time was up."""


@dataclass(frozen=True)
class Measurement:
    """What one run of a command has used.

    Attributes
    ----------
    cpu_s : float
        User and system seconds of the command and of all its descendants.
    wall_s : float
        Seconds from the start of the command until its first process ended.
    peak_rss_bytes : int
        Resident memory of the largest single process, at its peak.
    """

    cpu_s: float
    wall_s: float
    peak_rss_bytes: int


@dataclass(frozen=True)
class Spread:
    """The middle and the ends of several values."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Return median, least and greatest of `values`, of which there is at least one.

    Examples
    --------
    >>> spread([3.0, 1.0, 2.0])
    Spread(median=2.0, low=1.0, high=3.0)
    """
    return Spread(statistics.median(values), min(values), max(values))


def measure(
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    timeout_s: float = 3600.0,
) -> Measurement:
    """Run a command once and measure it.

    Parameters
    ----------
    command : sequence of str
        Program and arguments.
    log : Path
        Where its standard output and standard error go; overwritten.
    env : mapping, optional
        The environment; None means this process's own.
    timeout_s : float
        After so many seconds the command and its session are killed.

    Returns
    -------
    Measurement

    Raises
    ------
    TimeUpError
        The command did not end in time.
    MeasureError
        The exit code was not 0. The text ends with the end of the log.
    """
    supervised = [sys.executable, "-I", "-S", str(SUPERVISOR), str(timeout_s), *command]
    with log.open("wb") as output:
        done = subprocess.run(
            supervised, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=output, env=env
        )
    line = " ".join(command)
    if done.returncode != 0 or not done.stdout:
        msg = f"{line}: could not be run\n{_tail(log)}"
        raise MeasureError(msg)
    result = json.loads(done.stdout)
    if not result["is_complete"]:
        msg = f"{line}: stopped after {result['wall_s']:.0f} s"
        raise TimeUpError(msg)
    if result["returncode"] != 0:
        msg = f"{line}: exit code {result['returncode']}\n{_tail(log)}"
        raise MeasureError(msg)
    cpu_s = result["user_s"] + result["system_s"]
    return Measurement(cpu_s, result["wall_s"], result["peak_rss_bytes"])


def _tail(log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace")
    return text[-TAIL_CHARACTERS:]
