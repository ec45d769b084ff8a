"""BMP: size, and whether all rows are present (a decoder would invent the missing ones)."""

from __future__ import annotations

import struct

from augtool.core.geometry import Size
from augtool.images.codec.header import Header, require

__all__ = ["probe"]

_UNCOMPRESSED = (0, 3)


def probe(data: bytes) -> Header:
    """Return the header of a BMP file."""
    require(len(data) >= 30, "it ends within its header")
    pixels_at, header_size = struct.unpack_from("<II", data, 10)
    if header_size == 12:  # OS/2
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = 0
    else:
        require(header_size >= 40 and len(data) >= 54, "its header has no known size")
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    height = abs(height)
    require(width > 0 and height > 0, "its header gives no valid size")
    require(bits in (1, 2, 4, 8, 16, 24, 32), f"its header claims {bits} bits a pixel")
    if compression in _UNCOMPRESSED:
        end = pixels_at + (width * bits + 31) // 32 * 4 * height
        require(end <= len(data), f"it is {len(data):,} bytes long and should be {end:,}")
    return Header("bmp", Size(height, width))
