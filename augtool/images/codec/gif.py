"""GIF of a single frame."""

from __future__ import annotations

import struct

from augtool.core.geometry import Size
from augtool.images.codec.header import Header, corrupt_image, require, unsupported_image

__all__ = ["probe"]

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B


def probe(data: bytes) -> Header:
    """Return the header of a GIF file, after walking all of its blocks."""
    require(len(data) >= 13, "it ends within its header")
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    require(width and height, "its header gives no size")
    position, frames = 13 + _table_bytes(flags), 0
    while position < len(data):
        kind = data[position]
        if kind == _TRAILER:
            require(frames, "it contains no image")
            return Header("gif", Size(height, width))
        if kind == _EXTENSION:
            position = _after_blocks(data, position + 2)
        elif kind == _IMAGE and position + 10 < len(data):
            frames += 1
            if frames > 1:
                raise unsupported_image("an animated GIF", "save the frame you want as an image")
            position = _after_blocks(data, position + 11 + _table_bytes(data[position + 9]))
        else:
            raise corrupt_image(f"it contains an unknown block at byte {position:,}")
    raise corrupt_image("it ends before its trailer")


def _table_bytes(flags: int) -> int:
    """Return the size of the colour table that a flag byte announces."""
    return 3 * 2 ** (1 + (flags & 7)) if flags & 0x80 else 0


def _after_blocks(data: bytes, position: int) -> int:
    """Return where a chain of sub-blocks ends."""
    while position < len(data) and data[position]:
        position += 1 + data[position]
    return position + 1
