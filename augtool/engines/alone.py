"""Runs a function on one item after another in a worker, for commands that make a few things.

What crashes, takes all memory or never ends then costs the worker, and not the command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Generic

from augtool.engines.deadline import check_timeout
from augtool.engines.engine import Died, Item, Result
from augtool.engines.processes import ProcessEngine
from augtool.errors import AugtoolError, InputError

__all__ = ["LoneWorker"]


class LoneWorker(Generic[Item, Result]):
    """A context manager that runs a function in one process, which starts with the first item.

    Parameters
    ----------
    function
        It enters :data:`augtool.engines.item_deadline` for what should not take too long.
    timeout_s
        Seconds that an item may take within the deadline; 0 for any time.

    Raises
    ------
    ConfigError
        When the time limit makes no sense.
    """

    def __init__(self, function: Callable[[Item], Result], *, timeout_s: float) -> None:
        check_timeout(timeout_s)
        self._next: list[Item] = []
        engine = ProcessEngine(1, timeout_s=timeout_s)
        self._outcomes = engine.run(_OfFirst(function), self._chunks())

    def _chunks(self) -> Iterator[list[Item]]:
        """Yield what waits; with one worker, it is asked for at each call of `run`, and once."""
        while True:
            yield self._next

    def run(self, item: Item) -> Result:
        """Return what the function makes of an item. Both must be picklable.

        Raises
        ------
        InputError
            When the item ends its worker again and again, or takes too long.
        AugtoolError
            What the function raises.
        """
        self._next = [item]
        outcome = next(self._outcomes)
        if isinstance(outcome, Died):
            raise InputError(outcome.reason, stage="decode")
        if isinstance(outcome.value, AugtoolError):
            raise outcome.value
        return outcome.value

    def __enter__(self) -> LoneWorker[Item, Result]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._outcomes.close()


@dataclass(frozen=True, slots=True)
class _OfFirst(Generic[Item, Result]):
    """An error of augtool's is returned, since one that is raised would end the engine."""

    function: Callable[[Item], Result]

    def __call__(self, items: Sequence[Item]) -> Result | AugtoolError:
        try:
            return self.function(items[0])
        except AugtoolError as error:
            return error
