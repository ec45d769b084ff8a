"""Hands out chunks to takers who want to know what they will get next.

What is promised to one is given to another only where nothing else is left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, Generic

from augtool.engines.engine import Function, Item, Result

__all__ = ["Lookahead", "expects"]

#: As many items are promised, or a chunk more.
_PROMISED = 32


class Lookahead(Generic[Item]):
    """The chunks of a run.

    Parameters
    ----------
    chunks
        They are drawn when they are taken, or promised.
    """

    def __init__(self, chunks: Iterator[Sequence[Item]]) -> None:
        self._chunks = chunks
        self._promised: dict[Hashable, deque[Sequence[Item]]] = {}

    def take(self, taker: Hashable) -> Sequence[Item] | None:
        """Return a chunk: what was promised to this taker comes first; None when all are taken."""
        own = self._promised.get(taker)
        if own:
            return own.popleft()
        chunk = next(self._chunks, None)
        if chunk is not None:
            return chunk
        richest = max(self._promised.values(), key=len, default=None)
        return richest.pop() if richest else None

    def promise(self, taker: Hashable) -> list[Item]:
        """Return the items that a taker will probably get next, in order."""
        own = self._promised.setdefault(taker, deque())
        while sum(map(len, own)) < _PROMISED:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            own.append(chunk)
        return [item for chunk in own for item in chunk]


def expects(function: Function[Item, Result]) -> Callable[[Sequence[Item]], Any] | None:
    """Return what tells a function which items come next; None where it doesn't want to know.

    It wants to where it has a true attribute ``reads_ahead``; its method ``expect`` is then called
    with the items of the next call, and of those that probably follow.
    """
    return getattr(function, "expect") if getattr(function, "reads_ahead", False) else None  # noqa: B009
