"""Bytes to pixels and back, in one place: depth, alpha, orientation, truncation, size limits.

Only formats on the list below are decoded, chosen by their first bytes and never by name; a path
never reaches OpenCV.  One module per format reads what a file claims to be, before decoding.
Pixels are (H, W) gray or (H, W, C) with C = 2 gray + alpha, 3 BGR, 4 BGR + alpha, uint8 or uint16.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np

from augtool.core.geometry import Image, Size
from augtool.core.image_spec import ImageSpec
from augtool.core.warp import LONGEST_SIDE, unpadded
from augtool.errors import InputError
from augtool.images.codec import bmp, gif, jpeg, png, pnm, tiff, webp
from augtool.images.codec.complaints import damage_in
from augtool.images.codec.conversions import flatten, to_8_bits
from augtool.images.codec.exif import upright
from augtool.images.codec.header import Header, corrupt_image, unsupported_image
from augtool.images.codec.stderr_capture import capture_stderr, captured_lines
from augtool.images.codec.strict_jpeg import decode_strictly
from augtool.images.limits import require_within

__all__ = [
    "EXTENSIONS",
    "LONGEST_SIDE",
    "Header",
    "capture_stderr",
    "decode",
    "decode_strictly",
    "encode",
    "flatten",
    "format_of_bytes",
    "format_of_name",
    "unsupported_reason",
    "probe",
    "to_8_bits",
]

_PROBES: tuple[tuple[bytes, Callable[[bytes], Header]], ...] = (
    (b"\xff\xd8\xff", jpeg.probe),
    (b"\x89PNG\r\n\x1a\n", png.probe),
    (b"RIFF", webp.probe),
    (b"BM", bmp.probe),
    (b"II*\0", tiff.probe),
    (b"MM\0*", tiff.probe),
    (b"GIF8", gif.probe),
    *((b"P%d" % kind, pnm.probe) for kind in range(1, 7)),
)

#: File name extension to format.
EXTENSIONS = {
    ".jpg": "jpg",
    ".jpeg": "jpg",
    ".jpe": "jpg",
    ".png": "png",
    ".webp": "webp",
    ".bmp": "bmp",
    ".dib": "bmp",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".gif": "gif",
    ".pbm": "pnm",
    ".pgm": "pnm",
    ".ppm": "pnm",
    ".pnm": "pnm",
}

#: The longest side that a format can hold, in pixels.
_FORMAT_SIDE = {"jpg": 65_535, "webp": 16_383}

#: OpenCV's name for the quality of a format.
_QUALITY = {"jpg": cv2.IMWRITE_JPEG_QUALITY, "webp": cv2.IMWRITE_WEBP_QUALITY}

#: Formats that hold gray with alpha (2 channels), and colour with alpha (4).
_HOLDS_ALPHA = {2: {"png"}, 4: {"png", "webp", "bmp"}}


def format_of_name(name: str) -> str:
    """Return the format of a file name by its extension, "" if unknown."""
    dot = name.rfind(".")
    return EXTENSIONS.get(name[dot:].lower(), "") if dot >= 0 else ""


def format_of_bytes(head: bytes) -> str:
    """Return the format of a file by its first bytes, "" if unknown."""
    for magic, read in _PROBES:
        if head.startswith(magic) and (magic != b"RIFF" or head[8:12] == b"WEBP"):
            module = read.__module__.rpartition(".")[2]
            return "jpg" if module == "jpeg" else module
    return ""


def probe(data: bytes, max_pixels: int) -> Header:
    """Return the header of a file, without decoding it.

    Raises
    ------
    InputError
        When the bytes are not an image, are truncated, or claim too large a size.
    """
    if not data:
        raise corrupt_image("it is empty (0 bytes)")
    for magic, read in _PROBES:
        if data.startswith(magic) and (magic != b"RIFF" or data[8:12] == b"WEBP"):
            header = read(data)
            break
    else:
        raise unsupported_image(
            f"not an image that augtool reads (begins with {data[:8]!r})",
            "use JPEG, PNG, WebP, BMP, TIFF, GIF or PNM",
        )
    _require_possible(header.stored, header.tile, header.pixel_bytes, max_pixels)
    return header


@lru_cache  # most images of a set are alike
def _require_possible(size: Size, tile: Size | None, pixel_bytes: int, max_pixels: int) -> None:
    """Refuse a size that is not allowed, or that OpenCV can't warp."""
    require_within(size, pixel_bytes, max_pixels)
    if tile is not None:  # its decoder holds one tile beside the image, however large
        require_within(tile, pixel_bytes, max_pixels)
    if max(size) > LONGEST_SIDE:
        raise unsupported_image(
            f"is {size.width} x {size.height} pixels; the longest supported side is"
            f" {LONGEST_SIDE:,}",
            "make it smaller",
        )


