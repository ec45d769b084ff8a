"""The CPUs and the memory that a process may use, in a container too."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from typing import NamedTuple

__all__ = [
    "DEFAULT_LIMITS",
    "DEFAULT_TIMEOUT_S",
    "Limits",
    "cpu_count",
    "keep_freed_memory",
    "memory_bytes",
]

#: glibc's names for what mallopt sets.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3

#: Seconds that an image may take where nothing else is said.
DEFAULT_TIMEOUT_S = 60.0


class Limits(NamedTuple):
    """What a command that looks at images may take, and do.

    Parameters
    ----------
    workers
        Number of processes; None for the CPUs that this process may use.
    timeout_s
        Seconds that an image may take; 0 for any time.
    max_pixels
        Larger images are refused; None for the command's own limit.
    allow_code
        Whether Python code that an output's config names may be imported.
    """

    workers: int | None = None
    timeout_s: float = DEFAULT_TIMEOUT_S
    max_pixels: int | None = None
    allow_code: bool = False

    @property
    def processes(self) -> int:
        """Return how many workers to start."""
        return self.workers or cpu_count()


DEFAULT_LIMITS = Limits()


def keep_freed_memory() -> None:
    """Let glibc keep what is freed for the next image, instead of returning it each time.

    A photograph is large enough for pages of its own, which the kernel has to clear again for the
    next one: a quarter of all CPU time for 500x400 images. It applies to the whole process, so use
    it only in processes of our own. Other C libraries are left alone.
    """
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # not glibc
            mallopt = ctypes.CDLL(None).mallopt
            mallopt(_M_MMAP_THRESHOLD, 2**25)  # the highest it accepts
            mallopt(_M_TRIM_THRESHOLD, 2**27)


def cpu_count() -> int:
    """Return how many CPUs this process may use: its affinity, and a container's quota."""
    try:
        usable = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        usable = os.cpu_count() or 1
    return max(1, min(usable, _cgroup_quota() or usable))


def _cgroup_quota() -> int | None:
    """Return the cgroup CPU quota in whole CPUs, rounded up; None if there is none."""
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="ascii") as file:  # noqa: PTH123
            quota, period = file.read().split()
        return None if quota == "max" else -(-int(quota) // int(period))
    except (OSError, ValueError):
        return _cgroup1_quota()


def _cgroup1_quota() -> int | None:
    folder = "/sys/fs/cgroup/cpu/"
    try:
        with open(folder + "cpu.cfs_quota_us", encoding="ascii") as file:  # noqa: PTH123
            quota = int(file.read())
        with open(folder + "cpu.cfs_period_us", encoding="ascii") as file:  # noqa: PTH123
            period = int(file.read())
    except (OSError, ValueError):
        return None
    return -(-quota // period) if quota > 0 and period > 0 else None


def memory_bytes() -> int:
    """Return how much memory this process may use: the machine's, or a container's share of it."""
    there = _physical_bytes()
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            with open(path, encoding="ascii") as file:  # noqa: PTH123
                there = min(there, int(file.read()))
        except (OSError, ValueError):  # no such limit
            continue
    return there


def _physical_bytes() -> int:
    """Return the machine's memory; a guess that is small today where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return _windows_bytes() or 2**33


def _windows_bytes() -> int:
    """Return what GlobalMemoryStatusEx calls the total of physical memory; 0 elsewhere."""
    if sys.platform != "win32":
        return 0
    status = (ctypes.c_ulonglong * 8)(64)  # its first four bytes are its size
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return int(status[1])
