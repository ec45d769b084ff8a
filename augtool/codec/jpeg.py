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
#: Bits, height, width and number of components.
_FRAME_HEADER = struct.Struct(">BHHB").unpack_from


def probe(data: bytes) -> Header:
    """Return the header of a JPEG file."""
    orientation, position = 1, 2
    while True:
        marker, start, end = _segment(data, position)
        if marker in _SOF:
            break
        if marker == _APP1 and data.startswith(b"Exif\0\0", start):
            orientation = orientation_of(data[start:end])
        elif marker in (_SOS, _EOI):
            raise damaged("it holds no frame header")
        position = end
    require(end - start >= 6, "its frame header is cut off")
    precision, height, width, components = _FRAME_HEADER(data, start)
    if precision != 8:
        raise refused(f"a JPEG of {precision} bits", "convert it to a 16-bit PNG")
    require(height and width, "its frame header gives no size")
    # Stuffing keeps this pair of bytes out of entropy-coded data: each is a scan.
    scans = data.count(b"\xff\xda", end)
    if scans > _MOST_SCANS:
        raise refused(f"a JPEG of {scans} scans, which takes minutes to decode", "save it anew")
    return Header("jpg", Size(height, width), orientation, is_gray=components == 1)


def _segment(data: bytes, position: int) -> tuple[int, int, int]:
    """Return the marker at or after `position`, and where its body begins and ends."""
    position = data.find(b"\xff", position)
    require(position >= 0, "it ends before its frame header")
    while data[position : position + 1] == b"\xff":
        position += 1
    require(position + 3 <= len(data), "it ends before its frame header")
    marker = data[position]
    if marker == 0x01 or 0xD0 <= marker <= 0xD9:  # no body
        return marker, position + 1, position + 1
    end = position + 1 + (data[position + 1] << 8 | data[position + 2])
    require(position + 3 <= end <= len(data), "it ends before its frame header")
    return marker, position + 3, end
