"""What every source delivers: samples, and what could not become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Protocol

from augtool.core.geometry import Image

__all__ = ["TRAIN", "Failure", "Listing", "Sample", "Source"]

#: The split that is augmented; the others are carried over.
TRAIN = "train"


class Sample(NamedTuple):
    """A picture of a data set.

    Parameters
    ----------
    id
        Path below the data root with ``/``, or ``train/00042`` in packed formats: its name for
        life, which its draws are hashed with.
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
        Sorted in the order in which they are best read: by split, then class name and id for
        trees, by split and id for packed formats.
    classes
        Class names in the order of labels.
    has_splits
        Whether the data came in splits, so that the output does too.
    failures
        Inputs that can't be used.
    ignored
        How many files are no pictures, by extension.
    """

    samples: list[Sample]
    classes: tuple[str, ...]
    has_splits: bool
    failures: list[Failure] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)


class Source(Protocol):
    """A reader of samples. It holds paths and settings only, so that it can be sent to workers."""

    name: ClassVar[str]
    #: Whether samples are files, which can be copied byte for byte and linked to.
    has_files: ClassVar[bool]
    #: Extension of a record's name where the id has none (packed formats).
    extension: ClassVar[str]

    def __init__(self, root: str, **options: Any) -> None: ...

    @classmethod
    def detects(cls, path: str) -> bool:
        """Tell whether `path` looks like this kind of data set."""

    def listing(self, classes: Sequence[str] | None = None) -> Listing:
        """Return all samples; `classes` gives the order of labels, or a subset.

        Raises
        ------
        InputError
            When the data set as a whole can't be used.
        """

    def read(self, sample: Sample) -> bytes | Image:
        """Return a sample's file bytes, or its pixels, (H, W) or (H, W, C) in the order R, G, B, A.

        Raises
        ------
        InputError
            When this sample can't be read.
        """

    def path_of(self, sample: Sample) -> str:
        """Return where the sample's file lies (sources with files), or the packed file."""

    def describe(self) -> dict[str, Any]:
        """Return settings that change what is read, for the run's identity."""
