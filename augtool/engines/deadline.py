"""A deadline for each item: what takes longer ends its worker, which the engine then replaces.

A function that an engine maps enters :data:`item_deadline` for whatever should not take longer than
the engine allows.  The kernel ends the process, whatever it does: a timer in Python would wait for
a C library to return.  It counts only in a worker process; elsewhere, and so in the serial engine,
and on systems without interval timers (Windows), entering does nothing.
"""

from __future__ import annotations

import signal
from types import TracebackType

from augtool.errors import ConfigError
from augtool.runtime import DEFAULT_TIMEOUT_S

__all__ = ["DEFAULT_TIMEOUT_S", "check_timeout", "enable_deadline", "item_deadline"]

_LONGEST_S = 1e6


class _ItemDeadline:
    """A context manager; not to be entered again within itself."""

    seconds = 0.0

    def __enter__(self) -> None:
        if self.seconds:
            signal.setitimer(signal.ITIMER_REAL, self.seconds)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.seconds:
            signal.setitimer(signal.ITIMER_REAL, 0)


#: The deadline of this process. Enter it for each item, or for each step of an item.
item_deadline = _ItemDeadline()


def check_timeout(seconds: float) -> None:
    """Refuse what is no time limit.

    Raises
    ------
    ConfigError
        When it is negative, not a number, or longer than a timer can be.
    """
    if not 0 <= seconds <= _LONGEST_S:
        raise ConfigError(
            f"--timeout: got {seconds:g}; expected seconds, at most {_LONGEST_S:,.0f}; 0 for none"
        )


def enable_deadline(seconds: float) -> None:
    """Let the deadline count in this process, a worker: SIGALRM ends it. 0 seconds for none."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
        item_deadline.seconds = seconds
