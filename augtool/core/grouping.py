"""Puts equal things together: by a key, or pair by pair. Pure; knows no image."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["DisjointSets", "Places", "equal_groups", "lowest", "places_by_key"]

#: Indices into something that may be large.
Places = npt.NDArray[np.uint32]

Item = TypeVar("Item")
Member = TypeVar("Member", bound=Hashable)


def equal_groups(items: Iterable[Item], key: Callable[[Item], Hashable]) -> list[list[Item]]:
    """Return the items whose keys are equal, a list for each key that occurs more than once.

    Groups come in the order of their first items, items in their own; a key of None is equal to
    nothing.

    >>> equal_groups(["ant", "bee", "cat", "bear"], key=lambda word: word[0])
    [['bee', 'bear']]
    """
    groups: dict[Hashable, list[Item]] = {}
    for item in items:
        value = key(item)
        if value is not None:
            groups.setdefault(value, []).append(item)
    return [group for group in groups.values() if len(group) > 1]


def places_by_key(keys: npt.NDArray[Any]) -> Iterator[tuple[int, Places]]:
    """Yield each key that occurs, in order, and where it does, in order.

    Parameters
    ----------
    keys : ndarray of shape (n,), of integers
        The key of each place; n < 2**32.

    Examples
    --------
    >>> [(key, places.tolist()) for key, places in places_by_key(np.array([7, 3, 7]))]
    [(3, [1]), (7, [0, 2])]
    """
    if np.all(keys[1:] >= keys[:-1]):  # as in a tree: sorting takes eight bytes more a place
        order, ordered = np.arange(len(keys), dtype=np.uint32), keys
    else:
        order = np.argsort(keys, kind="stable").astype(np.uint32)
        ordered = keys[order]
    starts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    bounds = [0, *starts.tolist(), len(order)] if len(order) else [0]
    found = ordered[bounds[:-1]].tolist()
    del keys, ordered, starts  # the places take enough
    for key, start, end in zip(found, bounds, bounds[1:]):
        yield key, order[start:end]


def lowest(values: npt.NDArray[np.uint64], count: int) -> npt.NDArray[np.bool_]:
    """Return which are the `count` lowest of `values`; of equal ones, the first.

    >>> lowest(np.array([5, 2, 9, 2], np.uint64), 2).tolist()
    [False, True, False, True]
    """
    if not 0 < count < len(values):
        return np.full(len(values), count > 0)
    most = np.partition(values, count - 1)[count - 1]
    chosen: npt.NDArray[np.bool_] = values < most
    equal = np.flatnonzero(values == most)
    chosen[equal[: count - int(np.count_nonzero(chosen))]] = True
    return chosen


class DisjointSets(Generic[Member]):
    """Sets that are joined two at a time (union-find); what was never joined is alone.

    >>> sets = DisjointSets[str]()
    >>> sets.join("a", "b")
    >>> [sets.root_of(each) for each in "abc"]
    ['a', 'a', 'c']
    """

    def __init__(self) -> None:
        self._parents: dict[Member, Member] = {}

    def root_of(self, member: Member) -> Member:
        """Return the member that stands for the whole set, shortening the way there."""
        parents = self._parents
        while (parent := parents.get(member, member)) != member:
            parents[member] = parents.get(parent, parent)
            member = parents[member]
        return member

    def join(self, one: Member, other: Member) -> None:
        """Make one set of two; the root of `one` becomes the root of both."""
        self._parents[self.root_of(other)] = self.root_of(one)