def decode(data: bytes, header: Header, reduce: int = 1) -> Image:
    """Return the upright pixels of an image.

    Parameters
    ----------
    data
        The file's bytes.
    header
        From :func:`probe`.
    reduce
        1, 2, 4 or 8: let the JPEG decoder shrink by this factor. Only for JPEGs of orientation 1.

    Raises
    ------
    InputError
        When the data are damaged, even if OpenCV returns an image anyway.
    """
    data = header.for_decoder(data)
    with capture_stderr():
        try:
            image = cv2.imdecode(np.frombuffer(data, np.uint8), _flags(header, reduce))
        except cv2.error as error:
            raise corrupt_image(f"OpenCV can't decode it ({_brief(error)})") from error
        finally:
            said = captured_lines()
    for line in said:
        damage = damage_in(line, data)
        if damage is not None:
            raise corrupt_image(f"the decoder reports: {damage[:200]}")
    if image is None:
        raise corrupt_image("OpenCV can't decode it; it may be truncated")
    image = _as_stored(image, header)
    if not header.turned_by_decoder:
        image = upright(image, header.orientation)
    height, width = header.size
    expected = -(-height // reduce), -(-width // reduce)
    if image.shape[:2] != expected:
        raise corrupt_image(
            f"decoded to {image.shape[:2]} (height, width), its header says {expected}"
        )
    return image


def _flags(header: Header, reduce: int) -> int:
    if reduce == 1:
        return cv2.IMREAD_UNCHANGED
    kind = "GRAYSCALE" if header.is_gray else "COLOR"
    flag: int = getattr(cv2, f"IMREAD_REDUCED_{kind}_{reduce}")
    return flag | cv2.IMREAD_IGNORE_ORIENTATION


def _as_stored(image: Image, header: Header) -> Image:
    """Undo what OpenCV's decoders change: gray with alpha arrives as four channels or as one."""
    if image.dtype.char not in "BH":  # uint8, uint16
        raise unsupported_image(f"an image of {image.dtype} numbers", "convert it to 8 or 16 bits")
    if header.is_gray_alpha and image.ndim == 3:
        return np.ascontiguousarray(image[:, :, [0, 3]])
    if header.transparent_level is not None and image.ndim == 2:
        shown = image != header.transparent_level
        alpha = shown.astype(image.dtype) * image.dtype.type(np.iinfo(image.dtype).max)
        return np.dstack([image, alpha])
    return image


@lru_cache  # most images of a set are alike
def unsupported_reason(format: str, spec: ImageSpec) -> str | None:
    """Return what a format can't hold of an image and the flag that fixes it, else None.

    Parameters
    ----------
    format
        A value of :data:`EXTENSIONS`.
    spec
        What the image is like.
    """
    name = format.upper()
    if spec.channels in _HOLDS_ALPHA and format not in _HOLDS_ALPHA[spec.channels]:
        return f"{name} can't hold its alpha channel; pass --flatten white or --format png"
    if spec.bits == 16 and format not in ("png", "tiff"):
        return f"{name} can't hold its 16 bits; pass --depth 8 or --format png"
    longest = _FORMAT_SIDE.get(format)
    if longest and max(spec.height, spec.width) > longest:
        return f"{name} can't hold sides above {longest:,} pixels; pass --format png or --resize"
    return None


def encode(
    image: Image,
    format: str,
    quality: int,
    *,
    png_encoder: str = "opencv",
    channels: int | None = None,
) -> bytes:
    """Return the file bytes of an image.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, C), uint8 or uint16
    format
        jpg, png, webp, bmp or tiff; it must be able to hold the image (:func:`unsupported_reason`).
    quality
        1 to 100, of JPEG and WebP.
    png_encoder
        opencv, or fpng for 8-bit colour: five times faster, larger files, the same pixels.
    channels
        How many of its channels count (:func:`augtool.core.warp.padded`); None for all.

    Raises
    ------
    InputError
        When OpenCV can't encode it.
    """
    counted = channels or (1 if image.ndim == 2 else image.shape[2])
    if format == "png" and png_encoder == "fpng" and counted > 2 and image.dtype == np.uint8:
        return png.encode_fast(image, counted)
    if format != "jpg":  # its encoder ignores a fourth channel
        image = unpadded(image, counted)
    if counted == 2:
        return png.encode_gray_alpha(image)
    params = [_QUALITY[format], quality] if format in _QUALITY else []
    try:
        is_done, encoded = cv2.imencode(f".{format}", image, params)
    except cv2.error as error:
        raise InputError(
            f"can't be encoded as {format} ({_brief(error)})", stage="encode"
        ) from error
    if not is_done:
        raise InputError(f"can't be encoded as {format}", stage="encode")
    return encoded.tobytes()


def _brief(error: cv2.error) -> str:
    """Return the last line of OpenCV's many, without its file names."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].split("error: ")[-1][:160] if lines else "no reason given"
