"""JPEG: size, orientation, and the kinds that are refused."""

from __future__ import annotations

import struct

from augtool.codec.exif import orientation_of
from augtool.codec.header import Header, damaged, refused, require
from augtool.core.geometry import Size

__all__ = ["probe"]

_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_APP1, _SOS, _EOI = 0xE1, 0xDA, 0xD9
_MOST_SCANS = 100


def probe(data: bytes) -> Header:
    """Return the header of a JPEG file."""
    orientation, components, position = 1, 0, 2
    size: Size | None = None
    while size is None:
        marker, body, position = _segment(data, position)
        if marker == _APP1 and body.startswith(b"Exif\0\0"):
            orientation = orientation_of(body)
        elif marker in _SOF:
            require(len(body) >= 6, "its frame header is cut off")
            precision, height, width, components = struct.unpack_from(">BHHB", body)
            if precision != 8:
                raise refused(f"a JPEG of {precision} bits", "convert it to a 16-bit PNG")
            require(height and width, "its frame header gives no size")
            size = Size(height, width)
        elif marker in (_SOS, _EOI):
            raise damaged("it holds no frame header")
    # Stuffing keeps this pair of bytes out of entropy-coded data: each is a scan.
    scans = data.count(b"\xff\xda", position)
    if scans > _MOST_SCANS:
        raise refused(f"a JPEG of {scans} scans, which takes minutes to decode", "save it anew")
    return Header("jpg", size, orientation, is_gray=components == 1)


def _segment(data: bytes, position: int) -> tuple[int, bytes, int]:
    """Return marker and body of the segment at or after `position`, and where it ends."""
    position = data.find(b"\xff", position)
    require(position >= 0, "it ends before its frame header")
    while data[position : position + 1] == b"\xff":
        position += 1
    require(position + 3 <= len(data), "it ends before its frame header")
    marker = data[position]
    if marker == 0x01 or 0xD0 <= marker <= 0xD9:  # no body
        return marker, b"", position + 1
    end = position + 1 + int.from_bytes(data[position + 1 : position + 3], "big")
    require(position + 3 <= end <= len(data), "it ends before its frame header")
    return marker, data[position + 3 : end], end
