"""Runs everything in this process, one chunk after another: for debugging and small jobs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from augtool.engines.engine import Done, Function, Item, Outcomes, Result
from augtool.engines.lookahead import Lookahead, expects

__all__ = ["SerialEngine"]


class SerialEngine:
    """Calls the function directly; a crash in it crashes the run, and nothing has a deadline."""

    name: ClassVar[str] = "serial"

    def __init__(self, workers: int | None = 1, *, timeout_s: float = 0.0) -> None:
        self.workers, self.timeout_s = workers, timeout_s

    def run(
        self, function: Function[Item, Result], chunks: Iterable[Sequence[Item]]
    ) -> Outcomes[Item, Result]:
        """Yield the result of each chunk, in order."""
        ahead, expect = Lookahead(iter(chunks)), expects(function)
        while (items := ahead.take(None)) is not None:
            if expect is not None:
                expect([*items, *ahead.promise(None)])
            yield Done(items, function(items))
