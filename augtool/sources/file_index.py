"""Where each image of a data set in shards is, found by its id."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from augtool.errors import InputError

__all__ = ["FileIndex", "Place"]

#: One is enough for all but one in 10**7 data sets; a few, where somebody made ids against it.
_SALTS = 8


class Place(NamedTuple):
    """Where an image is: its shard, its number there, and two numbers of the source's own."""

    shard: int
    number: int
    start: int
    size: int


class FileIndex:
    """Finds the place of an id. Small, because it is sent to every worker: 40 bytes an image.

    Parameters
    ----------
    ids, places
        All ids, and where each is.

    Raises
    ------
    InputError
        When two ids are the same, or have the same bytes.
    """

    def __init__(self, ids: Sequence[str], places: npt.NDArray[np.int64]) -> None:
        for self._salt in range(_SALTS):
            hashes = self._hashes(ids)
            order = np.argsort(hashes)
            self._keys = hashes[order]
            self._places = places[order]
            equal = np.flatnonzero(self._keys[1:] == self._keys[:-1])
            if not len(equal):
                return
        twice = ids[order[equal[0]]]
        raise InputError(f"{twice!r} is in the data set twice; rename one, or remove it")

    def place_of(self, sample_id: str) -> Place:
        """Return where an image is.

        Raises
        ------
        InputError
            When the data set has no such id.
        """
        key = np.uint64(self._hash(sample_id))
        at = int(np.searchsorted(self._keys, key))
        if at == len(self._keys) or self._keys[at] != key:
            raise InputError(
                f"there is no {sample_id!r} in the data set; use the data set it came from"
            )
        return Place(*self._places[at].tolist())

    def _hashes(self, ids: Sequence[str]) -> npt.NDArray[np.uint64]:
        return np.fromiter((self._hash(each) for each in ids), np.uint64, len(ids))

    def _hash(self, sample_id: str) -> int:
        data = sample_id.encode("utf-8", "surrogateescape")
        digest = hashlib.blake2b(data, digest_size=8, salt=self._salt.to_bytes(8, "little"))
        return int.from_bytes(digest.digest(), "little")
