"""What a run is about, as plain values: a listing, records written, inputs that failed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from augtool.core.geometry import Affine
from augtool.core.pipeline import Params
from augtool.core.samples import Sample, Samples

__all__ = [
    "AUGMENTED",
    "HIDDEN",
    "MATRIX_COLUMNS",
    "ORIGINAL",
    "TRAIN",
    "ClassCounts",
    "Failure",
    "Listing",
    "PreviousRecords",
    "Record",
    "Sample",
    "Samples",
    "SplitCounts",
]

#: The split that is augmented; the others are carried over.
TRAIN = "train"
#: In the ignored files of a listing, those whose names begin with a dot.
HIDDEN = "(hidden)"
ORIGINAL, AUGMENTED = "original", "augmented"
MATRIX_COLUMNS = ("m00", "m01", "m02", "m10", "m11", "m12")


class Failure(NamedTuple):
    """One input that could not be used: its id, where it failed, and why."""

    source: str
    stage: str
    reason: str


@dataclass(slots=True)
class Listing:
    """What a source holds.

    Parameters
    ----------
    samples
        Sorted in the best order for reading: by split, then class name and id for
        trees, by split and id for packed formats.
    classes
        Class names in the order of labels.
    has_splits
        Whether the data came in splits; then the output has splits too.
    failures
        Inputs that can't be used.
    ignored
        How many files are not images, by extension; under :data:`HIDDEN`, how many files and
        folders are not looked at because their names begin with a dot.
    linked_folders
        Folders elsewhere that links lead to and that are read whole: their real paths, with an id.
    linked_files
        The same of folders of which single files are read, because links or a table lead there.
    copies
        Of samples that say themselves that they are augmented copies: id to id of the source.
    split_folders
        By split, what its folder is called where that is another name, such as ``validation``.
    """

    samples: Samples
    classes: tuple[str, ...]
    has_splits: bool
    failures: list[Failure] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)
    linked_folders: dict[str, str] = field(default_factory=dict)
    linked_files: dict[str, str] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)
    split_folders: dict[str, str] = field(default_factory=dict)

    def folder_of_split(self, split: str) -> str:
        """Return the name of a split's folder, which is the one that it came with."""
        return self.split_folders.get(split, split)


class Record(NamedTuple):
    """One written file: where it is, where it came from, and what was done to it.

    `path` is its final one, as the manifest tells it; "" while the record is still being made.
    `copy`, `matrix` and `params` are None for originals. A tuple: one is made for each file.
    """

    path: str
    split: str
    class_name: str
    label: int
    source: str
    copy: int | None
    width: int
    height: int
    sha256: str
    source_sha256: str
    matrix: Affine | None = None
    params: Params | None = None

    @property
    def kind(self) -> str:
        """Return original or augmented."""
        return ORIGINAL if self.copy is None else AUGMENTED


class ClassCounts(NamedTuple):
    """How many originals and copies a class has in a split."""

    originals: int = 0
    copies: int = 0

    @property
    def records(self) -> int:
        """Return how many there are of both."""
        return self.originals + self.copies

    @classmethod
    def total(cls, several: Iterable[ClassCounts]) -> ClassCounts:
        """Return the sum of counts.

        >>> ClassCounts.total([ClassCounts(1, 2), ClassCounts(3, 4)])
        ClassCounts(originals=4, copies=6)
        """
        originals, copies = 0, 0
        for each in several:
            originals += each.originals
            copies += each.copies
        return cls(originals, copies)

    def to_json(self) -> dict[str, int]:
        """Return the counts by kind."""
        return {ORIGINAL: self.originals, AUGMENTED: self.copies}


#: Counts by split and class.
SplitCounts = dict[str, dict[str, ClassCounts]]


class PreviousRecords(NamedTuple):
    """The records that an earlier run made of one source, and what their bytes depended on.

    `fingerprint` covers everything except source and row; equal fingerprints mean equal bytes.
    """

    records: tuple[Record, ...]
    fingerprint: str
