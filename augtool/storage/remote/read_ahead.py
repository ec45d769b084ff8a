"""Reads ahead: several requests at once for what will be wanted next, in the order of wanting."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

__all__ = ["MOST_AHEAD", "ReadAhead"]

#: Requests under way, and answers that wait to be taken, together.
MOST_AHEAD = 32

_Answer = TypeVar("_Answer")


class ReadAhead(Generic[_Answer]):
    """Calls a function in threads, ahead of time.

    Parameters
    ----------
    read
        Returns what a key stands for. What it raises is raised where the answer is taken.
    """

    def __init__(self, read: Callable[[str], _Answer]) -> None:
        self._read = read
        self._threads: ThreadPoolExecutor | None = None
        self._ahead: dict[str, Future[_Answer]] = {}
        self._coming: deque[str] = deque()

    def expect(self, keys: Iterable[str]) -> None:
        """Say what will be taken next; what was expected before and is not any more is dropped."""
        wanted = dict.fromkeys(keys)
        for key in self._ahead.keys() - wanted.keys():
            self._ahead.pop(key).cancel()
        self._coming = deque(key for key in wanted if key not in self._ahead)
        self._fill()

    def take(self, key: str) -> _Answer:
        """Return the answer for a key, expected or not."""
        begun = self._ahead.pop(key, None)
        if begun is None:
            if key in self._coming:
                self._coming.remove(key)
            return self._read(key)
        self._fill()
        return begun.result()

    def _fill(self) -> None:
        while self._coming and len(self._ahead) < MOST_AHEAD:
            if self._threads is None:
                from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - disks need no threads

                self._threads = ThreadPoolExecutor(MOST_AHEAD, "augtool-read")
            key = self._coming.popleft()
            self._ahead[key] = self._threads.submit(self._read, key)
