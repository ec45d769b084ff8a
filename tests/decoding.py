"""Reads pictures as augtool does, and holds its two decoders against each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from augtool.errors import InputError
from augtool.images import codec

LIMIT = 10_000_000


def decode(data: bytes, limit: int = LIMIT) -> Any:
    """Return the pixels of a file; what the strict decoder takes, the other takes alike."""
    header = codec.probe(data, limit)
    strict = codec.decode_strictly(data, header)
    try:
        pixels = codec.decode(data, header)
    except InputError:
        assert strict is None, "the strict decoder takes what the other refuses"
        raise
    if strict is not None:
        np.testing.assert_array_equal(strict[..., :3], pixels)
    return pixels
