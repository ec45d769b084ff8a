"""The sink protocol: a writer of records, in two halves.

Workers write: each chunk opens its own writer, so that chunks never wait for each other.  The
conductor finishes: when all chunks are done, it assembles their outputs in plan order.  A kill at
any moment, in either half, costs work but never changes a byte of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol

from augtool.config.schema import Config
from augtool.core.geometry import Image
from augtool.core.image_spec import ImageSpec
from augtool.core.records import Record
from augtool.storage.confined import ConfinedFolder

__all__ = [
    "ChunkOutputs",
    "ChunkPlaces",
    "ChunkWriter",
    "PathResolver",
    "Payload",
    "RecordReader",
    "Sink",
]

#: Turns the place that the writer of the n-th payload returned for a record into its final path.
PathResolver = Callable[[int, str], str]
#: Returns a record by its path in the manifest: its file, or its pixels in OpenCV's channel order.
RecordReader = Callable[[str], "bytes | Image"]


class ChunkPlaces(NamedTuple):
    """Where in the output folder a writer puts the records of its chunk.

    Parameters
    ----------
    staged
        The folder for what is whole as soon as it is written, at its planned path.
    payloads
        The folder for what only `finish` can make whole.
    scratch
        The folder for what is being written, under names that no other writer has.
    is_shared
        Whether another process may write the same records, with the same bytes: each file must
        then appear whole.
    """

    staged: str
    payloads: str
    scratch: str
    is_shared: bool

    def payload(self, name: str, checksum: str) -> str:
        """Return where a payload lies: what has other bytes has another place."""
        return f"{self.payloads}/{name}-{checksum}"


@dataclass(frozen=True, slots=True)
class Payload:
    """The output of one chunk's writer: its file, split and number of records."""

    path: Path
    split: str
    count: int


@dataclass(frozen=True, slots=True)
class ChunkOutputs:
    """The outputs of all workers.

    Parameters
    ----------
    payloads
        In the order of the plan.
    classes
        Class names in the order of labels.
    has_splits
        Whether the output has splits.
    spec
        The spec shared by all images, if the sink asked for it; None if there are none.
    split_folders
        By split, the name of its folder where that is another one.
    """

    payloads: Sequence[Payload]
    classes: Sequence[str]
    has_splits: bool
    spec: ImageSpec | None
    split_folders: Mapping[str, str] = field(default_factory=dict)

    def splits(self) -> list[str]:
        """Return the splits that have records, in the order of the plan."""
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
            The encoded file; the image's levels where the sink stores pixels.
        link_to
            The source file, if the record should be a link to it.

        Raises
        ------
        OutputError
            When it can't be written.
        """

    def remove(self, paths: Sequence[str]) -> None:
        """Take back what was written of a sample, whose records would be named `paths`.

        Files under these paths are removed when all chunks are done.
        """

    def close(self, name: str) -> str:
        """Put the output into its place; the chunk result is written after that.

        Parameters
        ----------
        name
            What the payload is called (:meth:`ChunkPlaces.payload`).

        Returns
        -------
        str
            The checksum of what `finish` will look for, "" where that is nothing.
        """

    def abandon(self) -> None:
        """Release everything: the run stops within this chunk."""


class Sink(Protocol):
    """A writer of records. It contains only settings, so that it can be sent to workers.

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
        The keys of ``output`` that this sink supports, of those that not every sink does.
    """

    name: ClassVar[str]
    one_file_per_record: ClassVar[bool]
    stores_pixels: ClassVar[bool]
    takes: ClassVar[frozenset[str]]

    def __init__(self, config: Config) -> None: ...

    def check(self, classes: Sequence[str], spec: ImageSpec | None) -> None:
        """Raise an error for a data set that can't be stored, before anything is made.

        Raises
        ------
        ConfigError
            With the setting that helps.
        """

    def open(self, folder: ConfinedFolder, places: ChunkPlaces) -> ChunkWriter:
        """Return a writer for one chunk.

        Parameters
        ----------
        folder
            The output folder; nothing is written beyond the places in it.
        places
            They are there already.
        """

    def finish(self, outputs: ChunkOutputs, into: Path) -> PathResolver | None:
        """Make the output files from the outputs of the chunks.

        Parameters
        ----------
        outputs
            The outputs of the chunks; they are only read, so that this step can be repeated.
        into
            An empty folder, whose content is moved to the output.

        Returns
        -------
        PathResolver or None
            None if records already have their final paths.
        """

    def reader(self, folder: ConfinedFolder) -> RecordReader:
        """Return what reads single records of a finished output, for a person to look at.

        It raises an InputError for a record that is not there, or holds no levels.
        """
