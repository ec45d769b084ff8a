"""Decodes the part of a source that is used into a pyramid: reduced by different powers of two.

A level's pixels depend on the source, the settings and its own reduction alone, not on which others
are made: so a copy is the same alone as among others, and one that shows all is the same whether
others are crops or not.  Bytes or pixels in, pixels out, as the warp takes them
(:func:`augtool.core.warp.padded`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np

from augtool.config.schema import Config
from augtool.core.geometry import Image
from augtool.core.photometric import colour_channels
from augtool.core.resize import Reduction, ResizeGeometry
from augtool.core.warp import padded
from augtool.errors import InputError
from augtool.images import codec, color_mode

__all__ = ["Pyramid"]


class Pyramid(NamedTuple):
    """Some levels of one source.

    Parameters
    ----------
    levels : ndarrays of shape (H, W) or (H, W, C) in OpenCV's channel order
        Upright, flattened and converted if asked for, cropped, and reduced by as much as their key
        says; padded.
    channels
        How many of their channels count, 1 to 4.
    is_as_decoded
        Whether nothing was converted.
    """

    levels: dict[Reduction, Image]
    channels: int
    is_as_decoded: bool

    @classmethod
    def build(
        cls,
        raw: bytes | Image,
        header: codec.Header | None,
        geometry: ResizeGeometry,
        config: Config,
        reductions: Iterable[Reduction],
    ) -> Pyramid:
        """Return the levels for `reductions`, of which there is at least one.

        Parameters
        ----------
        raw, header
            A file's bytes with its header; or pixels in the order R, G, B, A, and None.
        geometry
            Which part is used.
        config
            How it is flattened and converted.
        reductions
            Powers of two by which levels shrink. JPEGs are decoded once for each scale that the
            decoder can reduce them to, other files once.

        Raises
        ------
        InputError
            When it can't be decoded, or is not supported.
        """
        levels: dict[Reduction, Image] = {}
        channels, is_as_decoded = 0, True
        whole: dict[int, Image] = {}
        is_jpeg = header is not None and header.format == "jpg" and header.orientation == 1
        is_reducible = is_jpeg and geometry.is_whole
        for reduction in dict.fromkeys(reductions):
            scale = min(8, *reduction) if is_reducible else 1
            if scale not in whole:
                pixels, channels = _decoded(raw, header, scale)
                converted = _converted(pixels, channels, config)
                if converted is not pixels:
                    channels, is_as_decoded = _channels(converted), False
                whole[scale] = padded(converted)
            levels[reduction] = geometry.prepare(whole[scale], scale, reduction)
        return cls(levels, channels, is_as_decoded)


def _decoded(raw: bytes | Image, header: codec.Header | None, scale: int) -> tuple[Image, int]:
    """Return the pixels, which may be padded already, and how many channels count."""
    if not isinstance(raw, bytes) or header is None:
        pixels = _in_opencv_order(np.asarray(raw))
        return pixels, _channels(pixels)
    strict = codec.decode_strictly(raw, header, scale)
    if strict is not None:
        return strict, 3
    pixels = codec.decode(raw, header, scale)
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
