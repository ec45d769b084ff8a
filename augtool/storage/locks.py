"""Locks on open files, which the system releases when their process ends, however it ends."""

from __future__ import annotations

import errno
import os
from importlib import import_module

__all__ = ["lock"]

#: Windows' locks keep others from reading what is locked: so, beyond what a lock file holds.
_FAR = 2**30
#: Windows has no shared locks: whoever shares locks one of so many bytes, and who doesn't, all.
_SHARES = 1024
#: What a file system says that has no locks, as some of clusters are mounted.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}


def lock(fd: int, *, is_shared: bool = False) -> bool:
    """Lock a file for this process, without waiting; forked workers don't inherit it.

    Parameters
    ----------
    fd
        A descriptor of the file, open for reading and writing.
    is_shared
        Whether others may share the lock; without that it is this process's alone. A shared lock
        can be made exclusive; where others hold it, it stays shared.

    Returns
    -------
    bool
        False where the system or the file system has no locks: nobody is kept out, then.

    Raises
    ------
    OSError
        With EAGAIN or EACCES when another process holds the lock.
    """
    try:
        import fcntl  # noqa: PLC0415
    except ImportError:
        return _lock_far(fd, is_shared=is_shared)
    try:
        fcntl.lockf(fd, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return False
        raise
    return True


def _lock_far(fd: int, *, is_shared: bool) -> bool:
    try:
        msvcrt = import_module("msvcrt")  # by name: its types are only there on Windows
    except ImportError:
        return False
    try:
        for share in range(_SHARES if is_shared else 1):
            os.lseek(fd, _FAR + share, os.SEEK_SET)
            try:
                msvcrt.locking(fd, msvcrt.LK_NBLCK, 1 if is_shared else _SHARES)
            except OSError:
                if share == _SHARES - 1 or not is_shared:
                    raise
            else:
                break
    finally:
        os.lseek(fd, 0, os.SEEK_SET)
    return True
