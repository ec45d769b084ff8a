"""What tells the bytes of a source from any others, compared as equal.

Of a file that is its size and modification time, in an object store its etag and size.  Never as
older or newer than something else: sources and output may lie on two servers, with two clocks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable

from augtool.core.records import Sample
from augtool.sources import Source
from augtool.storage.files import file_stamp

__all__ = ["Stamps", "stamps_digest"]


class Stamps:
    """The stamps of a source's samples as they are now; a packed file is asked once.

    Parameters
    ----------
    source
        Where the samples are read from.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._packed: dict[str, str] = {}

    def of(self, sample: Sample) -> str:
        """Return a text without spaces that differs where the bytes do; "" where there is none."""
        if version := self._source.version_of(sample):
            return version
        path = self._source.path_of(sample)
        if self._source.has_files:
            return file_stamp(path)
        if path not in self._packed:
            self._packed[path] = file_stamp(path)
        return self._packed[path]


def stamps_digest(source: Source, samples: Iterable[Sample], failed: Container[str]) -> str:
    """Return the SHA-256 of the stamps of remote samples but those that failed; "" without any."""
    state, has_stamps = hashlib.sha256(), False
    for sample in samples:
        stamp = source.version_of(sample)
        if stamp is None:
            return ""  # of all that the source has, times tell
        if stamp and sample.id not in failed:
            has_stamps = True
            state.update(f"{sample.id}\0{stamp}\n".encode("utf-8", "surrogateescape"))
    return state.hexdigest() if has_stamps else ""
