"""Finds and reads the chunk results in a workspace, and merges their rows into a manifest."""

from __future__ import annotations

import bisect
import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

from augtool.errors import OutputError
from augtool.output.manifest_rows import with_paths
from augtool.run.chunk_results import CHECKSUM_LENGTH, ChunkSpan, ChunkSummary, Totals, checksum
from augtool.storage.confined import ConfinedFolder
from augtool.storage.files import clean_errors

__all__ = [
    "add_up",
    "all_chunk_results",
    "find_chunk_results",
    "merge",
    "read_result",
    "read_summary",
]


def find_chunk_results(folder: ConfinedFolder, path: str) -> list[ChunkSpan]:
    """Return the spans of the results in a folder that count, sorted; none where it does not exist.

    A worker that dies between its result and its answer has its tasks done again, one by one, and
    two processes may have done the same: of spans that overlap, those count that together cover
    the most tasks.
    """
    by_chunk: dict[int, list[ChunkSpan]] = {}
    for span in all_chunk_results(folder, path):
        by_chunk.setdefault(span.chunk, []).append(span)
    return [span for chunk in sorted(by_chunk) for span in _widest(by_chunk[chunk])]


def all_chunk_results(folder: ConfinedFolder, path: str) -> list[ChunkSpan]:
    """Return the spans of all results in a folder."""
    spans = []
    for name in folder.names(path):
        with contextlib.suppress(ValueError):  # not ours
            spans.append(ChunkSpan.parse(name))
    return spans


def _widest(spans: list[ChunkSpan]) -> list[ChunkSpan]:
    """Return the spans of one chunk that don't overlap and cover the most tasks, sorted.

    Of equal covers that of the fewest spans. (Weighted interval scheduling: `best[n]` is the best
    cover by the n spans that end first, and the last span in it with what comes before.)
    """
    spans = sorted(spans, key=lambda span: (span.end, -span.length))
    ends = [span.end for span in spans]
    best: list[tuple[int, int]] = [(0, 0)]  # tasks, and spans counted down
    last: list[tuple[ChunkSpan, int] | None] = [None]
    for number, span in enumerate(spans):
        before = bisect.bisect_right(ends, span.position, hi=number)
        with_it = best[before][0] + span.length, best[before][1] - 1
        is_better = with_it > best[number]
        best.append(with_it if is_better else best[number])
        last.append((span, before) if is_better else last[number])
    chosen = []
    step = last[-1]
    while step is not None:
        chosen.append(step[0])
        step = last[step[1]]
    return chosen[::-1]


def read_result(folder: ConfinedFolder, path: str) -> tuple[ChunkSummary, bytes]:
    """Return the summary and the rows of a result, compared with its checksum.

    Raises
    ------
    ValueError
        When it is damaged.
    """
    check, _, body = folder.read(path).partition(b" ")
    if check != checksum(body):
        raise ValueError("its checksum does not fit")
    head, _, rows = body.partition(b"\n")
    summary = ChunkSummary.parse(head)
    if sum(summary.segments.values()) != len(rows):
        raise ValueError("its rows are not all there")
    return summary, rows


def read_summary(folder: ConfinedFolder, path: str) -> ChunkSummary:
    """Return the summary of a result that this run has made or looked at.

    Raises
    ------
    OutputError
        When it was damaged meanwhile.
    """
    with clean_errors(folder.path_of(path)), folder.open(path) as file:
        return _summary_of(file, folder.path_of(path))


def _summary_of(file: BinaryIO, path: Path) -> ChunkSummary:
    """Return the summary of an open result, leaving the file at its first row."""
    try:
        return ChunkSummary.parse(file.readline().partition(b" ")[2])
    except (ValueError, TypeError) as error:
        raise OutputError(
            f"{path}: was damaged while the run worked ({error}); run the same command again"
        ) from error


def add_up(folder: ConfinedFolder, path: str, spans: Iterable[ChunkSpan]) -> Totals:
    """Return what the results say together."""
    total = Totals()
    for span in spans:
        total.add(read_summary(folder, f"{path}/{span.file_name}"))
    return total


def merge(
    folder: ConfinedFolder,
    path: str,
    spans: Sequence[ChunkSpan],
    resolve: Callable[[int, str], str] | None = None,
) -> Iterator[bytes]:
    """Yield the manifest's rows in its order: split, class, source, copy.

    Within a class the results follow one another, because the plan is sorted by source there; so
    the rows of one class are the segments of all results in turn, and nothing is held in memory.
    `resolve` turns the number of a span and a place in its result into the final path; None where
    places are final paths.
    """
    segments: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
    checks = []
    for number, span in enumerate(spans):
        place = f"{path}/{span.file_name}"
        with clean_errors(folder.path_of(place)), folder.open(place) as file:
            checks.append(file.read(CHECKSUM_LENGTH))
            summary = _summary_of(file, folder.path_of(place))
            offset = file.tell()
        for name, size in summary.segments.items():
            segments.setdefault((summary.split, name), []).append((number, offset, size))
            offset += size
    for key in sorted(segments):
        for number, offset, size in segments[key]:
            place = f"{path}/{spans[number].file_name}"
            with clean_errors(folder.path_of(place)), folder.open(place) as file:
                check = file.read(CHECKSUM_LENGTH)
                file.seek(offset)
                rows = file.read(size)
            if len(rows) != size or check != checks[number]:
                raise OutputError(
                    f"{folder.path_of(place)}: was changed while the run worked; run the same"
                    " command again"
                )
            yield with_paths(rows, partial(resolve, number)) if resolve else rows
