"""Chunk results: what a finished chunk leaves, and the manifest that they make together.

A result is a file: its summary as one line of JSON, then manifest rows, sorted by class, source and
copy.  It appears by rename when its chunk is done: a result that is there is whole, which is all
that a run needs to go on after an interruption.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

from augtool.core import channel_stats
from augtool.core.records import ClassCounts, Failure, Record, SplitCounts
from augtool.errors import OutputError
from augtool.output.manifest import rows_csv, with_paths
from augtool.storage.files import clean_errors
from augtool.storage.json_fields import JsonFields

__all__ = [
    "ChunkResult",
    "ChunkSpan",
    "ChunkSummary",
    "Totals",
    "add_up",
    "find_chunk_results",
    "merge",
    "read_summary",
]


class ChunkSpan(NamedTuple):
    """Which tasks a result covers: `length` of them from `position` on, in one chunk."""

    chunk: int
    position: int
    length: int

    @property
    def file_name(self) -> str:
        """Name of the result's file; names sort as spans do."""
        return f"{self.chunk:08d}-{self.position:04d}-{self.length:04d}"

    @classmethod
    def parse(cls, name: str) -> ChunkSpan:
        """Return the span of a result's file name."""
        chunk, position, length = (int(number) for number in name.split("-"))
        return cls(chunk, position, length)


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
    """

    split: str
    counts: dict[str, ClassCounts]
    failures: list[Failure]
    missing: int
    sums: channel_stats.Sums
    segments: dict[str, int]

    @property
    def records(self) -> int:
        """Return how many records there are."""
        return ClassCounts.total(self.counts.values()).records

    @classmethod
    def parse(cls, line: bytes) -> ChunkSummary:
        """Return the summary that the first line of a result holds.

        Raises
        ------
        ValueError
            When it is not one.
        """
        fields = JsonFields.parse(line)
        return cls(
            split=fields.get("split", str),
            counts={
                name: ClassCounts(*numbers) for name, numbers in fields.lists("counts", int).items()
            },
            failures=[Failure(*texts) for texts in fields.rows("failures", str)],
            missing=fields.get("missing", int),
            sums=fields.lists("sums", int),
            segments=fields.mapping("segments", int),
        )

    def encode(self) -> bytes:
        """Return the line."""
        return json.dumps(self._asdict()).encode() + b"\n"


@dataclass(slots=True)
class ChunkResult:
    """What one call of a worker leaves: the records of one span, and where each was stored."""

    span: ChunkSpan
    split: str
    records: list[Record] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    missing: int = 0
    sums: channel_stats.Sums = field(default_factory=dict)

    def add(self, records: Iterable[tuple[Record, str]]) -> None:
        """Add records with their places."""
        for record, place in records:
            self.records.append(record)
            self.places.append(place)

    def encode(self, photometric: Sequence[str]) -> tuple[ChunkSummary, bytes]:
        """Return the summary, and the file's bytes; `photometric` as for the manifest's columns."""
        by_class: dict[str, list[int]] = {}
        for index, record in enumerate(self.records):
            by_class.setdefault(record.class_name, []).append(index)
        counts, segments = {}, {}
        for name in sorted(by_class):
            records = [self.records[index] for index in by_class[name]]
            places = [self.places[index] for index in by_class[name]]
            copies = sum(record.copy is not None for record in records)
            counts[name] = ClassCounts(len(records) - copies, copies)
            segments[name] = rows_csv(records, places, photometric)
        sizes = {name: len(segment) for name, segment in segments.items()}
        summary = ChunkSummary(self.split, counts, self.failures, self.missing, self.sums, sizes)
        return summary, summary.encode() + b"".join(segments.values())


@dataclass(slots=True)
class Totals:
    """What all results together say."""

    counts: SplitCounts = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    missing: int = 0
    sums: channel_stats.Sums = field(default_factory=dict)

    def add(self, summary: ChunkSummary) -> None:
        """Add one result."""
        of_split = self.counts.setdefault(summary.split, {})
        for name, counts in summary.counts.items():
            of_split[name] = ClassCounts.total((of_split.get(name, ClassCounts()), counts))
        self.failures += summary.failures
        self.missing += summary.missing
        channel_stats.add(self.sums, summary.sums)

    @property
    def records(self) -> int:
        """Return how many records were written."""
        return sum(
            counts.records for classes in self.counts.values() for counts in classes.values()
        )


def find_chunk_results(folder: Path) -> list[ChunkSpan]:
    """Return the spans of all results in a folder, sorted; none where it does not exist.

    A worker that dies between its result and its answer has its tasks done again, one by one: of
    spans that cover the same tasks, the first and longest counts.
    """
    if not folder.is_dir():
        return []
    spans = (ChunkSpan.parse(path.name) for path in folder.iterdir() if path.suffix != ".tmp")
    chosen: list[ChunkSpan] = []
    for span in sorted(spans, key=lambda span: (span.chunk, span.position, -span.length)):
        before = chosen[-1] if chosen else ChunkSpan(-1, 0, 0)
        if span.chunk != before.chunk or span.position >= before.position + before.length:
            chosen.append(span)
    return chosen


def read_summary(path: Path) -> ChunkSummary:
    """Return the summary of a result.

    Raises
    ------
    OutputError
        When it is damaged.
    """
    with clean_errors(path), path.open("rb") as file:
        return _summary_of(file, path)


def _summary_of(file: BinaryIO, path: Path) -> ChunkSummary:
    """Return the summary of an open result, leaving the file at its first row."""
    try:
        return ChunkSummary.parse(file.readline())
    except (ValueError, TypeError) as error:
        raise OutputError(
            f"{path}: is damaged ({error}); run the same command again with --overwrite"
        ) from error


def add_up(folder: Path, spans: Iterable[ChunkSpan]) -> Totals:
    """Return what the results say together."""
    total = Totals()
    for span in spans:
        total.add(read_summary(folder / span.file_name))
    return total


def merge(
    folder: Path, spans: Sequence[ChunkSpan], resolve: Callable[[int, str], str] | None = None
) -> Iterator[bytes]:
    """Yield the manifest's rows in its order: split, class, source, copy.

    Within a class the results follow one another, because the plan is sorted by source there; so
    the rows of one class are the segments of all results in turn, and nothing is held in memory.
    `resolve` turns the number of a span and a place in its result into the final path; None where
    places are final paths.
    """
    segments: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
    for number, span in enumerate(spans):
        path = folder / span.file_name
        with clean_errors(path), path.open("rb") as file:
            summary = _summary_of(file, path)
            offset = file.tell()
        for name, size in summary.segments.items():
            segments.setdefault((summary.split, name), []).append((number, offset, size))
            offset += size
    for key in sorted(segments):
        for number, offset, size in segments[key]:
            path = folder / spans[number].file_name
            with clean_errors(path), path.open("rb") as file:
                file.seek(offset)
                rows = file.read(size)
            if len(rows) != size:
                raise OutputError(
                    f"{path}: is cut off; run the same command again with --overwrite"
                )
            yield with_paths(rows, partial(resolve, number)) if resolve else rows
