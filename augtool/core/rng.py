"""Uniform numbers that depend only on what they are for: there is no generator, and no state.

A number is Threefry-2x64-20 of (copy, place) under the key (sample word, name word).  So a draw
depends neither on the order of work nor on what else is drawn, and a million of them are a few
dozen operations on arrays.  Only whole numbers of 64 bits are added, rotated and combined, which
every machine does alike; NumPy promises its own generators' streams for one build only.

J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

__all__ = ["Words", "sample_word", "shuffle_key", "shuffle_keys", "threefry", "uniforms"]

#: 64-bit words.
Words = npt.NDArray[np.uint64]

_ROTATIONS = (16, 42, 12, 31, 16, 32, 24, 21)
_PARITY = np.uint64(0x1BD11BDAA9FC1A22)
_ROUNDS = 20
_TO_UNIT = 2.0**-53


def sample_word(seed: int, sample_id: str) -> int:
    """Return the 64 bits that all draws of a sample have as the first half of their key.

    >>> hex(sample_word(0, "cat/1.jpg"))
    '0x6e6c7505cb12275e'
    """
    return _word(f"{seed}\0{sample_id}")


def shuffle_key(seed: int, purpose: str, sample_id: str) -> int:
    """Return a 64-bit number that orders samples as if shuffled, for one `purpose`."""
    return _word(f"{seed}\0{sample_id}\0{purpose}")


def shuffle_keys(seed: int, purpose: str, sample_ids: Iterable[bytes], count: int) -> Words:
    """Return :func:`shuffle_key` of `count` ids in UTF-8, as an array of shape (count,)."""
    start, end = f"{seed}\0".encode(), f"\0{purpose}".encode()
    digests = (blake2b(start + each + end, digest_size=8).digest() for each in sample_ids)
    return np.fromiter(digests, "S8", count).view("<u8").astype(np.uint64, copy=False)


def uniforms(
    samples: Words, copies: Words, names: Sequence[tuple[str, int]]
) -> list[npt.NDArray[np.float64]]:
    """Return uniform numbers in [0, 1) for many copies at once.

    Each is made of the upper 53 bits of a word.  Number k of a copy depends on its sample's word,
    the copy, the name and k.

    Parameters
    ----------
    samples, copies : ndarray of shape (n,), uint64
        For each copy, its sample's word (:func:`sample_word`) and its number.
    names
        Names, and how many numbers each takes.

    Returns
    -------
    list of ndarray of shape (count, n), float64
        One for each name.
    """
    if not names:
        return []
    word = np.array([_name_word(name) for name, count in names for _ in range(count)], np.uint64)
    place = np.array([k for _, count in names for k in range(count)], np.uint64)
    shape = (len(word), len(samples))
    drawn, _ = threefry(
        (np.broadcast_to(samples, shape), word[:, np.newaxis]),
        (np.broadcast_to(copies, shape), np.broadcast_to(place[:, np.newaxis], shape)),
    )
    ends = np.cumsum([count for _, count in names])[:-1]
    return np.split((drawn >> np.uint64(11)) * _TO_UNIT, ends)


def threefry(key: tuple[Words, Words], counter: tuple[Words, Words]) -> tuple[Words, Words]:
    """Return the two words of Threefry-2x64-20 of `counter` under `key`, elementwise.

    Parameters
    ----------
    key, counter : tuple of two ndarrays, uint64
        Of shapes that broadcast.
    """
    keys = (*key, key[0] ^ key[1] ^ _PARITY)
    x, y = counter[0] + key[0], counter[1] + key[1]
    for number in range(_ROUNDS):
        x += y
        bits = _ROTATIONS[number % len(_ROTATIONS)]
        y = (y << np.uint64(bits)) | (y >> np.uint64(64 - bits))
        y ^= x
        if number % 4 == 3:
            injection = number // 4 + 1
            x += keys[injection % 3]
            y += keys[(injection + 1) % 3] + np.uint64(injection)
    return x, y


@lru_cache
def _name_word(name: str) -> int:
    return _word(name)


def _word(text: str) -> int:
    digest = blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).digest()
    return int.from_bytes(digest, "little")
