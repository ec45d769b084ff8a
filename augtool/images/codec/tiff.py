"""TIFF: size and orientation, and the kinds that OpenCV would silently get wrong."""

from __future__ import annotations

import struct

from augtool.core.geometry import Size
from augtool.images.codec.header import Header, corrupt_image, require, unsupported_image

__all__ = ["probe"]

_SHORT, _LONG = 3, 4
_SUBFILE, _WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _ORIENTATION = 254, 256, 257, 258, 262, 274
_SAMPLES, _PLANAR, _SAMPLE_FORMAT = 277, 284, 339
_TILE_WIDTH, _TILE_HEIGHT = 322, 323
_REDUCED = 1
_TO_PNG = "convert it to PNG"
#: Photometric interpretations: white is zero, black is zero, RGB, palette, YCbCr.
_KNOWN_COLOURS = (0, 1, 2, 3, 6)


def probe(data: bytes) -> Header:
    """Return the header of a TIFF file, from its first directory."""
    order = "<" if data[:2] == b"II" else ">"
    try:
        (offset,) = struct.unpack_from(order + "I", data, 4)
        tags, following = _directory(data, order, offset)
        while following and not _is_reduced(data, order, following):
            raise unsupported_image("a TIFF of several pages", "save each page as an image")
    except struct.error as error:
        raise corrupt_image("its directory is truncated") from error
    width, height = tags.get(_WIDTH, (0,))[0], tags.get(_HEIGHT, (0,))[0]
    require(width and height, "its directory gives no size")
    _check_kind(tags)
    orientation = tags.get(_ORIENTATION, (1,))[0]
    return Header(
        "tiff",
        Size(height, width),
        orientation if 1 <= orientation <= 8 else 1,
        turned_by_decoder=True,
        pixel_bytes=tags.get(_SAMPLES, (1,))[0] * (2 if 16 in tags.get(_BITS, (1,)) else 1),
        tile=Size(tags.get(_TILE_HEIGHT, (0,))[0], tags.get(_TILE_WIDTH, (0,))[0]),
    )


def _check_kind(tags: dict[int, tuple[int, ...]]) -> None:
    """Refuse what OpenCV reads wrongly or converts."""
    bits = set(tags.get(_BITS, (1,)))
    samples = tags.get(_SAMPLES, (1,))[0]
    if set(tags.get(_SAMPLE_FORMAT, (1,))) - {1, 4}:
        raise unsupported_image("a TIFF of signed or floating-point numbers", _TO_PNG)
    if not bits <= {1, 2, 4, 8, 16} or len(bits) > 1:
        raise unsupported_image(
            f"a TIFF of {'/'.join(str(each) for each in sorted(bits))} bits", _TO_PNG
        )
    if bits == {16} and tags.get(_PLANAR, (1,))[0] == 2:
        raise unsupported_image("a 16-bit TIFF with separate colour planes", _TO_PNG)
    if samples == 4:  # OpenCV multiplies colours by alpha, or does not, and marks none of it
        raise unsupported_image("a TIFF with alpha", _TO_PNG)
    if samples not in (1, 3):
        raise unsupported_image(f"a TIFF of {samples} channels", _TO_PNG)
    if tags.get(_PHOTOMETRIC, (1,))[0] not in _KNOWN_COLOURS:
        raise unsupported_image(
            "a TIFF that is neither gray, palette nor RGB (CMYK, Lab, ...)", _TO_PNG
        )


def _directory(data: bytes, order: str, offset: int) -> tuple[dict[int, tuple[int, ...]], int]:
    """Return the whole-number tags of the directory at `offset`, and where the next one is."""
    (count,) = struct.unpack_from(order + "H", data, offset)
    tags = {}
    for index in range(count):
        entry = offset + 2 + 12 * index
        tag, kind, values = struct.unpack_from(order + "HHI", data, entry)
        if kind not in (_SHORT, _LONG) or not 1 <= values <= 16:
            continue
        layout = f"{order}{values}{'H' if kind == _SHORT else 'I'}"
        at = entry + 8
        if struct.calcsize(layout) > 4:
            (at,) = struct.unpack_from(order + "I", data, at)
        tags[tag] = struct.unpack_from(layout, data, at)
    (following,) = struct.unpack_from(order + "I", data, offset + 2 + 12 * count)
    return tags, following


def _is_reduced(data: bytes, order: str, offset: int) -> bool:
    """Return whether the directory at `offset` is a thumbnail of the image before it."""
    tags, _ = _directory(data, order, offset)
    return bool(tags.get(_SUBFILE, (0,))[0] & _REDUCED)
