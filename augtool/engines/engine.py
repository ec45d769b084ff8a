"""The engine protocol: maps a function over chunks of items, wherever it likes.

An engine receives its function and knows nothing about images.  Results arrive in any order; the
output must not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

__all__ = ["Died", "Done", "Engine", "Function"]

Function = Callable[[Sequence[Any]], Any]


@dataclass(frozen=True, slots=True)
class Done:
    """The result of the function for `items`: a chunk, or one item of a chunk that was retried."""

    items: Sequence[Any]
    value: Any


@dataclass(frozen=True, slots=True)
class Died:
    """An item that killed its worker twice, in its chunk and alone; `reason` names the signal."""

    item: Any
    reason: str


class Engine(Protocol):
    """Runs a function over chunks."""

    name: ClassVar[str]

    def __init__(self, workers: int) -> None: ...

    def run(self, function: Function, chunks: Iterable[Sequence[Any]]) -> Iterator[Done | Died]:
        """Yield the outcome of each chunk; chunks are taken as workers become free.

        An exception in the function ends the run and is raised here. Closing the iterator stops
        all workers.
        """
