"""Puts equal things together: by a key, or pair by pair. Pure; knows no image."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

__all__ = ["DisjointSets", "equal_groups"]

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
