"""Finds duplicate images: the same bytes, or the same look. Pure.

Two images look the same when their 64-bit perceptual hashes differ in at most two bits and
their 8 x 8 thumbnails by a few levels.  The hash finds candidates without comparing all with all:
of three parts of it, one must be equal (multi-index hashing), so sorting by each part brings
candidates together.  The thumbnail separates images that are merely similar, above all digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from augtool.core.geometry import Image
from augtool.core.grouping import DisjointSets, equal_groups

__all__ = [
    "MOST_BITS",
    "MOST_IN_A_CELL",
    "MOST_LEVELS",
    "PerceptualHash",
    "perceptual_hash",
    "near_groups",
]

#: Images look the same if at most this many bits of the hash differ ...
MOST_BITS = 2
#: ... and their thumbnails differ by at most this many levels of 255 on average ...
MOST_LEVELS = 4.0
#: ... and this many in any one cell: strokes of digits move within few cells.
MOST_IN_A_CELL = 20
_SIDE, _LOW, _THUMB = 32, 8, 8
#: Every third bit belongs to the same part, so that no part has all of the coarse structure.
_PARTS = tuple(
    np.uint64(sum(1 << bit for bit in range(start, 64, MOST_BITS + 1)))
    for start in range(MOST_BITS + 1)
)

Indices = npt.NDArray[np.intp]


class PerceptualHash(NamedTuple):
    """The look of an image: perceptual hash, and the bytes of an 8 x 8 colour thumbnail."""

    hash: int
    thumbnail: bytes


def perceptual_hash(image: Image) -> PerceptualHash:
    """Return the look of an image.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), uint8

    Notes
    -----
    The hash is pHash: the signs of the 8 x 8 lowest cosine coefficients of the 32 x 32 gray
    image against their median, without the mean.
    """
    small = cv2.resize(image, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    gray = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
    low = cv2.dct(gray)[:_LOW, :_LOW].ravel()
    low[0] = 0  # the mean: brightness alone does not make a different image
    bits = np.packbits(low > np.median(low))
    thumbnail = cv2.resize(small, (_THUMB, _THUMB), interpolation=cv2.INTER_AREA)
    return PerceptualHash(int.from_bytes(bits.tobytes(), "big"), thumbnail.tobytes())


def near_groups(looks: Sequence[PerceptualHash]) -> list[list[int]]:
    """Return the positions of images that look the same, in groups; a chain is one group."""
    if len(looks) < 2:
        return []
    different = {look: number for number, look in enumerate(dict.fromkeys(looks))}
    hashes = np.array([look.hash for look in different], np.uint64)
    thumbnails = np.frombuffer(b"".join(look.thumbnail for look in different), np.uint8)
    thumbnails = thumbnails.reshape(len(different), -1)
    sets = DisjointSets[int]()
    for part in _PARTS:
        for ones, others in _candidates(hashes, part):
            close = _alike(thumbnails, ones, others)
            for one, other in zip(ones[close].tolist(), others[close].tolist()):
                sets.join(one, other)
    roots = [sets.root_of(different[look]) for look in looks]
    return equal_groups(range(len(looks)), roots.__getitem__)


def _candidates(
    hashes: npt.NDArray[np.uint64], part: np.uint64
) -> Iterator[tuple[Indices, Indices]]:
    """Yield pairs that are equal in one part of the hash and close in all of it.

    Sorted by the part, equals are neighbours: they are compared at distance 1, 2, ... until no
    two that far apart are equal any more.
    """
    keys = hashes & part
    order = np.argsort(keys, kind="stable")
    keys, hashes = keys[order], hashes[order]
    left: Indices = np.arange(len(order) - 1)
    distance = 1
    while left.size:
        left = left[left + distance < len(order)]
        left = left[keys[left] == keys[left + distance]]
        bits: Any = np.bitwise_count(hashes[left] ^ hashes[left + distance])
        near = left[bits <= MOST_BITS]
        if near.size:
            yield order[near], order[near + distance]
        distance += 1


def _alike(thumbnails: Image, ones: Indices, others: Indices) -> npt.NDArray[np.bool_]:
    apart = np.abs(thumbnails[ones].astype(np.int16) - thumbnails[others])
    alike: npt.NDArray[np.bool_] = apart.max(axis=1) <= MOST_IN_A_CELL
    alike &= apart.mean(axis=1) <= MOST_LEVELS
    return alike
