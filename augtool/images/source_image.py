"""One source image, in two steps: its header, which its copies' draws need, and its pixels.

Bytes or pixels in, pixels out; nothing is read or written here.  From decoding on, pixels are as
the warp takes them (:func:`augtool.core.warp.padded`), with the number of channels that count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np

from augtool.config.schema import Config
from augtool.core.geometry import Image, Size, WarpOptions
from augtool.core.image_spec import ImageSpec
from augtool.core.resize import Reduction, ResizeGeometry
from augtool.core.warp import unpadded
from augtool.images import codec
from augtool.images.limits import require_within
from augtool.images.pyramid import Pyramid

__all__ = ["ProbedImage", "SourceImage", "encode", "levels_of", "load", "probe", "source_digest"]


@dataclass(slots=True, eq=False)  # frozen ones take three times as long to make
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

    def decode(self, config: Config, reductions: Iterable[Reduction] = ()) -> SourceImage:
        """Return the image, ready for its copies.

        Parameters
        ----------
        config
            How it is flattened and converted.
        reductions
            Those that its copies need, if they are known, so that it is decoded only once for them.

        Raises
        ------
        InputError
            When it can't be decoded, or is not supported.
        """
        header, geometry = self.header, self.geometry
        wanted = [geometry.reduction, *reductions]
        pyramid = Pyramid.build(self.raw, header, geometry, config, wanted)
        is_upright = header is None or header.orientation == 1
        is_as_stored = pyramid.is_as_decoded and is_upright and config.output.resize is None
        return SourceImage(self, config, pyramid.levels, pyramid.channels, is_as_stored)


@dataclass(slots=True, eq=False)
class SourceImage:
    """A source image, ready for its copies.

    Parameters
    ----------
    probed
        The source, with its header read.
    config
        How it was flattened and converted.
    levels : ndarrays of shape (H, W) or (H, W, C) in OpenCV's channel order
        Upright, flattened and converted if asked for, cropped, and reduced by as much as their key
        says; padded. The whole region's reduction is always there.
    channels
        How many of its channels count, 1 to 4.
    is_as_stored
        Whether the source's bytes already are the wanted image: upright, with the right size,
        depth and channels.
    prepared
        The whole region, reduced for its frame.
    spec
        Size, channels and depth of its records.
    """

    probed: ProbedImage
    config: Config
    levels: dict[Reduction, Image]
    channels: int
    is_as_stored: bool
    prepared: Image = field(init=False, repr=False)
    spec: ImageSpec = field(init=False)
    _resized: Image | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        """Note what is asked for more than once."""
        geometry = self.probed.geometry
        (height, width), self.prepared = geometry.frame, self.levels[geometry.reduction]
        self.spec = ImageSpec(height, width, self.channels, 8 * self.prepared.itemsize)

    @property
    def data(self) -> bytes | None:
        """The source file's bytes; None for packed formats."""
        return self.probed.raw if isinstance(self.probed.raw, bytes) else None

    @property
    def format(self) -> str:
        """The format of the source, "" for packed formats."""
        return self.probed.header.format if self.probed.header else ""

    @property
    def digest(self) -> str:
        """SHA-256 of the source's bytes, or pixels, in hexadecimal."""
        return self.probed.digest

    @property
    def geometry(self) -> ResizeGeometry:
        """How the source maps to its frame."""
        return self.probed.geometry

    def at(self, reduction: Reduction) -> Image:
        """Return the region at a reduction: of the pyramid, the level that a copy's draw takes.

        One that `decode` was not asked for is made here, once. All levels together have less than
        four times the pixels of the finest.
        """
        if reduction not in self.levels:
            made_of = self.probed.raw, self.probed.header, self.probed.geometry
            self.levels |= Pyramid.build(*made_of, self.config, [reduction]).levels
        return self.levels[reduction]

    def resized(self) -> Image:
        """Return the image without transforms, at the size of its frame; padded."""
        if self._resized is None:
            geometry = self.probed.geometry
            if self.prepared.shape[:2] == geometry.frame:
                self._resized = self.prepared
            else:
                options = WarpOptions(portable=self.config.portable)
                self._resized = geometry.resizing_warp().pull(0, self.prepared, options)
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
