"""PNG: header, and the one form that OpenCV can't write (gray with alpha)."""

from __future__ import annotations

import struct
import zlib

import cv2

from augtool.core.geometry import Image, Size
from augtool.errors import ConfigError
from augtool.images.codec.exif import orientation_of
from augtool.images.codec.header import Header, corrupt_image, require, unsupported_image

__all__ = ["encode_fast", "encode_gray_alpha", "probe", "require_fast"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GRAY, _COLOUR, _GRAY_ALPHA = 0, 2, 4
#: Channels as OpenCV decodes them; 4 for all others.
_CHANNELS = {_GRAY: 1, _COLOUR: 3}
#: OpenCV's conversions, by channels of an image and those that count.
_TO_RGB = {
    (3, 3): cv2.COLOR_BGR2RGB,
    (4, 3): cv2.COLOR_BGRA2RGB,
    (4, 4): cv2.COLOR_BGRA2RGBA,
}
#: Name and body of the first chunk of a PNG.
_IHDR = slice(12, 29)
_UNFILTERED = [
    *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE),
    *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_DEFAULT),
    *(cv2.IMWRITE_PNG_COMPRESSION, 6),
]


def probe(data: bytes) -> Header:
    """Return the header of a PNG file, after walking all of its chunks."""
    chunks = _chunks(data)
    require(len(chunks.get(b"IHDR", b"")) == 13, "it has no valid IHDR chunk")
    width, height, bits, colour = struct.unpack_from(">IIBB", chunks[b"IHDR"])
    require(0 < width < 2**31 and 0 < height < 2**31, "its header gives no valid size")
    frames = chunks.get(b"acTL", b"")
    if len(frames) == 8 and int.from_bytes(frames[:4], "big") > 1:
        raise unsupported_image("an animated PNG", "save the frame you want as an image")
    level, channels = None, _CHANNELS.get(colour, 4)
    if b"tRNS" in chunks:
        channels = 2 if colour == _GRAY else 4
    if colour == _GRAY and len(chunks.get(b"tRNS", b"")) == 2:
        level = int.from_bytes(chunks[b"tRNS"], "big") & (2**bits - 1)
        if bits < 8:  # OpenCV spreads fewer bits over 0..255
            level = level * 255 // (2**bits - 1)
    return Header(
        "png",
        Size(height, width),
        orientation_of(chunks.get(b"eXIf", b"")),
        is_gray_alpha=colour == _GRAY_ALPHA,
        transparent_level=level,
        pixel_bytes=channels * (2 if bits == 16 else 1),
    )


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """Return the small chunks by name, the first of each; pixel data are skipped."""
    wanted = {b"IHDR", b"tRNS", b"eXIf", b"acTL"}
    found: dict[bytes, bytes] = {}
    position = len(_SIGNATURE)
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        name = data[position + 4 : position + 8]
        if name in wanted:
            found.setdefault(name, data[position + 8 : position + 8 + length])
        if name == b"IEND":
            return found
        position += 12 + length
    raise corrupt_image("it ends before its last chunk (IEND)")


def encode_gray_alpha(image: Image) -> bytes:
    """Return a PNG of colour type 4.

    Without filters, its rows are those of a gray image twice as wide: OpenCV writes that one, and
    the header is made to say what it is.

    Parameters
    ----------
    image : ndarray of shape (H, W, 2), uint8 or uint16
        Gray and alpha.
    """
    height, width = image.shape[:2]
    _, encoded = cv2.imencode(".png", image.reshape(height, -1), _UNFILTERED)
    data = encoded.tobytes()
    ihdr = b"IHDR" + struct.pack(">IIBB", width, height, 8 * image.itemsize, _GRAY_ALPHA)
    ihdr += data[_IHDR.start + len(ihdr) : _IHDR.stop]
    crc = struct.pack(">I", zlib.crc32(ihdr))
    return data[: _IHDR.start] + ihdr + crc + data[_IHDR.stop + len(crc) :]


def require_fast() -> None:
    """Raise a ConfigError if the package behind :func:`encode_fast` is not installed."""
    try:
        import fpng  # noqa: F401, PLC0415 - an optional extra
    except ImportError as error:
        raise ConfigError(
            "output.png_encoder: fpng is not installed; pip install fpng, or use opencv"
        ) from error


def encode_fast(image: Image, channels: int) -> bytes:
    """Return a PNG by fpng: fixed Huffman tables, one filter.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3) or (H, W, 4), uint8
        B, G, R(, A).
    channels
        How many of its channels count: 3 or 4.
    """
    import fpng  # noqa: PLC0415 - an optional extra

    data: bytes = fpng.from_ndarray(cv2.cvtColor(image, _TO_RGB[image.shape[2], channels]))
    return data
