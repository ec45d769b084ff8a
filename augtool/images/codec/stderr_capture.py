"""Captures what image libraries write to file descriptor 2 while they decode.

libjpeg and libtiff return an image from damaged data and report it only on standard error.  While
it is captured, that descriptor points to a file in memory; checking whether anything was written is
one system call.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from types import TracebackType

from augtool.storage.descriptors import memory_file, read_at

__all__ = ["capture_stderr", "captured_lines"]

#: The memory file of this process, once opened: one inherited through a fork is not used.
_memory: list[int] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_memory.clear)


def _memory_file() -> int:
    if not _memory:
        _memory.append(memory_file())
    return _memory[0]


class _Capture:
    """Redirects the descriptor while at least one block is active."""

    def __init__(self) -> None:
        self._depth = 0
        self._saved: int | None = None

    def __enter__(self) -> None:
        """Point the descriptor to memory."""
        self._depth += 1
        if self._depth == 1:
            try:
                self._saved = os.dup(2)
            except OSError:  # standard error is closed
                self._saved = None
            os.dup2(_memory_file(), 2)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Point it back to where it was."""
        self._depth -= 1
        if self._depth == 0:
            if self._saved is None:
                os.close(2)
            else:
                os.dup2(self._saved, 2)
                os.close(self._saved)


_capture = _Capture()


def capture_stderr() -> AbstractContextManager[None]:
    """Return a context that captures file descriptor 2; nesting it costs nothing.

    Five system calls to enter and leave, so a worker captures a whole chunk at once.
    """
    return _capture


def captured_lines() -> list[str]:
    """Return the lines written since the last call."""
    memory = _memory_file()
    length = os.lseek(memory, 0, os.SEEK_CUR)
    if not length:
        return []
    text = read_at(memory, length, 0).decode("utf-8", "replace")
    os.lseek(memory, 0, os.SEEK_SET)
    os.ftruncate(memory, 0)
    return [line.strip() for line in text.splitlines() if line.strip()]
