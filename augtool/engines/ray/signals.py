"""Keeps SIGINT and SIGTERM what they are in a process that uses Ray.

Ray replaces the handler of SIGTERM by one that ends the process in its own way.  And it starts
processes; what a handler raises while one is forked, Python ignores, so that Ctrl-C does nothing.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator

__all__ = ["kept_sigterm", "noted_signals"]

_NOTED = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def noted_signals() -> Iterator[Callable[[], None]]:
    """Note signals, whoever handles them.

    What is yielded sends those again that came since it was last called: that they are still to be
    noticed says that their handler had no effect. In other threads than the main one, where Python
    handles no signals, it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)

        def send_again() -> None:
            with contextlib.suppress(BlockingIOError):
                for number in set(ours.recv(4096)).intersection(_NOTED):
                    signal.raise_signal(number)

        # Python writes the number of each signal there before it calls a handler.
        former = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        try:
            yield send_again
        finally:
            signal.set_wakeup_fd(former)


@contextlib.contextmanager
def kept_sigterm() -> Iterator[None]:
    """Put the handler of SIGTERM back that Ray replaces; what Ray's own did is undone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.getsignal(signal.SIGTERM)
    is_terminated = False
    try:
        yield
    except SystemExit as stop:
        is_terminated = stop.code == signal.SIGTERM
        if not is_terminated:
            raise
    finally:
        signal.signal(signal.SIGTERM, handler)
    if is_terminated:
        signal.raise_signal(signal.SIGTERM)
