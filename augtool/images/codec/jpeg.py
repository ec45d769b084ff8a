"""JPEG: size, orientation, the kinds that are not supported, and traces of damage.

libjpeg reports only the first of its complaints, so a harmless one hides all that follow.  What is
harmless in a header is therefore repaired before libjpeg sees it: stray bytes between segments,
which every decoder skips, and a JFIF version from the future.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from augtool.core.geometry import Size
from augtool.images.codec.exif import orientation_of
from augtool.images.codec.header import (
    Header,
    Repair,
    corrupt_image,
    require,
    unsupported_image,
)

__all__ = ["ends_in_padding", "probe"]

_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SEQUENTIAL, _PROGRESSIVE = (0xC0, 0xC1), 0xC2
_DHT, _APP0, _APP1, _SOS, _EOI = 0xC4, 0xE0, 0xE1, 0xDA, 0xD9
_WITHOUT_BODY = frozenset((0x01, *range(0xD0, 0xD9)))
_CUT_OFF = "it ends before its first scan"
#: Length of a segment, without its marker.
_LENGTH = struct.Struct(">H").unpack_from
_MOST_SCANS = 100
#: Bits, height, width and number of components.
_FRAME_HEADER = struct.Struct(">BHHB").unpack_from
#: Where libjpeg finds a marker: fill bytes before it, and stuffed ones skipped.
_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
#: A marker that ends a scan: not a restart.
_AFTER_SCAN = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
#: A run of zeros that no encoder writes, unless its shortest codes mean "nothing here".
_ZEROS = bytes(512)
#: Encoders in cameras pad a file to whole words with zeros before its end.
_MOST_PADDING = 15


class _Segment(NamedTuple):
    """A segment: its marker, the 0xff before that, and the body."""

    marker: int
    start: int
    body: int
    end: int


class _Start(NamedTuple):
    """A file's bytes up to its first scan, and what they say.

    `has_one_scan` is true where that scan holds all components, in one go: libjpeg then refuses any
    other (jdinput.c, JERR_EOI_EXPECTED).
    """

    content: bytes
    header: Header
    frame: int
    has_one_scan: bool


#: The start of the last file: programs write the same one again and again.
_last_start: list[_Start] = []


def probe(data: bytes) -> Header:
    """Return the header of a JPEG file."""
    if not (_last_start and data.startswith(_last_start[0].content)):
        _last_start[:] = [_walk(data)]
    content, header, frame, has_one_scan = _last_start[0]
    # Byte stuffing keeps this pair out of entropy-coded data: each one is a scan.
    scans = 1 if has_one_scan else 1 + data.count(b"\xff\xda", len(content))
    if scans > _MOST_SCANS:
        raise unsupported_image(
            f"a JPEG of {scans} scans, which takes minutes to decode", "save it again"
        )
    if data.find(_ZEROS, len(content)) >= 0:
        _require_no_zeroed_scan(data, frame)
    return header


def _walk(data: bytes) -> _Start:
    """Read the segments up to the first scan."""
    orientation = 1
    frame: _Segment | None = None
    repairs: list[Repair] = []
    position, in_scan = 2, 0
    for segment in _segments(data, position):
        if segment.start > position:
            repairs.append(Repair(position, segment.start, b""))
        position = segment.end
        if segment.marker == _SOS:
            in_scan = data[segment.body] if segment.end > segment.body else 0
            break
        require(segment.marker != _EOI, "it holds no picture")
        if segment.marker in _SOF:
            require(frame is None, "it has two frame headers")
            frame = segment
        elif segment.marker == _APP1 and data.startswith(b"Exif\0\0", segment.body):
            orientation = orientation_of(data[segment.body : segment.end])
        elif segment.marker == _APP0 and data.startswith(b"JFIF\0", segment.body):
            version = segment.body + 5
            if data[version : version + 1] != b"\1":
                repairs.append(Repair(version, version + 1, b"\1"))
    if frame is None:
        raise corrupt_image("it holds no frame header")
    height, width, components = _frame(data, frame)
    header = Header(
        "jpg",
        Size(height, width),
        orientation,
        is_gray=components == 1,
        pixel_bytes=components,
        repairs=tuple(repairs),
    )
    has_one_scan = frame.marker in _SEQUENTIAL and in_scan == components
    return _Start(data[:position], header, frame.marker, has_one_scan)


def ends_in_padding(data: bytes, count: int) -> bool:
    """Return whether the `count` bytes before the end of a picture are a camera's padding."""
    if count > _MOST_PADDING:
        return False
    for segment in _segments(data, 2):
        if segment.marker == _EOI:
            return data[segment.start - count : segment.start] == bytes(count)
    return False


