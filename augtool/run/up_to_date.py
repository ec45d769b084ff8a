"""Tells whether an output is whole, and was made from the sources as they are now.

A source that was last modified before the output was made is taken to be unchanged; others are
hashed.  Folders that have not changed since then, and hold as many files as were made, are taken to
hold these files; else each is looked for.  That makes a second run of a finished command cheap.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from augtool.core.records import Sample
from augtool.errors import InputError
from augtool.images.source_image import source_digest
from augtool.output import manifest
from augtool.output.dataset import MANIFEST, DatasetInfo
from augtool.plan.plan import Plan, Task
from augtool.run.chunk_results import ChunkSpan
from augtool.sources import Source

__all__ = ["changes_since", "fresh_spans", "missing_file", "missing_record"]


class _Clock:
    """Tells whether a sample's file was modified after a moment; packed files are asked once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._packed: dict[str, int] = {}

    def is_newer(self, sample: Sample, moment_ns: int) -> bool:
        path = self._source.path_of(sample)
        modified = self._packed.get(path)
        if modified is None:
            try:
                modified = os.stat(path).st_mtime_ns  # noqa: PTH116
            except OSError:
                return True
            if not self._source.has_files:
                self._packed[path] = modified
        return modified >= moment_ns


def changes_since(out: Path, plan: Plan, source: Source, *, checksum: bool) -> str | None:
    """Return in words which source is not what a finished output was made from, None for none.

    The listing and config are known to be the same. `checksum` hashes every source.
    """
    table = out / MANIFEST
    made_ns = table.stat().st_mtime_ns
    clock = _Clock(source)
    suspects = {
        sample.id: sample for sample in plan.samples if checksum or clock.is_newer(sample, made_ns)
    }
    for _, source_id, digest in manifest.read_sources(table) if suspects else ():
        sample = suspects.pop(source_id, None)
        if sample is not None:
            try:
                is_same = source_digest(source.read(sample)) == digest
            except InputError:
                is_same = False
            if not is_same:
                return f"{source_id} has changed"
    if suspects and not checksum:
        return f"{next(iter(suspects))} has changed"
    return None


def missing_file(out: Path, dataset: DatasetInfo) -> str | None:
    """Return in words which file that dataset.json describes is gone or another, None for none."""
    if manifest.digest_of(out / MANIFEST) != dataset.digest:
        return f"{MANIFEST} was changed after the run"
    for name, facts in dataset.files.items():
        try:
            size = (out / name).stat().st_size
        except OSError:
            return f"{name} is missing from the output"
        if size != facts.bytes:
            return f"{name} has {size:,} bytes instead of {facts.bytes:,}"
    return None


def missing_record(out: Path, plan: Plan, dataset: DatasetInfo) -> str | None:
    """Return in words which file of a finished output is gone, where each record has its own."""
    table = out / MANIFEST
    if _are_untouched(_folders(plan, out), dataset.written.records, table.stat().st_mtime_ns):
        return None
    for path, _, _ in manifest.read_sources(table):
        if not os.path.lexists(f"{out}/{path}"):
            return f"{path} is missing from the output"
    return None


def _folders(plan: Plan, out: Path) -> set[str]:
    """Return the folders that records lie in."""
    return {
        f"{out}/{plan.folder_of(sample)}/{sample.name.rpartition('/')[0]}"
        for sample in plan.samples
    }


def _are_untouched(folders: Iterable[str], count: int, moment_ns: int) -> bool:
    """Tell whether folders are older than a moment and hold `count` files together."""
    try:
        for folder in folders:
            # A copy of a folder may have its modification time, but is a change all the same.
            if os.stat(folder).st_ctime_ns >= moment_ns:  # noqa: PTH116
                return False
            with os.scandir(folder) as entries:
                count -= sum(not entry.is_dir(follow_symlinks=False) for entry in entries)
    except OSError:
        return False
    return count == 0


def fresh_spans(
    folder: Path, spans: Sequence[ChunkSpan], chunks: Iterable[Sequence[Task]], source: Source
) -> set[ChunkSpan]:
    """Return those of the finished spans whose sources were not modified since."""
    by_chunk: dict[int, list[ChunkSpan]] = {}
    for span in spans:
        by_chunk.setdefault(span.chunk, []).append(span)
    clock = _Clock(source)
    fresh: set[ChunkSpan] = set()
    for tasks in chunks:
        for span in by_chunk.get(tasks[0].chunk, ()):
            covered = tasks[span.position : span.position + span.length]
            made_ns = (folder / span.file_name).stat().st_mtime_ns
            if len(covered) == span.length and not any(
                clock.is_newer(task.sample, made_ns) for task in covered
            ):
                fresh.add(span)
    return fresh
