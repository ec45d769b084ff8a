"""How a command ends: every error and signal becomes a message and an exit code."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

import typer

from augtool.cli.console import Console
from augtool.errors import AugtoolError, ConfigError, EngineError, ExitCode

__all__ = ["exits", "say_missing"]


class _Terminated(BaseException):
    """SIGTERM was received."""


@contextlib.contextmanager
def exits(console: Console, *, debug: bool = False, opencv: bool = True) -> Iterator[None]:
    """Turn what ends a command into a message and its exit code.

    Parameters
    ----------
    console
        Says the message.
    debug
        Let errors through when they are said, so that their traceback is shown, too.
    opencv
        Load OpenCV first; False for a command that looks at no picture and should start at once.
    """
    from augtool.runtime import load_opencv

    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        if opencv:
            load_opencv()
        yield
    except typer.Exit:
        raise
    except AugtoolError as error:
        console.finish()
        _print(console, error)
        console.failed(ExitCode.FAILED if debug else error.exit_code)
        if debug:
            raise
        raise typer.Exit(error.exit_code) from error
    except (KeyboardInterrupt, _Terminated) as stop:
        # A second signal ends the process at once, whatever is still running.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        console.finish()
        console.interrupted()
        code = ExitCode.INTERRUPTED if isinstance(stop, KeyboardInterrupt) else ExitCode.TERMINATED
        console.failed(code)
        raise typer.Exit(code) from stop
    except Exception as error:
        console.finish()
        is_known = say_missing(console, error)
        if not is_known:
            console.error(f"{type(error).__name__}: {error}; this is a bug in augtool")
        console.failed(ExitCode.FAILED)
        if is_known and not debug:
            raise typer.Exit(ExitCode.FAILED) from error
        raise
    finally:
        signal.signal(signal.SIGTERM, previous)


def say_missing(console: Console, error: Exception) -> bool:
    """Print what to run where a package can't be imported that augtool needs; tell if it is so."""
    from augtool.runtime.packages import fix_import

    fix = fix_import(error) if isinstance(error, ImportError) else None
    if fix is not None:
        console.error(f"{getattr(error, 'name', '')} can't be imported ({error}); run: {fix}")
    return fix is not None


def _print(console: Console, error: AugtoolError) -> None:
    """Print an error: a line for each problem, and the lines of a traceback below it."""
    if isinstance(error, EngineError):
        text, _, trace = str(error).partition("\n")
        console.error(text)
        if trace:
            console.trace(trace)
    else:
        for problem in error.problems if isinstance(error, ConfigError) else (str(error),):
            console.error(problem)


def _terminate(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a handler's form
    raise _Terminated