def _frame(data: bytes, frame: _Segment) -> tuple[int, int, int]:
    """Return height, width and number of components."""
    require(frame.end - frame.body >= 6, "its frame header is truncated")
    precision, height, width, components = _FRAME_HEADER(data, frame.body)
    if precision != 8:
        raise unsupported_image(f"a JPEG of {precision} bits", "convert it to a 16-bit PNG")
    require(height and width, "its frame header gives no size")
    if components not in (1, 3, 4):
        raise unsupported_image(f"a JPEG of {components} channels", "convert it to PNG")
    return height, width, components


def _segments(data: bytes, position: int) -> Iterator[_Segment]:
    """Yield segments as libjpeg finds them; what lies between two is skipped, as are scans."""
    pattern = _MARKER
    while True:
        match = pattern.search(data, position)
        if match is None:
            raise corrupt_image(_CUT_OFF)
        marker, body = match[1][0], match.end()
        end = body
        if marker not in _WITHOUT_BODY and marker != _EOI:
            require(body + 2 <= len(data), _CUT_OFF)
            end = body + _LENGTH(data, body)[0]
            body += 2
            require(body <= end <= len(data), _CUT_OFF)
        yield _Segment(marker, match.end() - 2, body, end)
        pattern, position = _AFTER_SCAN if marker == _SOS else _MARKER, end


def _require_no_zeroed_scan(data: bytes, frame: int) -> None:
    """Refuse a scan that holds zeros which no encoder would have written.

    Zeros decode without a complaint, to whatever the shortest codes mean.  Only where these mean
    "no change, no more coefficients" are they a picture: a large area of one colour.
    """
    shortest: dict[int, int] = {}
    scan: _Segment | None = None
    for segment in _segments(data, 2):
        if scan is not None and data.find(_ZEROS, scan.end, segment.start) >= 0:
            is_flat = _is_flat(data[scan.body : scan.end], shortest, frame)
            require(is_flat, "a part of it was overwritten with zeros")
        scan = segment if segment.marker == _SOS else None
        if segment.marker == _DHT:
            shortest |= _shortest_codes(data[segment.body : segment.end])
        elif segment.marker == _EOI:
            return


def _is_flat(header: bytes, shortest: dict[int, int], frame: int) -> bool:
    """Return whether zeros are an area of one colour in the scan of a header."""
    tables = header[2 : 1 + 2 * header[0] : 2] if header else b""
    spectral = header[1 + 2 * len(tables) :]
    if len(spectral) < 3:
        return False
    has_dc, has_ac = spectral[0] == 0, True
    if frame == _PROGRESSIVE:
        if has_dc and spectral[2] >> 4:  # plain bits
            return True
        has_ac = not has_dc
    elif frame not in _SEQUENTIAL:  # not Huffman codes
        return True
    # "No more coefficients" is 0; a progressive scan may say it for many blocks at once.
    ends = range(0, 0xF0, 0x10) if frame == _PROGRESSIVE else (0,)
    return not any(
        (has_dc and shortest.get(table >> 4, 0) != 0)
        or (has_ac and shortest.get(0x10 | table & 15, 0) not in ends)
        for table in tables
    )


def _shortest_codes(body: bytes) -> dict[int, int]:
    """Return what the code of zeros means in each table of a DHT segment."""
    found = {}
    while len(body) > 17:
        found[body[0]] = body[17]
        body = body[17 + sum(body[1:17]) :]
    return found
