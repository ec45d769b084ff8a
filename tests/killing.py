"""Runs that are killed at moments drawn within the time that an undisturbed run takes here.

And runs whose workers are killed, one after another, all the time.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.drawing import numbers

#: The fuzzers' own switch: 25 kills are for the night.
KILLS = 25 if os.environ.get("AUGTOOL_FUZZ") else 3
#: How the runs end that are not killed: their data hold a broken picture.
DONE_WITH_FAILURES = 3
#: No run takes so long; it only keeps a run that hangs from hanging the tests.
_HANGS_S = 300


def run_undisturbed(arguments: list[str], out: Path) -> tuple[float, float]:
    """Return from when to when a run was at work in a new output, in seconds from its start."""
    started_s = time.monotonic()
    process = _start(arguments)
    seen_s = []
    while process.poll() is None:
        elapsed_s = time.monotonic() - started_s
        assert elapsed_s < _HANGS_S
        if _is_at_work(out):
            seen_s.append(elapsed_s)
        time.sleep(0.002)
    assert process.returncode == DONE_WITH_FAILURES
    return seen_s[0], seen_s[-1]


def killed_runs(
    command: Callable[[Path], list[str]], folder: Path, span_s: tuple[float, float]
) -> Iterator[tuple[Path, bool]]:
    """Run into one output until it is whole, then into the next, and kill `KILLS` runs at work.

    Yields each run's output, and whether the run ended by itself; the last one does. A run into a
    new output is at work for all of `span_s`, so that moments within it hit; where one does not,
    the machine has become faster, and the span is made shorter.
    """
    first_s, last_s = span_s
    kills, outputs, is_new = 0, 0, True
    for attempt in range(10 * KILLS):
        out = folder / f"out{outputs}"
        (moment,) = numbers("kill", attempt, 1)
        is_whole = _completes(command(out), first_s + (last_s - first_s) * moment)
        if is_whole and is_new:
            first_s, last_s = 0.8 * first_s, 0.8 * last_s
        kills += not is_whole and _is_at_work(out)
        yield out, is_whole
        if kills == KILLS:
            break
        outputs, is_new = outputs + is_whole, is_whole
    assert kills == KILLS, f"only {kills} of {10 * KILLS} runs were at work when they were killed"
    assert _completes(command(out), _HANGS_S)
    yield out, True


#: Kills a forked child of a process every so many seconds, and says so.
_STORM = """
import os, signal, sys, time
from pathlib import Path

parent, every_s, number = int(sys.argv[1]), float(sys.argv[2]), 0
command = Path(f"/proc/{parent}/cmdline").read_bytes()
while True:
    time.sleep(every_s)
    children = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            is_fork = (entry / "cmdline").read_bytes() == command
        except OSError:
            continue
        if fields[1] == str(parent) and fields[0] != "Z" and is_fork:
            children.append(int(entry.name))
    if children:
        number += 1
        try:
            os.kill(sorted(children)[number * 7919 % len(children)], signal.SIGKILL)
        except ProcessLookupError:
            continue
        print(number, flush=True)
"""


@contextlib.contextmanager
def worker_storm(parent: int, every_s: float = 0.1) -> Iterator[Callable[[], int]]:
    """Kill a forked worker of a process every so often.

    What is yielded ends it, and returns how many were killed.
    """
    command = [sys.executable, "-c", _STORM, str(parent), str(every_s)]
    storm = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def stop() -> int:
        storm.kill()
        return len(storm.communicate()[0].splitlines())

    try:
        yield stop
    finally:
        storm.kill()
        storm.wait()


def _is_at_work(out: Path) -> bool:
    """Tell whether a run has begun to write there, and has not removed its own folder yet."""
    return (out / ".augtool").exists()


def _completes(arguments: list[str], limit_s: float) -> bool:
    """Run the command for so long at most; tell whether it ended before it was killed."""
    process = _start(arguments)
    try:
        assert process.wait(limit_s) == DONE_WITH_FAILURES
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False
    return True


def _start(arguments: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "augtool", *arguments],
        env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
