"""One source image, in two steps: its header, which its copies' draws need, and its pixels.

Bytes or pixels in, pixels out; nothing is read or written here.  From decoding on, pixels are as
the warp takes them (:func:`augtool.core.warp.padded`), with the number of channels that count.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import cv2
import numpy as np

from augtool.config.schema import Config
from augtool.core.geometry import IDENTITY, Image, Size, WarpOptions
from augtool.core.image_spec import ImageSpec
from augtool.core.photometric import colour_channels
from augtool.core.resize import ResizeGeometries, ResizeGeometry
from augtool.core.warp import padded, unpadded
from augtool.errors import InputError
from augtool.images import codec, color_mode
from augtool.images.limits import require_within

__all__ = ["ProbedImage", "SourceImage", "encode", "levels_of", "load", "probe", "source_digest"]


@dataclass(frozen=True, slots=True, eq=False)
class ProbedImage:
    """A source whose header was read and found possible.

    Parameters
    ----------
    raw
        The file's bytes; of packed formats, its pixels in the order R, G, B, A.
    header
        The file's header; None for packed formats.
    digest
        SHA-256 of the source's bytes, or pixels, in hexadecimal.
    geometry
        How the source maps to its frame.
    """

    raw: bytes | Image
    header: codec.Header | None
    digest: str
    geometry: ResizeGeometry

    def decode(self, config: Config) -> SourceImage:
        """Return the image, ready for its copies.

        Raises
        ------
        InputError
            When it can't be decoded, or is not supported.
        """
        reduced = 1
        header = self.header
        if not isinstance(self.raw, bytes) or header is None:
            pixels = _in_opencv_order(np.asarray(self.raw))
            channels = _channels(pixels)
        else:
            if header.format == "jpg" and header.orientation == 1 and self.geometry.is_whole:
                reduced = min(8, self.geometry.reduce_y, self.geometry.reduce_x)
            pixels, channels = _decoded(self.raw, header, reduced)
        wanted = _converted(pixels, channels, config)
        is_as_stored = wanted is pixels and config.output.frame is None
        if wanted is not pixels:
            channels = _channels(wanted)
        return SourceImage(
            data=self.raw if isinstance(self.raw, bytes) else None,
            format=header.format if header else "",
            digest=self.digest,
            geometry=self.geometry,
            prepared=self.geometry.prepare(padded(wanted), reduced),
            channels=channels,
            is_as_stored=is_as_stored and (header is None or header.orientation == 1),
        )


@dataclass(slots=True, eq=False)
class SourceImage:
    """A source image, ready for its copies.

    Parameters
    ----------
    data
        The source file's bytes; None for packed formats.
    format
        The format of the source, "" for packed formats.
    digest
        SHA-256 of the source's bytes, or pixels, in hexadecimal.
    geometry
        How the source maps to its frame.
    prepared : ndarray of shape (H, W) or (H, W, C) in OpenCV's channel order
        Upright, flattened and converted if asked for, cropped and reduced; padded.
    channels
        How many of its channels count, 1 to 4.
    is_as_stored
        Whether the source's bytes already are the wanted image: upright, with the right size,
        depth and channels.
    """

    data: bytes | None
    format: str
    digest: str
    geometry: ResizeGeometry
    prepared: Image
    channels: int
    is_as_stored: bool
    _resized: Image | None = field(default=None, init=False, repr=False)

    @property
    def spec(self) -> ImageSpec:
        """Size, channels and depth of its records."""
        frame = self.geometry.frame
        return ImageSpec(frame.height, frame.width, self.channels, 8 * self.prepared.itemsize)

    def resized(self) -> Image:
        """Return the image without transforms, at the size of its frame; padded."""
        if self._resized is None:
            if self.prepared.shape[:2] == self.geometry.frame:
                self._resized = self.prepared
            else:
                alone = ResizeGeometries.stack([self.geometry], [1])
                warps = alone.warps(alone.pulls(IDENTITY))
                self._resized = warps.pull(0, self.prepared, self.channels, WarpOptions())
        return self._resized

    def pixels(self) -> Image:
        """Return the image without transforms, at the size of its frame."""
        return unpadded(self.resized(), self.channels)


def probe(raw: bytes | Image, config: Config) -> ProbedImage:
    """Return a source with its header read, from its bytes, or pixels in the order R, G, B, A.

    Raises
    ------
    InputError
        When it is no image, or larger than allowed.
    """
    header = None
    if isinstance(raw, bytes):
        header = codec.probe(raw, config.max_pixels)
        size = header.size
    else:
        size = Size(*raw.shape[:2])
        require_within(size, raw.nbytes // max(1, size.height * size.width), config.max_pixels)
    geometry = ResizeGeometry.fit(size, config.output.frame, crop=config.output.crop)
    return ProbedImage(raw, header, source_digest(raw), geometry)


def load(raw: bytes | Image, config: Config) -> SourceImage:
    """Return the image of a source's bytes, or of its pixels in the order R, G, B, A.

    Raises
    ------
    InputError
        When it can't be decoded, or is not supported.
    """
    return probe(raw, config).decode(config)


def _decoded(data: bytes, header: codec.Header, reduced: int) -> tuple[Image, int]:
    """Return the pixels of a file, which may be padded already, and how many channels count."""
    strict = codec.decode_strictly(data, header, reduced)
    if strict is not None:
        return strict, 3
    pixels = codec.decode(data, header, reduced)
    return pixels, _channels(pixels)


def _channels(pixels: Image) -> int:
    return 1 if pixels.ndim == 2 else int(pixels.shape[2])


def _converted(pixels: Image, channels: int, config: Config) -> Image:
    """Flatten, and convert colour and depth, as configured; the same array if nothing is to do."""
    wanted = pixels
    if config.output.flatten is not None and channels in (2, 4):
        wanted = codec.flatten(wanted, config.output.flatten)
        channels = _channels(wanted)
    wanted = color_mode.convert(wanted, channels, config.output.color_mode)
    return codec.to_8_bits(wanted) if config.output.depth == 8 else wanted


def encode(pixels: Image, channels: int, file_format: str, config: Config) -> bytes:
    """Return the file bytes of a picture, with the config's quality and encoder.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), uint8 or uint16
        Padded or not.
    channels
        How many of its channels count.

    Raises
    ------
    InputError
        When it can't be encoded.
    """
    output = config.output
    return codec.encode(
        pixels, file_format, output.quality, png_encoder=output.png_encoder, channels=channels
    )


def source_digest(raw: bytes | Image) -> str:
    """Return the SHA-256 of a source's file bytes, or of its pixels, in hexadecimal.

    Pixels are hashed row by row, R, G, B within a pixel, 16-bit ones little-endian.
    """
    if isinstance(raw, bytes):
        return hashlib.sha256(raw).hexdigest()
    pixels = raw
    little = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
    return hashlib.sha256(little.tobytes()).hexdigest()


def levels_of(pixels: Image, channels: int) -> bytes:
    """Return the levels of an image in the order R, G, B, A, row by row, little-endian.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C) in OpenCV's channel order
        Padded or not.
    channels
        How many of its channels count.
    """
    if channels == 3:
        code = cv2.COLOR_BGR2RGB if pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGB
        pixels = cv2.cvtColor(pixels, code)
    elif channels == 4:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA)
    else:
        pixels = unpadded(pixels, channels)
    return pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes()


def _in_opencv_order(pixels: Image) -> Image:
    """Return R, G, B(, A) as B, G, R(, A), and a single channel without its axis."""
    if pixels.dtype not in (np.uint8, np.uint16):
        raise InputError(f"has {pixels.dtype} numbers; use uint8 or uint16", stage="decode")
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        return np.ascontiguousarray(pixels[..., 0])
    if colour_channels(pixels) == 1:
        return np.ascontiguousarray(pixels)
    code = cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    return cv2.cvtColor(np.ascontiguousarray(pixels), code)
