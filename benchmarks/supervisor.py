"""Run one command as a cold process tree and report what the tree has used.

Started by `measure.py` as a bare interpreter, so that its own memory and imports
stay out of the numbers. On Linux it adopts orphans: a worker whose parent has gone
is waited for here, and its CPU time is counted. Knows nothing about pictures.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from typing import NoReturn

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
ORPHAN_GRACE_S = 30.0


class _StoppedError(Exception):
    """Raised by the signal handlers, to leave the wait."""


def main() -> int:
    """Run the command in argv[2:] for at most argv[1] seconds; print JSON.

    Returns
    -------
    int
        0 when the command was run, whatever its own exit code was.
    """
    _adopt_orphans()
    timeout_s, command = float(sys.argv[1]), sys.argv[2:]
    for number in (signal.SIGALRM, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    started = time.perf_counter()
    child = subprocess.Popen(command, stdout=sys.stderr, start_new_session=True)
    is_complete = False
    try:
        signal.setitimer(signal.ITIMER_REAL, timeout_s)
        child.wait()
        elapsed_s = time.perf_counter() - started
        signal.setitimer(signal.ITIMER_REAL, ORPHAN_GRACE_S)
        _wait_for_orphans()
        signal.setitimer(signal.ITIMER_REAL, 0)
        is_complete = True
    except _StoppedError:
        elapsed_s = time.perf_counter() - started
    finally:
        _kill_group(child.pid)
    child.wait()
    _print_usage(elapsed_s, child.returncode, is_complete=is_complete)
    return 0


def _print_usage(elapsed_s: float, returncode: int, *, is_complete: bool) -> None:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    # ru_maxrss is in KiB on Linux and in bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    json.dump(
        {
            "wall_s": elapsed_s,
            "user_s": usage.ru_utime,
            "system_s": usage.ru_stime,
            "peak_rss_bytes": usage.ru_maxrss * unit,
            "returncode": returncode,
            "is_complete": is_complete,
        },
        sys.stdout,
    )


def _stop(_number: int, _frame: object) -> NoReturn:
    raise _StoppedError


def _adopt_orphans() -> None:
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _wait_for_orphans() -> None:
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _kill_group(pid: int) -> None:
    """Kill what is left of the session that the child led."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    raise SystemExit(main())
