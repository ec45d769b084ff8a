"""Which files of a finished run can stay when it is brought up to date.

A record whose row, source and fingerprint are what they were keeps its file. The rows stay on disk:
in memory are a hash and an offset for each source.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from augtool.config.schema import Config
from augtool.core.hashed_texts import text_hash
from augtool.core.records import PreviousRecords, Record
from augtool.errors import InputError, OccupiedError
from augtool.output import manifest
from augtool.output.made_with import MadeWith
from augtool.storage.confined import ConfinedFolder
from augtool.storage.files import read_regular

__all__ = ["PreviousManifest", "render_fingerprints", "reusable", "size_if_intact"]


def render_fingerprints(config: Config, made_with: MadeWith) -> dict[str, str]:
    """Return, by class ("" for all others), what bytes depend on beside source and row."""
    beside = {"to", "stats", "shard_size", "shuffle", "class_mode", "metadata", "manifest"}
    output = config.output.model_dump(mode="json", exclude=beside)
    own_code, fingerprints = config.own_code, {}
    for name in ("", *config.per_class):
        pipeline = config.pipeline(name or None)
        level_changes = [transform.name for transform in pipeline.photometric]
        fingerprint = json.dumps(
            [output, repr(pipeline.warp_options), level_changes, own_code, made_with.of_images],
            sort_keys=True,
        )
        fingerprints[name] = hashlib.sha256(fingerprint.encode()).hexdigest()
    return fingerprints


def reusable(
    previous: PreviousRecords, folder: ConfinedFolder, fingerprint: str, wanted: Record
) -> tuple[Record, int] | None:
    """Return `wanted` with the SHA-256 and size of its file where that is in place, else None.

    `wanted` is complete but for the SHA-256.
    """
    if previous.fingerprint != fingerprint:
        return None
    for record in previous.records:
        complete = wanted._replace(sha256=record.sha256)
        # The label may change without a change of the file.
        if complete._replace(label=record.label) == record:
            size = size_if_intact(folder, record)
            return None if size is None else (complete, size)
    return None


def size_if_intact(folder: ConfinedFolder, record: Record, place: str | None = None) -> int | None:
    """Return the size of a record's file where it is what the row says, else None.

    An original may be a link to its source, which is then followed. `place` is where the file lies,
    None for its path.
    """
    place = place or record.path
    try:
        source = folder.link_end(place, record.path) if record.copy is None else None
        data = folder.read(place) if source is None else read_regular(os.fspath(source))
    except (InputError, OccupiedError, OSError):
        return None
    return len(data) if hashlib.sha256(data).hexdigest() == record.sha256 else None


class PreviousManifest:
    """The manifest of an earlier run, found by source.

    Parameters
    ----------
    path
        A manifest; the rows of one source follow one another.
    fingerprints
        From :func:`render_fingerprints`, of that run.
    """

    def __init__(self, path: Path, fingerprints: dict[str, str]) -> None:
        self._path = path
        self._fingerprints = fingerprints
        places = list(self._places())
        self._keys = np.array([key for key, _, _ in places], np.uint64)
        self._spans = np.array([span for _, *span in places], np.int64).reshape(-1, 2)
        order = np.argsort(self._keys, kind="stable")
        self._keys, self._spans = self._keys[order], self._spans[order]
        with path.open("rb") as file:
            self._header = file.readline()

    def _places(self) -> Iterator[tuple[int, int, int]]:
        """Yield key, offset and length of each source's rows."""
        with self._path.open("rb") as file:
            consumed = len(file.readline())
            lengths: list[int] = []

            def lines() -> Iterator[str]:
                for line in file:
                    lengths.append(len(line))
                    yield line.decode("utf-8", "surrogateescape")

            current, start = None, consumed
            for row in csv.reader(lines()):
                source = row[5]
                if source != current:
                    if current is not None:
                        yield text_hash(current), start, consumed - start
                    current, start = source, consumed
                consumed += sum(lengths)
                lengths.clear()
            if current is not None:
                yield text_hash(current), start, consumed - start

    def find(self, source: str, class_name: str) -> PreviousRecords | None:
        """Return the rows of a source, None where there are none."""
        at = int(np.searchsorted(self._keys, np.uint64(text_hash(source))))
        if at == len(self._keys) or self._keys[at] != text_hash(source):
            return None
        offset, length = self._spans[at].tolist()
        with self._path.open("rb") as file:
            file.seek(offset)
            rows = file.read(length)
        records = tuple(manifest.parse(self._header + rows))
        return PreviousRecords(
            records, self._fingerprints.get(class_name, self._fingerprints.get("", ""))
        )
