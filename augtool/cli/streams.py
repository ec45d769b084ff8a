"""The standard streams, in whatever state a shell hands them over: closed, full, or broken.

Printing never ends a command: what can't be written is dropped, and what that means for the exit
code is decided once, when the command is over.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any, TextIO

from augtool.errors import ExitCode

__all__ = ["StandardStreams"]


class StandardStreams:
    """Takes over standard output and standard error of this process.

    A missing descriptor is opened on the null device, so that no other file can get its number;
    reading a missing standard input fails.
    """

    def __init__(self) -> None:
        _open_missing()
        self._output, self._errors = _Unfailing(1), _Unfailing(2)
        if sys.stdin is None:
            sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        # Anything else in their place was put there on purpose, to capture what is printed.
        if sys.stdout is sys.__stdout__:
            sys.stdout = _text(self._output, sys.stdout, "backslashreplace")
        if sys.stderr is sys.__stderr__:
            sys.stderr = _text(self._errors, sys.stderr, "backslashreplace")

    def exit_code(self, code: Any) -> Any:
        """Return what a command ends with: `code`, or that its data could not be written.

        A reader that went away has read all it wanted. A command that failed keeps its own code.
        """
        sys.stdout.flush()
        error = self._output.error
        if error is not None and not isinstance(error, BrokenPipeError):
            sys.stderr.write(
                f"error: standard output: can't write: {error.strerror};"
                " redirect it to another place and run the same command again\n"
            )
            code = code or ExitCode.CANNOT_WRITE
        sys.stderr.flush()
        return code


class _Unfailing(io.FileIO):
    """A descriptor that takes everything: after its first error, which is kept, it drops it."""

    def __init__(self, fd: int) -> None:
        super().__init__(fd, "wb", closefd=False)
        self.error: OSError | None = None

    def write(self, data: Any, /) -> int:
        """Return how many bytes were taken."""
        if self.error is None:
            try:
                written = super().write(data)
            except OSError as error:
                self.error = error
            else:
                return self._wait() if written is None else written
        return memoryview(data).nbytes

    def _wait(self) -> int:
        """Wait until a non-blocking descriptor takes more; nothing was written yet."""
        import select

        select.select([], [self], [])
        return 0


def _open_missing() -> None:
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            opened = os.open(os.devnull, os.O_WRONLY)  # the lowest free number, which is `fd`
            os.set_inheritable(opened, True)


def _text(raw: io.FileIO, former: TextIO | None, errors: str) -> TextIO:
    """Return a text stream like the one before it."""
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=getattr(former, "encoding", None) or "utf-8",
        errors=errors,
        line_buffering=getattr(former, "line_buffering", False),
        write_through=getattr(former, "write_through", False),
    )
