"""Finds images with the same bytes, reading no more than necessary."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from augtool.core.grouping import equal_groups
from augtool.core.records import Sample
from augtool.errors import InputError
from augtool.images.source_image import source_digest
from augtool.sources import Source
from augtool.storage.descriptors import open_to_read, read_at

__all__ = ["find_exact_duplicates"]

#: The end of a file distinguishes images better than its beginning, where headers are alike.
_TAIL_BYTES = 4096


def find_exact_duplicates(
    source: Source, samples: Sequence[Sample], indices: Iterable[int]
) -> list[list[int]]:
    """Return the indices of samples with the same bytes, one list per repeated content.

    Files are compared by size, then by their ends, then as a whole; images of packed formats by
    their pixels. One that can't be read has no duplicates; it is reported later as a failure.
    """
    if not source.has_files:
        return equal_groups(indices, lambda index: _content(source, samples[index]))
    found: list[list[int]] = []
    for same_size in equal_groups(indices, lambda index: _size(source.path_of(samples[index]))):
        for same_end in equal_groups(
            same_size, lambda index: _tail(source.path_of(samples[index]))
        ):
            found += equal_groups(same_end, lambda index: _content(source, samples[index]))
    return found


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except OSError:
        return None


def _tail(path: str) -> bytes | None:
    try:
        fd = open_to_read(path)
    except OSError:
        return None
    try:
        size = os.fstat(fd).st_size
        return read_at(fd, _TAIL_BYTES, max(0, size - _TAIL_BYTES))
    except OSError:
        return None
    finally:
        os.close(fd)


def _content(source: Source, sample: Sample) -> str | None:
    try:
        return source_digest(source.read(sample))
    except InputError:
        return None
