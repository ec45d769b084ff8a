"""Locks on open files, which the system releases when their process ends, however it ends."""

from __future__ import annotations

import os
from importlib import import_module

__all__ = ["lock"]

#: Windows' locks keep others from reading what is locked: so, beyond what a lock file holds.
_FAR = 2**30


def lock(fd: int) -> None:
    """Lock a file for this process alone, without waiting; forked workers don't inherit it.

    Raises
    ------
    OSError
        With EAGAIN or EACCES when another process holds the lock.
    """
    try:
        import fcntl  # noqa: PLC0415
    except ImportError:  # Windows
        _lock_far(fd)
    else:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _lock_far(fd: int) -> None:
    msvcrt = import_module("msvcrt")  # by name: its types are only there on Windows
    os.lseek(fd, _FAR, os.SEEK_SET)
    try:
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
    finally:
        os.lseek(fd, 0, os.SEEK_SET)
