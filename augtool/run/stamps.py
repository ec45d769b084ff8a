"""What tells the bytes of a remote source from any others: its etag and size, compared as equal.

Never as older or newer than something else: a store and an output have two clocks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable

from augtool.core.records import Sample
from augtool.sources import Source

__all__ = ["stamp_of", "stamps_digest"]


def stamp_of(source: Source, sample: Sample) -> str:
    """Return a text without spaces that differs where the bytes do; "" where there is none."""
    return "".join((source.version_of(sample) or "").split())


def stamps_digest(source: Source, samples: Iterable[Sample], failed: Container[str]) -> str:
    """Return the SHA-256 of the stamps of all samples but those that failed; "" without stamps."""
    state, has_stamps = hashlib.sha256(), False
    for sample in samples:
        if sample.id not in failed and (stamp := stamp_of(source, sample)):
            has_stamps = True
            state.update(f"{sample.id}\0{stamp}\n".encode("utf-8", "surrogateescape"))
    return state.hexdigest() if has_stamps else ""
