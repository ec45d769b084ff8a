"""The engine protocol: maps a function over chunks of items, wherever it likes.

An engine receives its function and knows nothing about images.  Results arrive in any order; the
output must not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, Protocol, TypeVar, runtime_checkable

__all__ = ["Died", "Done", "Engine", "Function", "Item", "Movable", "Outcomes", "Result"]

Item = TypeVar("Item")
Result = TypeVar("Result")
#: What an engine maps: a chunk of items in, one result out.
Function = Callable[[Sequence[Item]], Result]


@dataclass(frozen=True, slots=True)
class Done(Generic[Item, Result]):
    """The result of the function for `items`: a chunk, or one item of a chunk that was retried."""

    items: Sequence[Item]
    value: Result


@dataclass(frozen=True, slots=True)
class Died(Generic[Item]):
    """An item that ended its worker again and again, or took too long; `reason` says which."""

    item: Item
    reason: str


#: What an engine yields, in any order. Closing it stops all workers.
Outcomes = Generator[Done[Item, Result] | Died[Item], None, None]


@runtime_checkable
class Movable(Protocol):
    """A function that can tell whether it would do the same on another machine."""

    def check_place(self) -> None:
        """Refuse this machine.

        Raises
        ------
        EngineError
            When it lacks something, or has another version of it; it is named.
        """


class Engine(Protocol):
    """Runs a function over chunks, with so many workers; None for all CPUs that it may use.

    Where it can, it ends what takes longer than `timeout_s` within
    :data:`augtool.engines.item_deadline`; 0 for no limit.
    """

    name: ClassVar[str]

    def __init__(self, workers: int | None, *, timeout_s: float) -> None: ...

    def run(
        self, function: Function[Item, Result], chunks: Iterable[Sequence[Item]]
    ) -> Outcomes[Item, Result]:
        """Yield the outcome of each chunk; chunks are taken as workers become free.

        An exception in the function ends the run and is raised here.
        """
