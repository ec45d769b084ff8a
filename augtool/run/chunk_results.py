"""Chunk results: what a finished chunk leaves, and the manifest that they make together.

A part is one line of JSON (counts, failures, statistics, and how many bytes each class takes)
followed by manifest rows, sorted by class, source and copy.  It appears by rename when its chunk is
done: a part that is there is whole, which is all that a run needs to go on after an interruption.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from augtool.core import channel_stats
from augtool.core.records import Failure, Record
from augtool.errors import OutputError
from augtool.output.manifest import rows_csv, with_paths
from augtool.storage.files import clean_errors

__all__ = [
    "ChunkResult",
    "ChunkSpan",
    "Totals",
    "find_chunk_results",
    "merge",
    "read_head",
    "add_up",
]


class ChunkSpan(NamedTuple):
    """Which tasks a part covers: `length` of them from `position` on, in one chunk of the plan."""

    chunk: int
    position: int
    length: int

    @property
    def file_name(self) -> str:
        """Name of the part file; names sort as spans do."""
        return f"{self.chunk:08d}-{self.position:04d}-{self.length:04d}"

    @classmethod
    def parse(cls, name: str) -> ChunkSpan:
        """Return the span of a part file's name."""
        chunk, position, length = (int(number) for number in name.split("-"))
        return cls(chunk, position, length)


@dataclass(slots=True)
class ChunkResult:
    """What one call of a worker leaves."""

    span: ChunkSpan
    split: str
    records: list[Record] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    missing: int = 0
    sums: channel_stats.Sums = field(default_factory=dict)

    def encode(self, photometric: Sequence[str]) -> tuple[dict[str, Any], bytes]:
        """Return what is known of the part without its rows, and the part file's bytes."""
        by_class: dict[str, list[Record]] = {}
        for record in self.records:
            by_class.setdefault(record.class_name, []).append(record)
        counts = {}
        for name, records in by_class.items():
            copies = sum(record.copy is not None for record in records)
            counts[name] = [len(records) - copies, copies]
        head = {
            "split": self.split,
            "counts": counts,
            "failures": [list(failure) for failure in self.failures],
            "missing": self.missing,
            "sums": self.sums,
        }
        segments = {name: rows_csv(by_class[name], photometric) for name in sorted(by_class)}
        sizes = {name: len(segment) for name, segment in segments.items()}
        line = json.dumps({**head, "segments": sizes}).encode() + b"\n"
        return head, line + b"".join(segments.values())


@dataclass(slots=True)
class Totals:
    """What all parts together say."""

    counts: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    missing: int = 0
    sums: channel_stats.Sums = field(default_factory=dict)

    def add(self, head: dict[str, Any]) -> None:
        """Add one part's head."""
        of_split = self.counts.setdefault(head["split"], {})
        for name, (originals, copies) in head["counts"].items():
            mine = of_split.get(name, [0, 0])
            of_split[name] = [mine[0] + originals, mine[1] + copies]
        self.failures += [Failure(*each) for each in head["failures"]]
        self.missing += head["missing"]
        channel_stats.add(self.sums, head["sums"])

    @property
    def originals(self) -> int:
        """Number of originals that were written."""
        return sum(each[0] for split in self.counts.values() for each in split.values())

    @property
    def copies(self) -> int:
        """Number of copies that were written."""
        return sum(each[1] for split in self.counts.values() for each in split.values())


def find_chunk_results(folder: Path) -> list[ChunkSpan]:
    """Return the spans of all parts in a folder, sorted; none where it does not exist.

    A worker that dies between its part and its answer has its tasks done again, one by one: of
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


def read_head(file: BinaryIO) -> dict[str, Any]:
    """Return the head of an open part file, leaving the file at its first row."""
    head: dict[str, Any] = json.loads(file.readline())
    return head


def add_up(folder: Path, spans: Iterable[ChunkSpan]) -> Totals:
    """Return what the parts say together."""
    total = Totals()
    for span in spans:
        with (folder / span.file_name).open("rb") as file:
            total.add(read_head(file))
    return total


def merge(
    folder: Path, spans: Sequence[ChunkSpan], resolve: Callable[[int, str], str] | None = None
) -> Iterator[bytes]:
    """Yield the manifest's rows in its order: split, class, source, copy.

    Within a class the parts follow one another, because the plan is sorted by source there; so the
    rows of one class are the segments of all parts in turn, and nothing is held in memory.
    `resolve` turns the number of a span and a path in its part into the final path; None where
    paths are final.
    """
    segments: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
    for number, span in enumerate(spans):
        with (folder / span.file_name).open("rb") as file:
            head = read_head(file)
            offset = file.tell()
        for name, size in head["segments"].items():
            segments.setdefault((head["split"], name), []).append((number, offset, size))
            offset += size
    for key in sorted(segments):
        for number, offset, size in segments[key]:
            path = folder / spans[number].file_name
            with clean_errors(path), path.open("rb") as file:
                file.seek(offset)
                rows = file.read(size)
            if len(rows) != size:
                raise OutputError(f"{path}: is cut off; give the command again with --overwrite")
            yield with_paths(rows, partial(resolve, number)) if resolve else rows
