"""Finds images with the same bytes, reading no more than necessary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from augtool.core.grouping import equal_groups, places_by_key
from augtool.core.records import Sample
from augtool.core.texts import numbers
from augtool.errors import InputError
from augtool.images.source_image import source_digest
from augtool.sources import Source
from augtool.sources.files_below import FilesBelow
from augtool.storage.data_folder import DataFolder

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
    if isinstance(source, FilesBelow):
        indices = _alike(source.folder, samples, indices)
    return equal_groups(indices, lambda index: _content(source, samples[index]))


def _alike(folder: DataFolder, samples: Sequence[Sample], indices: Iterable[int]) -> list[int]:
    """Return the indices of files that others have the size and the end of, to be read next."""
    found: list[int] = []
    places = np.fromiter(indices, np.uint32)
    sizes = np.fromiter((_size(folder, samples[each]) for each in numbers(places)), np.int64)
    for size, same_size in places_by_key(sizes):
        if size < 0 or len(same_size) < 2:
            continue
        for same_end in equal_groups(
            numbers(places, same_size), lambda index: folder.tail(samples[index].id, _TAIL_BYTES)
        ):
            found += same_end
    folder.expect(samples[index].id for index in found)
    return found


def _size(folder: DataFolder, sample: Sample) -> int:
    """Return the size of a file, -1 where it isn't known."""
    size = folder.size(sample.id)
    return -1 if size is None else size


def _content(source: Source, sample: Sample) -> str | None:
    try:
        return source_digest(source.read(sample))
    except InputError:
        return None
