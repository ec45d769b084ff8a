"""File descriptors that behave alike on every system.

Windows has no `os.pread`, translates line ends unless told not to, and lacks most flags; anything
else than `storage` asks here instead of looking what the system has.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

__all__ = [
    "CLOSED_IN_CHILDREN",
    "NO_FOLLOW",
    "NO_WAIT",
    "is_read_only",
    "memory_file",
    "open_to_read",
    "read_at",
    "sync_all",
]

#: Descriptors of bytes as they are, which no program that is started gets to see.
CLOSED_IN_CHILDREN = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
#: A pipe is not waited for.
NO_WAIT = getattr(os, "O_NONBLOCK", 0)
#: A link in the place of the file is an error.
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_READ = os.O_RDONLY | NO_WAIT | CLOSED_IN_CHILDREN


def open_to_read(path: str | os.PathLike[str]) -> int:
    """Return the descriptor of a file; a pipe is not waited for."""
    return os.open(path, _READ)


def read_at(fd: int, count: int, position: int) -> bytes:
    """Return up to `count` bytes from a position of a file.

    Where the system can't, the descriptor's own position moves: one thread at a time, then.
    """
    if hasattr(os, "pread"):
        return os.pread(fd, count, position)
    os.lseek(fd, position, os.SEEK_SET)
    return os.read(fd, count)


def memory_file() -> int:
    """Return the descriptor of a file without a name, in memory where the system can."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("augtool", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def sync_all() -> None:
    """Wait until all that was written is on the disk, if the system can tell."""
    if hasattr(os, "sync"):
        os.sync()


def is_read_only(folder: Path) -> bool:
    """Tell whether a file system takes no changes, if the system tells."""
    with contextlib.suppress(OSError, AttributeError):
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    return False
