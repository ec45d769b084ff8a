"""Tells whether what is in the output was made from the sources as they are now.

A source that was last modified before the output was made is taken to be unchanged; others are
hashed.  That is what makes a second run of a finished command cheap.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from augtool import manifest
from augtool.errors import InputError
from augtool.parts import Span
from augtool.picture import source_digest
from augtool.plan import Plan, Task
from augtool.sources import Sample, Source
from augtool.workspace import MANIFEST

__all__ = ["changes_since", "fresh_spans", "missing_file"]


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
    """Return what differs from a finished output, in words; None when it is up to date.

    Its listing and config are known to be the same. `checksum` hashes every source.
    """
    table = out / MANIFEST
    made_ns = table.stat().st_mtime_ns
    clock = _Clock(source)
    suspects = {
        sample.id: sample for sample in plan.samples if checksum or clock.is_newer(sample, made_ns)
    }
    for record in manifest.read(table):
        if not os.path.lexists(manifest.file_of(out, record.path)):
            return f"{record.path} is missing from the output"
        sample = suspects.pop(record.source, None)
        if sample is not None:
            try:
                is_same = source_digest(source.read(sample)) == record.source_sha256
            except InputError:
                is_same = False
            if not is_same:
                return f"{record.source} has changed"
    if suspects and not checksum:
        return f"{next(iter(suspects))} has changed"
    return None


def missing_file(out: Path, dataset: dict[str, Any]) -> str | None:
    """Return, in words, the first file of dataset.json that is gone or of another size."""
    for name, facts in dataset.get("files", {}).items():
        try:
            size = (out / name).stat().st_size
        except OSError:
            return f"{name} is missing from the output"
        if size != facts["bytes"]:
            return f"{name} has {size:,} bytes instead of {facts['bytes']:,}"
    return None


def fresh_spans(
    folder: Path, spans: Sequence[Span], chunks: Iterable[Sequence[Task]], source: Source
) -> set[Span]:
    """Return those of the finished spans whose sources were not modified since."""
    by_chunk: dict[int, list[Span]] = {}
    for span in spans:
        by_chunk.setdefault(span.chunk, []).append(span)
    clock = _Clock(source)
    fresh: set[Span] = set()
    for tasks in chunks:
        for span in by_chunk.get(tasks[0].chunk, ()):
            covered = tasks[span.position : span.position + span.length]
            made_ns = (folder / span.file_name).stat().st_mtime_ns
            if len(covered) == span.length and not any(
                clock.is_newer(task.sample, made_ns) for task in covered
            ):
                fresh.add(span)
    return fresh
