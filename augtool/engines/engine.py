"""The engine protocol: maps a function over chunks of items, wherever it likes.

An engine receives its function and knows nothing about images.  Results arrive in any order; the
output must not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, Protocol, TypeVar

__all__ = ["Died", "Done", "Engine", "Function", "Item", "Result"]

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


class Engine(Protocol):
    """Runs a function over chunks.

    Where it can, it ends what takes longer than `timeout_s` within
    :data:`augtool.engines.item_deadline`; 0 for no limit.
    """

    name: ClassVar[str]

    def __init__(self, workers: int, *, timeout_s: float) -> None: ...

    def run(
        self, function: Function[Item, Result], chunks: Iterable[Sequence[Item]]
    ) -> Iterator[Done[Item, Result] | Died[Item]]:
        """Yield the outcome of each chunk; chunks are taken as workers become free.

        An exception in the function ends the run and is raised here. Closing the iterator stops
        all workers.
        """
