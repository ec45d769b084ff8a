"""Runs everything in this process, one chunk after another: for debugging and small jobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from augtool.engines.engine import Died, Done, Function, Item, Result

__all__ = ["SerialEngine"]


class SerialEngine:
    """Calls the function directly; a crash in it crashes the run."""

    name: ClassVar[str] = "serial"

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers

    def run(
        self, function: Function[Item, Result], chunks: Iterable[Sequence[Item]]
    ) -> Iterator[Done[Item, Result] | Died[Item]]:
        """Yield the result of each chunk, in order."""
        for items in chunks:
            yield Done(items, function(items))
