"""Runs a function on a single item, in a worker process: for commands that make one thing.

What crashes, takes all memory or never ends then costs the worker, and not the command.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic

from augtool.engines.deadline import check_timeout
from augtool.engines.engine import Died, Item, Result
from augtool.engines.processes import ProcessEngine
from augtool.errors import EngineError, InputError

__all__ = ["run_alone"]


@dataclass(frozen=True, slots=True)
class _OfFirst(Generic[Item, Result]):
    function: Callable[[Item], Result]

    def __call__(self, items: Sequence[Item]) -> Result:
        return self.function(items[0])


def run_alone(function: Callable[[Item], Result], item: Item, *, timeout_s: float) -> Result:
    """Return what a function makes of an item, in a process of its own.

    Parameters
    ----------
    function
        It enters :data:`augtool.engines.item_deadline` for what should not take too long.
    item
        What it gets. Both must be picklable, and so must the result.
    timeout_s
        Seconds it may take within the deadline; 0 for any time.

    Raises
    ------
    InputError
        When the item ends its worker again and again, or takes too long.
    """
    check_timeout(timeout_s)
    engine = ProcessEngine(1, timeout_s=timeout_s)
    for outcome in engine.run(_OfFirst(function), [[item]]):
        if isinstance(outcome, Died):
            raise InputError(outcome.reason, stage="decode")
        return outcome.value
    raise EngineError("a worker returned nothing; this is a bug in augtool")
