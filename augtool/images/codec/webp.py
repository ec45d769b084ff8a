"""WebP: size, orientation, animation."""

from __future__ import annotations

from augtool.core.geometry import Size
from augtool.images.codec.exif import orientation_of
from augtool.images.codec.header import Header, corrupt_image, require, unsupported_image

__all__ = ["probe"]

_ANIMATION = 0x02


def probe(data: bytes) -> Header:
    """Return the header of a WebP file, after walking all of its chunks."""
    end = 8 + int.from_bytes(data[4:8], "little")
    require(end <= len(data), f"it is {len(data):,} bytes long and should be {end:,}")
    position, orientation = 12, 1
    size: Size | None = None
    while position + 8 <= end:
        name = data[position : position + 4]
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        body = data[position + 8 : position + 8 + length]
        require(len(body) == length, f"its chunk {name!r} is truncated")
        if name == b"VP8X" and body[:1] and body[0] & _ANIMATION:
            raise unsupported_image("an animated WebP", "save the frame you want as an image")
        size = size or _size(name, body)
        if name == b"EXIF":
            orientation = orientation_of(body)
        position += 8 + length + (length & 1)
    if size is None:
        raise corrupt_image("it contains no image")
    return Header("webp", size, orientation, end=end)


def _size(name: bytes, body: bytes) -> Size | None:
    """Return the size in a chunk of this name, if it has one."""
    if name == b"VP8X" and len(body) >= 10:
        return Size(
            1 + int.from_bytes(body[7:10], "little"), 1 + int.from_bytes(body[4:7], "little")
        )
    if name == b"VP8L" and len(body) >= 5:
        bits = int.from_bytes(body[1:5], "little")
        return Size(1 + (bits >> 14 & 0x3FFF), 1 + (bits & 0x3FFF))
    if name == b"VP8 " and len(body) >= 10:
        return Size(
            int.from_bytes(body[8:10], "little") & 0x3FFF,
            int.from_bytes(body[6:8], "little") & 0x3FFF,
        )
    return None
