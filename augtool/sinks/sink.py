"""What a sink is: a writer of records, in two halves.

Workers write: each chunk opens a writer of its own, so that chunks never wait for one another.
The conductor finishes: when all chunks are there, it assembles what they left, in plan order.
A kill at any moment, in either half, costs work and never a byte of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from augtool.config.schema import Config
from augtool.core.image_spec import ImageSpec
from augtool.core.records import Record

__all__ = ["ChunkWriter", "PathResolver", "Payload", "Sink", "ChunkOutputs"]

#: Turns the place that the writer of the n-th payload returned for a record into its final path.
PathResolver = Callable[[int, str], str]


@dataclass(frozen=True, slots=True)
class Payload:
    """What the writer of one chunk left, and how many records of which split it holds."""

    path: Path
    split: str
    count: int


@dataclass(frozen=True, slots=True)
class ChunkOutputs:
    """Everything that the workers left.

    Parameters
    ----------
    payloads
        In the order of the plan.
    classes
        Class names in the order of labels.
    has_splits
        Whether the output has splits.
    spec
        What all pictures are like, where the sink asked for it; None where there are none.
    """

    payloads: Sequence[Payload]
    classes: Sequence[str]
    has_splits: bool
    spec: ImageSpec | None

    def splits(self) -> list[str]:
        """Return the splits that hold records, in the order of the plan."""
        return list(dict.fromkeys(each.split for each in self.payloads if each.count))


class ChunkWriter(Protocol):
    """Writes the records of one chunk, in a worker."""

    def write(
        self, planned_path: str, record: Record, data: bytes, link_to: str | None = None
    ) -> str:
        """Store a record and return its place: its final path, or what `PathResolver` makes it of.

        Parameters
        ----------
        planned_path
            Where a tree would have it, below the output.
        record
            Complete but for its path.
        data
            The encoded file; the picture's levels where the sink stores pixels.
        link_to
            The source's file, where the record is to be a link to it.

        Raises
        ------
        OutputError
            When it can't be written.
        """

    def remove(self, paths: Sequence[str]) -> None:
        """Take back what there is of a sample, whose records would be called `paths`."""

    def close(self) -> None:
        """Put what was written where `finish` looks for it; the part file comes after that."""

    def abandon(self) -> None:
        """Let go of everything: the run stops within this chunk."""


class Sink(Protocol):
    """A writer of records. It holds settings only, so that it can be sent to workers.

    Attributes
    ----------
    name
        The value of ``output.to`` that stands for it.
    one_file_per_record
        Whether each record is a file under its planned path, so that an update can keep it.
    stores_pixels
        Whether records are arrays: nothing is encoded, all pictures must be alike, numbers can be
        standardised, and the manifest's sha256 is taken over the pixels.
    takes
        The keys of ``output`` that not every sink can follow, and that this one can.
    """

    name: ClassVar[str]
    one_file_per_record: ClassVar[bool]
    stores_pixels: ClassVar[bool]
    takes: ClassVar[frozenset[str]]

    def __init__(self, config: Config) -> None: ...

    def check(self, classes: Sequence[str], spec: ImageSpec | None) -> None:
        """Refuse a data set that can't be stored, before anything is made.

        Raises
        ------
        ConfigError
            Saying which setting helps.
        """

    def open(self, out: Path, scratch: Path, payload: Path) -> ChunkWriter:
        """Return a writer for one chunk.

        Parameters
        ----------
        out
            The output folder, for what is whole as soon as it is written.
        scratch
            A folder for files that are not finished.
        payload
            The file for what only `finish` can make whole.
        """

    def finish(self, outputs: ChunkOutputs, into: Path) -> PathResolver | None:
        """Make the files of the output out of what the chunks left.

        Parameters
        ----------
        outputs
            What they left; it is read, not changed, so that all of this can be done again.
        into
            An empty folder, whose content becomes the output's.

        Returns
        -------
        PathResolver or None
            None where records have their final paths already.
        """
