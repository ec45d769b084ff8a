"""What a sink is: a writer of records, in two halves.

Workers write: each chunk opens a writer of its own, so that chunks never wait for one another.
The conductor finishes: when all chunks are there it assembles what they left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from augtool.config import Config
from augtool.core.geometry import Image

__all__ = ["ChunkWriter", "Entry", "Sink"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One record on its way into a sink.

    Parameters
    ----------
    path
        Where a tree would put it, below the output.
    data
        The encoded file; None where `link_to` stands for it.
    link_to
        The source's file, where the record is to be a link to it.
    pixels : ndarray of shape (H, W) or (H, W, C) in OpenCV's channel order
        The picture, for sinks that store arrays.
    """

    path: str
    data: bytes
    pixels: Image
    link_to: str | None = None


class ChunkWriter(Protocol):
    """Writes the records of one chunk, in a worker."""

    def write(self, entry: Entry) -> str:
        """Store a record and return what the manifest calls its path.

        Raises
        ------
        OutputError
            When it can't be written.
        """

    def remove(self, paths: Sequence[str]) -> None:
        """Take back records of this chunk, because their sample failed after all."""

    def close(self) -> None:
        """Make what was written durable for the part file that names it."""


class Sink(Protocol):
    """A writer of records. It holds settings only, so that it can be sent to workers."""

    name: ClassVar[str]
    #: Whether each record is a file of its own, so that an update can keep it.
    keeps_files: ClassVar[bool]

    def __init__(self, config: Config) -> None: ...

    def open(self, out: Path, scratch: Path) -> ChunkWriter:
        """Return a writer for one chunk; `scratch` is for files that are not yet finished."""
