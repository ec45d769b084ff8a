"""What an engine is: it maps a function over chunks of items, wherever it likes.

An engine is given its function and knows nothing of images.  Results come in any order; what is
made of them must not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

__all__ = ["Died", "Done", "Engine", "Function"]

Function = Callable[[Sequence[Any]], Any]


@dataclass(frozen=True, slots=True)
class Done:
    """The function's result for `items`: a chunk, or one item of a chunk that was retried."""

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
        """Yield what becomes of each chunk; chunks are taken as workers get free.

        An exception of the function ends the run and is raised here. Closing the iterator ends
        all workers.
        """
