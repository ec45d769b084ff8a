"""Hears what image libraries say on file descriptor 2 while they decode.

libjpeg and libtiff return a picture from damaged data and tell only standard error.  For the
length of one decode that descriptor points to a file in memory; four system calls, about a
microsecond.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator

__all__ = ["Complaints", "heard"]


class Complaints:
    """The lines that were heard."""

    def __init__(self) -> None:
        self.lines: list[str] = []


_memory: dict[int, int] = {}


def _memory_file() -> int:
    """Return this process's memory file; one inherited through a fork is not shared."""
    if os.getpid() not in _memory:
        if hasattr(os, "memfd_create"):
            fd = os.memfd_create("augtool-complaints", os.MFD_CLOEXEC)
        else:
            with tempfile.TemporaryFile() as file:
                fd = os.dup(file.fileno())
        _memory.clear()
        _memory[os.getpid()] = fd
    return _memory[os.getpid()]


@contextlib.contextmanager
def heard() -> Iterator[Complaints]:
    """Collect what is written to file descriptor 2 inside the block."""
    complaints = Complaints()
    memory = _memory_file()
    try:
        saved = os.dup(2)
    except OSError:  # standard error is closed
        saved = None
    os.dup2(memory, 2)
    try:
        yield complaints
    finally:
        if saved is None:
            os.close(2)
        else:
            os.dup2(saved, 2)
            os.close(saved)
        if length := os.lseek(memory, 0, os.SEEK_CUR):
            text = os.pread(memory, length, 0).decode("utf-8", "replace")
            complaints.lines = [line.strip() for line in text.splitlines() if line.strip()]
            os.lseek(memory, 0, os.SEEK_SET)
            os.ftruncate(memory, 0)
