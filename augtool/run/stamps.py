"""What tells the bytes of a source from any others, compared as equal.

Of a file that is its size and modification time, in an object store its etag and size.  Never as
older or newer than something else: sources and output may lie on two servers, with two clocks.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Container, Iterable

from augtool.core.records import Sample
from augtool.sources import Source

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
        if remote := _remote_stamp(self._source, sample):
            return remote
        path = self._source.path_of(sample)
        if self._source.has_files:
            return _file_stamp(path)
        if path not in self._packed:
            self._packed[path] = _file_stamp(path)
        return self._packed[path]


def _file_stamp(path: str) -> str:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return ""
    return f"{status.st_size}-{status.st_mtime_ns}"


def _remote_stamp(source: Source, sample: Sample) -> str:
    return "".join((source.version_of(sample) or "").split())


def stamps_digest(source: Source, samples: Iterable[Sample], failed: Container[str]) -> str:
    """Return the SHA-256 of the stamps of remote samples but those that failed; "" without any."""
    state, has_stamps = hashlib.sha256(), False
    for sample in samples:
        if source.version_of(sample) is None:
            return ""  # of all that the source has, times tell
        if sample.id not in failed and (stamp := _remote_stamp(source, sample)):
            has_stamps = True
            state.update(f"{sample.id}\0{stamp}\n".encode("utf-8", "surrogateescape"))
    return state.hexdigest() if has_stamps else ""
