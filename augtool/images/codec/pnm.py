"""PBM, PGM and PPM."""

from __future__ import annotations

import re

from augtool.core.geometry import Size
from augtool.images.codec.header import Header, corrupt_image, require, unsupported_image

__all__ = ["probe"]

_GAP = rb"(?:\s|#[^\r\n]*[\r\n])+"
_BILEVEL = re.compile(rb"P[14]" + _GAP + rb"(\d{1,9})" + _GAP + rb"(\d{1,9})\s")
_LEVELS = re.compile(rb"P[2356]" + _GAP + _GAP.join([rb"(\d{1,9})"] * 3) + rb"\s")


def probe(data: bytes) -> Header:
    """Return the header of a PNM file."""
    match = _BILEVEL.match(data) or _LEVELS.match(data)
    if match is None:
        raise corrupt_image("its header can't be read")
    width, height = int(match[1]), int(match[2])
    require(width and height, "its header gives no size")
    row_bytes, pixel_bytes = (width + 7) // 8, 1
    if len(match.groups()) == 3:
        highest = int(match[3])
        if highest not in (255, 65535):
            raise unsupported_image(f"a PNM of levels up to {highest}", "convert it to PNG")
        pixel_bytes = (3 if data[1:2] in b"36" else 1) * (2 if highest > 255 else 1)
        row_bytes = width * pixel_bytes
    if data[1:2] in b"456":
        end = match.end() + row_bytes * height
        require(end <= len(data), f"it is {len(data):,} bytes long and should be {end:,}")
    return Header("pnm", Size(height, width), pixel_bytes=pixel_bytes)
