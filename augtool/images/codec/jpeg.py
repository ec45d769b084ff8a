"""JPEG: size, orientation, and the kinds that are not supported."""

from __future__ import annotations

import struct

from augtool.core.geometry import Size
from augtool.images.codec.exif import orientation_of
from augtool.images.codec.header import Header, corrupt_image, require, unsupported_image

__all__ = ["probe"]

_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_APP1, _SOS, _EOI, _FILL = 0xE1, 0xDA, 0xD9, 0xFF
_WITHOUT_BODY = frozenset((0x01, *range(0xD0, 0xD9), _FILL))
_CUT_OFF = "it ends before its frame header"
#: Marker, and the length of what follows it.
_SEGMENT = struct.Struct(">BH").unpack_from
_MOST_SCANS = 100
#: Bits, height, width and number of components.
_FRAME_HEADER = struct.Struct(">BHHB").unpack_from


def probe(data: bytes) -> Header:
    """Return the header of a JPEG file."""
    orientation, position = 1, 2
    try:
        while True:
            position = data.index(b"\xff", position)
            marker, length = _SEGMENT(data, position + 1)
            if marker in _WITHOUT_BODY:
                position += 1 if marker == _FILL else 2
                continue
            body, end = position + 4, position + 2 + length
            require(body <= end <= len(data), _CUT_OFF)
            if marker in _SOF:
                break
            require(marker not in (_SOS, _EOI), "it holds no frame header")
            if marker == _APP1 and data.startswith(b"Exif\0\0", body):
                orientation = orientation_of(data[body:end])
            position = end
    except (struct.error, ValueError) as error:
        raise corrupt_image(_CUT_OFF) from error
    require(end - body >= 6, "its frame header is truncated")
    precision, height, width, components = _FRAME_HEADER(data, body)
    if precision != 8:
        raise unsupported_image(f"a JPEG of {precision} bits", "convert it to a 16-bit PNG")
    require(height and width, "its frame header gives no size")
    # Byte stuffing keeps this pair out of entropy-coded data: each one is a scan.
    scans = data.count(b"\xff\xda", end)
    if scans > _MOST_SCANS:
        raise unsupported_image(
            f"a JPEG of {scans} scans, which takes minutes to decode", "save it again"
        )
    return Header("jpg", Size(height, width), orientation, is_gray=components == 1)
