"""Parameters to one 2x3 matrix, and the warp: the only place where pixels are resampled.

A matrix is a plain tuple ``(m00, m01, m02, m10, m11, m12)`` of floats that maps a point of the
output to a point of the source (the *pull* matrix)::

    x_source = m00 * x + m01 * y + m02
    y_source = m10 * x + m11 * y + m12

Pixel centres are at integers.  Plain floats, because composing six numbers in Python costs a
tenth of NumPy's call overhead.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

__all__ = [
    "BORDERS",
    "IDENTITY",
    "INTERPOLATIONS",
    "Affine",
    "Image",
    "WarpOptions",
    "Size",
    "centred",
    "compose",
    "resize_matrix",
    "translation",
    "warp",
    "with_channels",
]

Affine = tuple[float, float, float, float, float, float]
#: Pixels: (H, W) or (H, W, C), uint8 or uint16.
Image = npt.NDArray[Any]

IDENTITY: Affine = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)

#: ``fill_mode`` to OpenCV's border. OpenCV's wrap and constant are SciPy's grid-wrap and
#: grid-constant, not the ``wrap`` and ``constant`` of the SciPy that Keras calls.
BORDERS = {
    "nearest": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT,
    "wrap": cv2.BORDER_WRAP,
    "constant": cv2.BORDER_CONSTANT,
}

_SIX_DOUBLES = struct.Struct("=6d").pack

#: ``interpolation_order`` to OpenCV's method. 3 is a bicubic kernel (a = -0.75), which is not
#: SciPy's cubic spline.
INTERPOLATIONS = {0: cv2.INTER_NEAREST, 1: cv2.INTER_LINEAR, 3: cv2.INTER_CUBIC}


class Size(NamedTuple):
    """Height and width in pixels, in the order of an array's shape."""

    height: int
    width: int


@dataclass(frozen=True, slots=True)
class WarpOptions:
    """How a warp samples between and beyond the pixels.

    Parameters
    ----------
    fill_mode
        A key of :data:`BORDERS`.
    cval
        Grey level beyond the edge for ``constant``: one number for every channel, or one per
        channel in the order of the array.
    interpolation_order
        A key of :data:`INTERPOLATIONS`.
    """

    fill_mode: str = "nearest"
    cval: tuple[float, ...] = (0.0,)
    interpolation_order: int = 1

    def border_value(self, channels: int) -> tuple[float, ...]:
        """Return `cval` for each of `channels` (1 to 4).

        Three numbers also work for a colour image with alpha: beyond its edge it is transparent.

        Raises
        ------
        ValueError
            When `cval` has neither one number nor one for each channel.
        """
        if len(self.cval) == 1:
            return self.cval * channels
        if len(self.cval) == channels:
            return self.cval
        if len(self.cval) == 3 and channels == 4:
            return (*self.cval, 0.0)
        raise ValueError(f"cval has {len(self.cval)} numbers, the image has {channels} channels")


def compose(outer: Affine, inner: Affine) -> Affine:
    """Return the matrix product ``outer · inner``: `inner` is applied to the point first."""
    if outer is IDENTITY:  # worth the line: this runs for each copy
        return inner
    if inner is IDENTITY:
        return outer
    a, b, c, d, e, f = outer
    g, h, i, j, k, m = inner
    return (
        a * g + b * j,
        a * h + b * k,
        a * i + b * m + c,
        d * g + e * j,
        d * h + e * k,
        d * i + e * m + f,
    )


def translation(x: float, y: float) -> Affine:
    """Return the matrix that adds (`x`, `y`), in pixels, to a point."""
    return (1.0, 0.0, x, 0.0, 1.0, y)


def centred(factors: Iterable[Affine], size: Size) -> Affine:
    """Return ``C · product(factors) · C⁻¹``, C moving the origin to the centre of `size`.

    The centre is ((W-1)/2, (H-1)/2). If the factors are exact, so is the result: the
    identity gives the identity, and a mirror gives ``x -> W-1-x`` to the last bit.
    """
    a, b, c, d, e, f = reduce(compose, factors, IDENTITY)
    x = (size.width - 1) / 2
    y = (size.height - 1) / 2
    # Adding 0.0 turns -0.0 into 0.0, so that the manifest never contains "-0.0".
    return (
        a + 0.0,
        b + 0.0,
        (c + x) - (a * x + b * y) + 0.0,
        d + 0.0,
        e + 0.0,
        (f + y) - (d * x + e * y) + 0.0,
    )


def resize_matrix(source: Size, frame: Size) -> Affine:
    """Return the matrix from points of `frame` to points of `source`, edges aligned.

    ``x_source = (x + 0.5) · W_source / W - 0.5``, and the same for y.
    """
    scale_x = source.width / frame.width
    scale_y = source.height / frame.height
    return (scale_x, 0.0, 0.5 * scale_x - 0.5, 0.0, scale_y, 0.5 * scale_y - 0.5)


def warp(
    image: Image, matrix: Affine, size: Size, warp_options: WarpOptions, *, may_pad: bool = False
) -> Image:
    """Return an image of `size`, each pixel pulled from `image` through `matrix`.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, C), C <= 4, uint8 or uint16
    matrix
        Output point to source point.
    size
        Height and width of the result.
    warp_options
        Border, fill value and interpolation.
    may_pad
        8-bit colour may be returned with a fourth, meaningless channel.

    Returns
    -------
    ndarray of shape (size.height, size.width[, C]), of the image's dtype; the image itself if the
    matrix changes nothing. With `may_pad`, C may be 4 instead of 3.
    """
    if matrix == IDENTITY and size == image.shape[:2]:
        return image
    channels = 1 if image.ndim == 2 else image.shape[2]
    # OpenCV 5 warps four channels of uint8 in half the time of three, to the same pixels; and two
    # channels take its old path, which knows 32 positions between two pixels, up to 4 levels off.
    pads = channels == 2 or (channels == 3 and image.itemsize == 1)
    pulled = cv2.warpAffine(
        _with_four_channels(image) if pads else image,
        np.ndarray((2, 3), np.float64, _SIX_DOUBLES(*matrix)),
        dsize=size[::-1],
        flags=INTERPOLATIONS[warp_options.interpolation_order] | cv2.WARP_INVERSE_MAP,
        borderMode=BORDERS[warp_options.fill_mode],
        borderValue=warp_options.border_value(channels),
    )
    if channels == 2:
        return np.ascontiguousarray(pulled[..., :2])
    if pads:
        return pulled if may_pad else cv2.cvtColor(pulled, cv2.COLOR_BGRA2BGR)
    return with_channels(pulled, image.ndim)


def _with_four_channels(image: Image) -> Image:
    if image.shape[2] == 3:
        return cv2.cvtColor(image, cv2.COLOR_BGR2BGRA)
    padded = np.zeros((*image.shape[:2], 4), image.dtype)
    padded[..., :2] = image
    return padded


def with_channels(image: Image, ndim: int) -> Image:
    """Restore the third axis that OpenCV drops from an (H, W, 1) array."""
    return image[..., np.newaxis] if image.ndim < ndim else image
