"""Chunk results: what a finished chunk leaves, and the manifest that they make together.

A result is a file: a checksum and its summary in one line, then manifest rows, sorted by class,
source and copy.  It appears by rename when its chunk is done, which is all that a run needs to go
on after an interruption; if its checksum does not fit, or a file is gone, it is made again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from typing import NamedTuple

from augtool.core import channel_stats
from augtool.core.records import ClassCounts, Failure, Record, SplitCounts
from augtool.output.manifest_rows import rows_csv
from augtool.storage.json_fields import JsonFields

__all__ = [
    "CHECKSUM_LENGTH",
    "ChunkResult",
    "ChunkSpan",
    "ChunkSummary",
    "StoredRecord",
    "Totals",
    "checksum",
]

#: Of a result or payload, in characters.
CHECKSUM_LENGTH = 64


class ChunkSpan(NamedTuple):
    """Which tasks a result covers: `length` of them from `position` on, in one chunk."""

    chunk: int
    position: int
    length: int

    @property
    def file_name(self) -> str:
        """Name of the result's file; names sort as spans do."""
        return f"{self.chunk:08d}-{self.position:04d}-{self.length:04d}"

    @property
    def end(self) -> int:
        """Position of the first task after it."""
        return self.position + self.length

    @classmethod
    def parse(cls, name: str) -> ChunkSpan:
        """Return the span of a result's file name.

        Raises
        ------
        ValueError
            When it is not one.
        """
        chunk, position, length = (int(number) for number in name.split("-"))
        span = cls(chunk, position, length)
        if span.file_name != name:
            raise ValueError(f"{name!r} is not the name of a result")
        return span


class ChunkSummary(NamedTuple):
    """What is known of a chunk's result without its rows.

    Parameters
    ----------
    split
        Of all its records.
    counts
        Records by class.
    failures
        Inputs that could not be used.
    missing
        Records of the plan that are missing because of them.
    sums
        Of the training originals, for mean and std.
    segments
        How many bytes the rows of each class take, in the order in which they follow.
    stored_bytes
        How many bytes the records' own files take together.
    payload
        Checksum of what the sink keeps of them until the end, "" where that is nothing.
    stamps
        Those of its sources (:mod:`augtool.run.stamps`), in the order of tasks, with spaces
        between.
    """

    split: str
    counts: dict[str, ClassCounts]
    failures: list[Failure]
    missing: int
    sums: channel_stats.Sums
    segments: dict[str, int]
    stored_bytes: int = 0
    payload: str = ""
    stamps: str = ""

    @property
    def records(self) -> int:
        """Return how many records there are."""
        return ClassCounts.total(self.counts.values()).records

    @classmethod
    def parse(cls, data: bytes) -> ChunkSummary:
        """Return the summary in JSON.

        Raises
        ------
        ValueError
            When it is not one.
        """
        fields = JsonFields.parse(data)
        return cls(
            split=fields.get("split", str),
            counts={
                name: ClassCounts(*numbers) for name, numbers in fields.lists("counts", int).items()
            },
            failures=[Failure(*texts) for texts in fields.rows("failures", str)],
            missing=fields.get("missing", int),
            sums=fields.lists("sums", int),
            segments=fields.mapping("segments", int),
            stored_bytes=fields.get("stored_bytes", int),
            payload=fields.get("payload", str),
            stamps=fields.get("stamps", str),
        )

    def encode(self) -> bytes:
        """Return the summary in JSON."""
        return json.dumps(self._asdict()).encode()


class StoredRecord(NamedTuple):
    """A record, the place that its sink gave it, and the size of its own file in bytes."""

    record: Record
    place: str
    size: int


@dataclass(slots=True)
class ChunkResult:
    """What one call of a worker leaves: the records of one span, by class."""

    span: ChunkSpan
    split: str
    stored: dict[str, list[StoredRecord]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    missing: int = 0
    sums: channel_stats.Sums = field(default_factory=dict)
    payload: str = ""
    stamps: list[str] = field(default_factory=list)

    def add(self, class_name: str, stored: Sequence[StoredRecord]) -> None:
        """Add the records of a sample, if it has any."""
        if stored:
            self.stored.setdefault(class_name, []).extend(stored)

    def encode(self, photometric: Sequence[str]) -> tuple[ChunkSummary, bytes]:
        """Return the summary, and the file's bytes; `photometric` as for the manifest's columns."""
        counts, segments, stored_bytes = {}, {}, 0
        for name, stored in sorted(self.stored.items()):
            records, places, sizes = zip(*stored)
            copies = sum(record.copy is not None for record in records)
            counts[name] = ClassCounts(len(records) - copies, copies)
            segments[name] = rows_csv(records, places, photometric)
            stored_bytes += sum(sizes)
        summary = ChunkSummary(
            self.split,
            counts,
            self.failures,
            self.missing,
            self.sums,
            {name: len(segment) for name, segment in segments.items()},
            stored_bytes,
            self.payload,
            " ".join(self.stamps),
        )
        body = b"\n".join((summary.encode(), b"".join(segments.values())))
        return summary, checksum(body) + b" " + body


@dataclass(slots=True)
class Totals:
    """What all results together say."""

    counts: SplitCounts = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    missing: int = 0
    sums: channel_stats.Sums = field(default_factory=dict)
    stored_bytes: int = 0

    def add(self, summary: ChunkSummary) -> None:
        """Add one result."""
        self.stored_bytes += summary.stored_bytes
        of_split = self.counts.setdefault(summary.split, {})
        for name, counts in summary.counts.items():
            of_split[name] = ClassCounts.total((of_split.get(name, ClassCounts()), counts))
        self.failures += summary.failures
        self.missing += summary.missing
        channel_stats.add(self.sums, summary.sums)

    @property
    def records(self) -> int:
        """Return how many records were written."""
        return self._total().records

    @property
    def originals(self) -> int:
        """Return how many of them are originals."""
        return self._total().originals

    def _total(self) -> ClassCounts:
        classes = (of_split.values() for of_split in self.counts.values())
        return ClassCounts.total(chain.from_iterable(classes))


def checksum(data: bytes) -> bytes:
    """Return the checksum of a result or payload, in hexadecimal."""
    return sha256(data).hexdigest().encode()
