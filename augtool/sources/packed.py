"""Shared code of packed data sets: batches of labels in, a listing out, and where a sample is.

Ids number the images of a split through all of its batches: ``train/00042``.
"""

from __future__ import annotations

import bisect
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from augtool.core.geometry import Size
from augtool.core.image_spec import MAX_PIXELS
from augtool.core.records import Listing, Sample, Samples
from augtool.core.samples import Group
from augtool.core.texts import Texts, numbers
from augtool.errors import InputError
from augtool.images.limits import require_within
from augtool.sources.classes import choose_classes
from augtool.sources.packed_files import PackedFiles

__all__ = ["Batch", "Contents", "Index", "PackedSource", "Place"]

#: Minimum digits of a number in an id.
_DIGITS = 5
#: A file may list so many images however small it is.
_MOST_IMAGES = 1_000_000
#: Above that, each must take so many bytes on disk.
_LEAST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Batch:
    """Images of one split that are stored together.

    Parameters
    ----------
    split
        train, val or test.
    name
        Its name in the source.
    where
        Its name in errors.
    labels
        An integer for each image.
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
        Its name in errors.
    batches
        In the order in which ids count through them.
    names
        Class names by label; None if the data set has none; labels are then their own names.
    has_splits
        Whether it came in splits.
    """

    root: str
    batches: Sequence[Batch]
    names: Sequence[str] | None
    has_splits: bool

    def listing(self, classes: Sequence[str] | None) -> Listing:
        """Return the samples, sorted by split and id.

        `classes` is the order of labels or a subset; if the data set has no names, it may also
        be the names.

        Raises
        ------
        InputError
            When a label has no class.
        """
        by_value = self._names(classes)
        chosen = choose_classes(list(by_value.values()), classes, self.root)
        position = {name: label for label, name in enumerate(chosen)}
        labels = {value: position.get(name, -1) for value, name in by_value.items()}
        samples = self._samples(labels, len(chosen))
        return Listing(samples, chosen, has_splits=self.has_splits)

    def _samples(self, labels: Mapping[int, int], count: int) -> Samples:
        """Return the samples whose labels have a place among the chosen classes, not -1."""
        groups, group_of, names = list[Group](), [np.empty(0, np.uint32)], list[Texts]()
        for split, batches in self._splits():
            own = np.array([labels[value] for batch in batches for value in batch.labels], int)
            kept, digits = np.flatnonzero(own >= 0), max(_DIGITS, len(str(len(own) - 1)))
            group_of.append((own[kept] + len(groups)).astype(np.uint32))
            groups += [Group(split, label, f"{split}/") for label in range(count)]
            names.append(Texts.of(f"{number:0{digits}}" for number in numbers(kept)))
        return Samples(groups, np.concatenate(group_of), Texts.joined(names))

    def _splits(self) -> list[tuple[str, list[Batch]]]:
        names = sorted({batch.split for batch in self.batches})
        return [(name, [each for each in self.batches if each.split == name]) for name in names]

    def _names(self, classes: Sequence[str] | None) -> dict[int, str]:
        """Return the class name of every label that occurs or is in the metadata."""
        if self.names is not None:
            self._check(len(self.names), "the data set has names for", "get the file again")
            return dict(enumerate(self.names))
        values = sorted({value for batch in self.batches for value in set(batch.labels)})
        found = {value: str(value) for value in values}
        if classes is None or set(classes) <= set(found.values()):
            return found
        fix = "list a name for every label in classes, or some of the labels themselves"
        self._check(len(classes), "classes names", fix)
        return dict(enumerate(classes))

    def _check(self, count: int, what: str, fix: str) -> None:
        for batch in self.batches:
            for row, value in enumerate(batch.labels):
                if not 0 <= value < count:
                    raise InputError(
                        f"{batch.where}: row {row} has label {value}, but {what} {count}"
                        f" (0 to {count - 1}); {fix}"
                    )


class Place(NamedTuple):
    """Where an image is: the name of its batch, and its row there."""

    batch: str
    row: int


class Index:
    """Finds the batch and row of an id. Small, because it is sent to every worker.

    Parameters
    ----------
    batches
        The batches of the contents, in the same order.
    """

    def __init__(self, batches: Sequence[Batch]) -> None:
        self._ends: dict[str, list[int]] = {}
        self._names: dict[str, list[str]] = {}
        for batch in batches:
            ends = self._ends.setdefault(batch.split, [])
            ends.append((ends[-1] if ends else 0) + len(batch.labels))
            self._names.setdefault(batch.split, []).append(batch.name)

    def place_of(self, sample_id: str) -> Place:
        """Return where a sample is.

        Raises
        ------
        InputError
            When the data set has no such id.
        """
        split, _, digits = sample_id.partition("/")
        ends = self._ends.get(split, [])
        number = int(digits) if digits.isdigit() else -1
        if number < 0 or not ends or number >= ends[-1]:
            raise InputError(
                f"there is no {sample_id!r} in the data set; use the data set it came from"
            )
        at = bisect.bisect_right(ends, number)
        return Place(self._names[split][at], number - (ends[at - 1] if at else 0))


class PackedSource(PackedFiles):
    """A source whose samples lie in batches; each kind says what its contents are.

    Parameters
    ----------
    root
        What holds the data set.
    max_pixels
        Larger images are refused, before one is read.
    """

    name: ClassVar[str]
    extension: ClassVar[str] = ".png"

    def __init__(self, root: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> None:
        super().__init__()
        self.root = self.files_root = os.fspath(root)
        self.max_pixels = max_pixels
        self._index: Index | None = None

    def describe(self) -> dict[str, object]:
        """Return what changes what is read: nothing else."""
        return {"from": self.name}

    def place_of(self, sample: Sample) -> str | None:  # noqa: ARG002 - for kinds that augtool writes
        """Return None: augtool writes no data sets of this kind."""
        return None

    def listing(self, classes: Sequence[str] | None = None) -> Listing:
        """Return all pictures, sorted by split and id; `classes` may name the labels."""
        contents = self._contents()
        self._index = Index(contents.batches)
        return contents.listing(classes)

    def _contents(self) -> Contents:
        """Return the batches and the names, without pixels."""
        raise NotImplementedError

    def _check_claims(self, shape: Sequence[int], level_bytes: int, path: str, where: str) -> None:
        """Refuse images too large, or too many to be true, from what a file claims.

        `shape` is (n, h, w) or (n, h, w, c). A list of images takes memory even if they compress
        to nothing, so that above a million, each must take a few bytes on disk.
        """
        try:
            require_within(Size(*shape[1:3]), level_bytes * math.prod(shape[3:]), self.max_pixels)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error
        most = max(_MOST_IMAGES, os.path.getsize(path) // _LEAST_BYTES)  # noqa: PTH202
        if shape[0] > most:
            raise InputError(
                f"{where}: claims {shape[0]:,} images in a file of {os.path.getsize(path):,}"  # noqa: PTH202
                f" bytes, more than {most:,}; get the file again, or split it"
            )

    def _place_of(self, sample: Sample) -> Place:
        """Return where a sample lies, looking at the data set again where nobody has listed it."""
        if self._index is None:
            self._index = Index(self._contents().batches)
        return self._index.place_of(sample.id)
