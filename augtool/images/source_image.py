"""One source image and its copies: the code shared by expand, preview and replay.

Bytes or pixels in, pixels out; nothing is read or written here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np

from augtool.config.schema import Config
from augtool.core.geometry import Affine, Image, Size, WarpOptions
from augtool.core.image_spec import ImageSpec
from augtool.core.photometric import colour_channels
from augtool.core.pipeline import DrawnParams, Pipeline
from augtool.core.resize import ResizeGeometry
from augtool.errors import InputError
from augtool.images import codec
from augtool.images.limits import require_within

__all__ = ["SourceImage", "encode", "levels_of", "load", "source_digest"]


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
        Upright, flattened and converted to 8 bits if asked for, cropped and reduced.
    is_as_stored
        Whether the source's bytes already are the wanted image: upright, with the right size,
        depth and alpha.
    """

    data: bytes | None
    format: str
    digest: str
    geometry: ResizeGeometry
    prepared: Image
    is_as_stored: bool
    _resized: Image | None = field(default=None, init=False, repr=False)

    @property
    def channels(self) -> int:
        """Number of channels, 1 to 4."""
        return 1 if self.prepared.ndim == 2 else int(self.prepared.shape[2])

    @property
    def spec(self) -> ImageSpec:
        """Size, channels and depth of its records."""
        frame = self.geometry.frame
        return ImageSpec(frame.height, frame.width, self.channels, 8 * self.prepared.itemsize)

    def resized(self) -> Image:
        """Return the image without transforms, at the size of its frame."""
        if self._resized is None:
            if self.prepared.shape[:2] == self.geometry.frame:
                self._resized = self.prepared
            else:
                pull = self.geometry.pull()
                self._resized = self.geometry.warp(self.prepared, pull, WarpOptions())
        return self._resized

    def make_params(self, pipeline: Pipeline, key: bytes, number: int) -> DrawnParams:
        """Draw the parameters of a copy; the matrix maps the output to the source.

        `key` is from :func:`augtool.core.rng.sample_key`.
        """
        params, matrix = pipeline.make_params(key, number, self.geometry.frame)
        return DrawnParams(params, self.geometry.pull(matrix))

    def augment(self, pipeline: Pipeline, matrix: Affine, params: Mapping[str, float]) -> Image:
        """Make a copy from a matrix and parameters, newly drawn or read from a manifest."""
        return pipeline.apply(self.prepared, self.geometry, matrix, params)

    def augment_to_file(
        self, pipeline: Pipeline, draw: DrawnParams, file_format: str, config: Config
    ) -> bytes:
        """Make a copy's file."""
        params, matrix = draw
        # JPEG's encoder ignores a fourth channel, so that it need not be taken off.
        pixels = pipeline.apply(
            self.prepared, self.geometry, matrix, params, may_pad=file_format == "jpg"
        )
        return encode(pixels, file_format, config)


def load(raw: bytes | Image, config: Config) -> SourceImage:
    """Return the image of a source's bytes, or of its pixels in the order R, G, B, A.

    Raises
    ------
    InputError
        When it can't be decoded, or is not supported.
    """
    if isinstance(raw, bytes):
        return _from_file(raw, config)
    size = Size(*raw.shape[:2])
    require_within(size, raw.nbytes // max(1, size.height * size.width), config.max_pixels)
    geometry = _geometry(size, config)
    pixels = _in_opencv_order(raw)
    wanted = _converted(pixels, config)
    is_as_stored = wanted is pixels and config.output.frame is None
    prepared = geometry.prepare(wanted)
    return SourceImage(None, "", source_digest(raw), geometry, prepared, is_as_stored)


def _from_file(data: bytes, config: Config) -> SourceImage:
    header = codec.probe(data, config.max_pixels)
    geometry = _geometry(header.size, config)
    already = 1
    if header.format == "jpg" and header.orientation == 1 and geometry.is_whole:
        already = min(8, geometry.reduce_y, geometry.reduce_x)  # the decoder can scale
    pixels = codec.decode(data, header, already)
    wanted = _converted(pixels, config)
    return SourceImage(
        data=data,
        format=header.format,
        digest=source_digest(data),
        geometry=geometry,
        prepared=geometry.prepare(wanted, already),
        is_as_stored=wanted is pixels and header.orientation == 1 and config.output.frame is None,
    )


def _geometry(size: Size, config: Config) -> ResizeGeometry:
    return ResizeGeometry.fit(size, config.output.frame, crop=config.output.crop)


def _converted(pixels: Image, config: Config) -> Image:
    """Flatten and convert to 8 bits as configured; the same array if there is nothing to do."""
    if config.output.flatten is not None:
        pixels = codec.flatten(pixels, config.output.flatten)
    return codec.to_8_bits(pixels) if config.output.depth == 8 else pixels


def encode(pixels: Image, file_format: str, config: Config) -> bytes:
    """Return the file bytes of a picture, with the config's quality and encoder.

    Raises
    ------
    InputError
        When it can't be encoded.
    """
    output = config.output
    return codec.encode(pixels, file_format, output.quality, png_encoder=output.png_encoder)


def source_digest(raw: bytes | Image) -> str:
    """Return the SHA-256 of a source's file bytes, or of its pixels, in hexadecimal.

    Pixels are hashed row by row, R, G, B within a pixel, 16-bit ones little-endian.
    """
    if isinstance(raw, bytes):
        return hashlib.sha256(raw).hexdigest()
    pixels = raw
    little = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
    return hashlib.sha256(little.tobytes()).hexdigest()


def levels_of(pixels: Image) -> bytes:
    """Return the levels of an image in the order R, G, B, A, row by row, little-endian.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C) in OpenCV's channel order
    """
    if pixels.ndim == 3 and pixels.shape[2] > 2:
        is_colour = pixels.shape[2] == 3
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB if is_colour else cv2.COLOR_BGRA2RGBA)
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
