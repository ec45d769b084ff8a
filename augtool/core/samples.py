"""The images of a data set: one as a tuple, and all of them in columns.

A tuple and its strings take 170 bytes; in columns an image takes twelve bytes and its name. What
works on all of them should ask the groups, or make arrays: a tuple is made anew at each look.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, overload

import numpy as np
import numpy.typing as npt

from augtool.core.texts import Texts, numbers

__all__ = ["Group", "Sample", "Samples"]

#: How many values NumPy may copy at once as larger ones.
_BLOCK = 2**18


class Sample(NamedTuple):
    """An image of a data set.

    Parameters
    ----------
    id
        Path below the data root with ``/``, or ``train/00042`` in packed formats: its
        permanent name, which its draws are hashed with.
    split
        train, val or test.
    label
        Index of its class.
    start
        Where in `id` the part below the class folder begins: the name its record gets.
    """

    id: str
    split: str
    label: int
    start: int = 0

    @property
    def name(self) -> str:
        """Path of its record below the class folder, in the source's own format."""
        return self.id[self.start :]


class Group(NamedTuple):
    """What neighbours share: split, label, and what comes before the name in their ids."""

    split: str
    label: int
    prefix: str


class Samples(Sequence[Sample]):
    """An immutable sequence of samples, held in columns.

    Parameters
    ----------
    groups
        All groups, each once; some may have no sample.
    group_of : ndarray of shape (n,), uint32
        Index of the group of each sample.
    names
        Name of each sample; its id is the group's prefix and that.
    """

    def __init__(
        self, groups: Sequence[Group], group_of: npt.NDArray[np.uint32], names: Texts
    ) -> None:
        self.groups = groups
        self.group_of = group_of
        self.names = names

    @classmethod
    def of(cls, samples: Iterable[Sample]) -> Samples:
        """Return samples in columns; each is looked at once, so they may be made on the fly."""
        groups: dict[tuple[str, int, str], int] = {}
        group_of = array("I")

        def names() -> Iterator[str]:
            for sample_id, split, label, start in samples:
                key = split, label, sample_id[:start]
                group_of.append(groups.setdefault(key, len(groups)))
                yield sample_id[start:]

        texts = Texts.of(names())
        return cls([Group(*key) for key in groups], np.array(group_of, np.uint32), texts)

    @classmethod
    def joined(cls, parts: Iterable[tuple[Group, Texts]]) -> Samples:
        """Return the samples of groups, each of which comes once, with the names of its own."""
        groups, sizes = list[Group](), list[int]()

        def names() -> Iterator[Texts]:
            for group, own in parts:
                groups.append(group)
                sizes.append(len(own))
                yield own

        texts = Texts.joined(names())
        return cls(groups, np.repeat(np.arange(len(groups), dtype=np.uint32), sizes), texts)

    def __len__(self) -> int:
        return len(self.group_of)

    @overload
    def __getitem__(self, index: int) -> Sample: ...

    @overload
    def __getitem__(self, index: slice) -> Samples: ...

    def __getitem__(self, index: int | slice) -> Sample | Samples:
        if isinstance(index, slice):
            return Samples(self.groups, self.group_of[index], self.names[index])
        split, label, prefix = self.groups[self.group_of[index]]
        return Sample(prefix + self.names[index], split, label, len(prefix))

    def __iter__(self) -> Iterator[Sample]:
        groups = [(*group, len(group.prefix)) for group in self.groups]
        for group, name in zip(numbers(self.group_of), self.names):
            split, label, prefix, start = groups[group]
            yield Sample(prefix + name, split, label, start)

    def __eq__(self, other: object) -> bool:
        """Tell whether the other ones are the same samples in the same order."""
        if not isinstance(other, Samples) or len(self) != len(other):
            return False
        return all(mine == theirs for mine, theirs in zip(self, other))

    __hash__ = None  # type: ignore[assignment]  # as of lists

    @cached_property
    def group_sizes(self) -> list[int]:
        """Number of samples of each group."""
        return self.sums(np.ones(1, np.uint8))

    def sums(self, values: npt.NDArray[np.unsignedinteger]) -> list[int]:
        """Return the sum over the samples of each group of `values`, of shape (n,) or (1,)."""
        total = np.zeros(len(self.groups), np.int64)
        values = np.broadcast_to(values, len(self))
        for first in range(0, len(self), _BLOCK):
            part = slice(first, first + _BLOCK)  # whose floats are exact
            total += np.bincount(self.group_of[part], values[part], len(total)).astype(np.int64)
        sums: list[int] = total.tolist()
        return sums

    def used_groups(self) -> Iterator[tuple[Group, int]]:
        """Yield each group that has samples, and how many."""
        return ((group, size) for group, size in zip(self.groups, self.group_sizes) if size)

    def of_groups(self, values: Sequence[int]) -> npt.NDArray[np.uint32]:
        """Return for each sample the value of its group."""
        return np.array(values, np.uint32)[self.group_of]

    def labels(self) -> npt.NDArray[np.uint32]:
        """Return the label of each sample."""
        return self.of_groups([group.label for group in self.groups])

    def in_split(self, split: str) -> npt.NDArray[np.bool_]:
        """Return whether each sample is in a split."""
        return np.array([group.split == split for group in self.groups], bool)[self.group_of]

    def ids(self, places: npt.NDArray[np.integer] | None = None) -> Iterator[bytes]:
        """Yield the id of each sample, or of those at some places.

        As bytes, which are UTF-8 but for what the names of files hold that is not.
        """
        prefixes = [group.prefix.encode("utf-8", "surrogateescape") for group in self.groups]
        before = map(prefixes.__getitem__, numbers(self.group_of, places))
        return map(bytes.__add__, before, self.names.encoded(places))

    def take(self, indices: npt.NDArray[np.integer | np.bool_]) -> Samples:
        """Return some of the samples, by index or by mask, in the order of `indices`."""
        return Samples(self.groups, self.group_of[indices], self.names.take(indices))

    def moved(self, targets: npt.NDArray[np.uint8], splits: Sequence[str]) -> Samples:
        """Return the samples in other splits: `splits[target - 1]`, or where they are for 0.

        Parameters
        ----------
        targets : ndarray of shape (n,)
            For each sample.
        splits
            Their names.
        """
        groups, group_of = list(self.groups), self.group_of.copy()
        for target, split in enumerate(splits, 1):
            moves = targets == target
            group_of[moves] += np.uint32(len(groups))
            groups += [group._replace(split=split) for group in self.groups]
        return Samples(groups, group_of, self.names)
