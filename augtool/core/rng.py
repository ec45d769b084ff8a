"""Uniform numbers from a hash, so that a draw depends only on its name.

``hash(seed, sample id, copy, transform name)`` replaces the random generator: there is no state
that could depend on the order of work, and adding a transform leaves the draws of the others
unchanged.  NumPy promises its generators' streams for one build only; BLAKE2b is the same
everywhere.
"""

from __future__ import annotations

import struct
from hashlib import blake2b

__all__ = ["copy_key", "shuffle_key", "sample_key", "uniforms"]

_WORDS = {count: struct.Struct(f"<{count}Q").unpack for count in range(1, 9)}
_TO_UNIT = 2.0**-53


def sample_key(seed: int, sample_id: str) -> bytes:
    r"""Return the part of the hashed message that all draws of one sample share.

    The parts are joined by NUL, which an id can't contain, so different parts never make the same
    message.

    >>> sample_key(0, "cat/1.jpg")
    b'0\x00cat/1.jpg\x00'
    """
    return f"{seed}\0{sample_id}\0".encode("utf-8", "surrogateescape")


def copy_key(key: bytes, copy: int) -> bytes:
    r"""Return the part of the message that all draws of one copy of a sample share.

    >>> copy_key(sample_key(0, "cat/1.jpg"), 7)
    b'0\x00cat/1.jpg\x007\x00'
    """
    return b"%b%d\0" % (key, copy)


def uniforms(key: bytes, name: str, count: int) -> tuple[float, ...]:
    """Return `count` numbers (1 to 8), uniform in [0, 1), for one transform of one copy.

    Each is made of the upper 53 bits of a little-endian 64-bit word of the BLAKE2b digest.

    >>> uniforms(copy_key(sample_key(0, "cat/1.jpg"), 0), "rotation_range", 1)
    (0.5913390428717281,)
    """
    digest = blake2b(key + name.encode(), digest_size=8 * count).digest()
    if count == 1:  # the usual case; worth the lines, because this runs for each transform and copy
        return ((int.from_bytes(digest, "little") >> 11) * _TO_UNIT,)
    return tuple([(word >> 11) * _TO_UNIT for word in _WORDS[count](digest)])


def shuffle_key(seed: int, purpose: str, sample_id: str) -> int:
    """Return a 64-bit number that orders samples as if shuffled, for one `purpose`."""
    message = f"{seed}\0{sample_id}\0{purpose}".encode("utf-8", "surrogateescape")
    return int.from_bytes(blake2b(message, digest_size=8).digest(), "little")
