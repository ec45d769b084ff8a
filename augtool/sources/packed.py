"""What packed data sets share: batches of labels in, a listing out, and where a sample lies.

Ids number the pictures of a split through all of its batches: ``train/00042``.
"""

from __future__ import annotations

import bisect
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from augtool.core.records import Listing, Sample
from augtool.errors import InputError
from augtool.sources.classes import choose_classes

__all__ = ["Batch", "Contents", "Index", "PackedSource", "Place"]

#: Fewest digits of a number in an id.
_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures of one split that are stored together.

    Parameters
    ----------
    split
        train, val or test.
    name
        What the source calls it.
    where
        What to call it in errors.
    labels
        A whole number for each picture.
    """

    split: str
    name: str
    where: str
    labels: Sequence[int]


@dataclass(frozen=True, slots=True)
class Contents:
    """A packed data set without its pixels.

    Parameters
    ----------
    root
        What to call it in errors.
    batches
        In the order in which ids count through them.
    names
        Class names by label; None where the data set has none, and labels are their own names.
    has_splits
        Whether it came in splits.
    """

    root: str
    batches: Sequence[Batch]
    names: Sequence[str] | None
    has_splits: bool

    def listing(self, classes: Sequence[str] | None) -> Listing:
        """Return the samples, sorted by split and id.

        `classes` gives the order of labels or a subset; where the data set has no names, it may
        also give the names.

        Raises
        ------
        InputError
            When a label has no class.
        """
        by_value = self._names(classes)
        chosen = choose_classes(list(by_value.values()), classes, self.root)
        position = {name: label for label, name in enumerate(chosen)}
        labels = {value: position.get(name) for value, name in by_value.items()}
        samples = []
        for split, batches in self._splits():
            digits = max(_DIGITS, len(str(sum(len(batch.labels) for batch in batches) - 1)))
            number = 0
            for batch in batches:
                for value in batch.labels:
                    label = labels[value]
                    if label is not None:
                        sample_id = f"{split}/{number:0{digits}}"
                        samples.append(Sample(sample_id, split, label, len(split) + 1))
                    number += 1
        return Listing(samples, chosen, has_splits=self.has_splits)

    def _splits(self) -> list[tuple[str, list[Batch]]]:
        names = sorted({batch.split for batch in self.batches})
        return [(name, [each for each in self.batches if each.split == name]) for name in names]

    def _names(self, classes: Sequence[str] | None) -> dict[int, str]:
        """Return the class name of every label that occurs, or that metadata names."""
        if self.names is not None:
            self._check(len(self.names), "the data set has names for", "get the file again")
            return dict(enumerate(self.names))
        values = sorted({value for batch in self.batches for value in set(batch.labels)})
        found = {value: str(value) for value in values}
        if classes is None or set(classes) <= set(found.values()):
            return found
        mend = "give a name for every label in classes, or some of the labels themselves"
        self._check(len(classes), "classes names", mend)
        return dict(enumerate(classes))

    def _check(self, count: int, what: str, mend: str) -> None:
        for batch in self.batches:
            for row, value in enumerate(batch.labels):
                if not 0 <= value < count:
                    raise InputError(
                        f"{batch.where}: row {row} has label {value}, but {what} {count}"
                        f" (0 to {count - 1}); {mend}"
                    )


class Place(NamedTuple):
    """Where a picture lies: the batch's name, and its row there."""

    batch: str
    row: int


class Index:
    """Finds the batch and row of an id. Small: it goes to every worker.

    Parameters
    ----------
    batches
        Those of the contents, in their order.
    """

    def __init__(self, batches: Sequence[Batch]) -> None:
        self._ends: dict[str, list[int]] = {}
        self._names: dict[str, list[str]] = {}
        for batch in batches:
            ends = self._ends.setdefault(batch.split, [])
            ends.append((ends[-1] if ends else 0) + len(batch.labels))
            self._names.setdefault(batch.split, []).append(batch.name)

    def place_of(self, sample_id: str) -> Place:
        """Return where a sample lies.

        Raises
        ------
        InputError
            When the data set has no such id.
        """
        split, _, digits = sample_id.partition("/")
        ends = self._ends.get(split, [])
        number = int(digits) if digits.isdigit() else -1
        if number < 0 or not ends or number >= ends[-1]:
            raise InputError(f"there is no {sample_id!r} in the data set; give the one it is from")
        at = bisect.bisect_right(ends, number)
        return Place(self._names[split][at], number - (ends[at - 1] if at else 0))


class PackedSource:
    """A source whose samples lie in batches; each kind says what its contents are.

    Parameters
    ----------
    root
        What holds the data set.
    """

    name: ClassVar[str]
    has_files: ClassVar[bool] = False
    extension: ClassVar[str] = ".png"

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = os.fspath(root)
        self._index: Index | None = None

    def describe(self) -> dict[str, object]:
        """Return what changes what is read: nothing else."""
        return {"from": self.name}

    def listing(self, classes: Sequence[str] | None = None) -> Listing:
        """Return all pictures, sorted by split and id; `classes` may name the labels."""
        contents = self._contents()
        self._index = Index(contents.batches)
        return contents.listing(classes)

    def _contents(self) -> Contents:
        """Return the batches and the names, without pixels."""
        raise NotImplementedError

    def _place_of(self, sample: Sample) -> Place:
        """Return where a sample lies, looking at the data set again where nobody has listed it."""
        if self._index is None:
            self._index = Index(self._contents().batches)
        return self._index.place_of(sample.id)
