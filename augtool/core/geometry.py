"""Parameters to one matrix, for many copies at once.

A matrix is a tuple ``(m00, m01, m02, m10, m11, m12)`` that maps a point of the output to a point of
the source (the *pull* matrix)::

    x_source = m00 * x + m01 * y + m02
    y_source = m10 * x + m11 * y + m12

A copy in perspective has its *tilt* beside it, which divides points of the output before that.

Pixel centres are at integers.  Each entry is a column: an array with a number for each copy, or one
number for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

__all__ = [
    "BORDERS",
    "FLAT",
    "IDENTITY",
    "INTERPOLATIONS",
    "Affine",
    "Affines",
    "Column",
    "Homographies",
    "Image",
    "Size",
    "Sizes",
    "Tilts",
    "WarpOptions",
    "Windows",
    "centred",
    "compose",
    "resize_matrix",
    "tilted",
    "translation",
]

#: A number for each copy, or one for all.
Column = npt.NDArray[np.float64] | float
#: The matrix of one copy, and those of many.
Affine = tuple[float, float, float, float, float, float]
Affines = tuple[Column, Column, Column, Column, Column, Column]
#: The nine entries of matrices of shape (3, 3), row by row.
Homographies = tuple[Column, ...]
#: px and py, by which `tilted` divides points, in 1 / pixels.
Tilts = tuple[Column, Column]
#: Pixels: (H, W) or (H, W, C), uint8 or uint16.
Image = npt.NDArray[Any]

IDENTITY: Affine = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
#: The tilt of what is seen from straight ahead.
FLAT: Tilts = (0.0, 0.0)

#: ``fill_mode`` to OpenCV's border. OpenCV's wrap and constant are SciPy's grid-wrap and
#: grid-constant, not the ``wrap`` and ``constant`` of the SciPy that Keras calls.
BORDERS = {
    "nearest": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT,
    "wrap": cv2.BORDER_WRAP,
    "constant": cv2.BORDER_CONSTANT,
}

#: ``interpolation_order`` to OpenCV's method. 3 is a bicubic kernel (a = -0.75), which is not
#: SciPy's cubic spline.
INTERPOLATIONS = {0: cv2.INTER_NEAREST, 1: cv2.INTER_LINEAR, 3: cv2.INTER_CUBIC}


class Size(NamedTuple):
    """Height and width in pixels, in the order of an array's shape."""

    height: int
    width: int


class Sizes(NamedTuple):
    """Heights and widths in pixels: columns of whole numbers."""

    height: Column
    width: Column


class Windows(NamedTuple):
    """Parts of images: where each begins, and its size. In pixels, edges on edges; not whole."""

    left: Column
    top: Column
    size: Sizes


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
    portable
        Whether any CPU and OpenCV from 4.13 must give the same bytes; not for order 3.
    fill
        `cval` for four channels, as OpenCV takes it whatever an image has.
    """

    fill_mode: str = "nearest"
    cval: tuple[float, ...] = (0.0,)
    interpolation_order: int = 1
    portable: bool = False
    fill: tuple[float, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Note what OpenCV takes."""
        fill = self.cval * 4 if len(self.cval) == 1 else (*self.cval, 0.0, 0.0, 0.0)
        object.__setattr__(self, "fill", fill[:4])

    def swapped(self) -> WarpOptions:
        """Return the options for images whose red and blue have changed places."""
        if len(self.cval) < 3:
            return self
        return replace(self, cval=(*self.cval[2::-1], *self.cval[3:]))

    def border_value(self, channels: int) -> tuple[float, ...]:
        """Return `cval` for each of `channels` (1 to 4).

        Three numbers also work for a colour image with alpha: beyond its edge it is transparent.

        Raises
        ------
        ValueError
            When `cval` has neither one number nor one for each channel.
        """
        given = len(self.cval)
        if given not in (1, channels) and (given, channels) != (3, 4):
            raise ValueError(f"cval has {given} numbers, the image has {channels} channels")
        return self.fill[:channels]


def compose(outer: Affines, inner: Affines) -> Affines:
    """Return the matrix product ``outer · inner``: `inner` is applied to the point first."""
    if outer is IDENTITY:
        return inner
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


def translation(x: Column, y: Column) -> Affines:
    """Return the matrix that adds (`x`, `y`), in pixels, to a point."""
    return (1.0, 0.0, x, 0.0, 1.0, y)


def centred(factors: Iterable[Affines], size: Sizes) -> Affines:
    """Return ``C · product(factors) · C⁻¹``, C moving the origin to the centre of `size`.

    The centre is ((W-1)/2, (H-1)/2). If the factors are exact, so is the result: the
    identity gives the identity, and a mirror gives ``x -> W-1-x`` to the last bit.
    """
    at_rest: Affines = IDENTITY
    a, b, c, d, e, f = reduce(compose, factors, at_rest)
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


def resize_matrix(source: Sizes, frame: Sizes) -> Affines:
    """Return the matrix from points of `frame` to points of `source`, edges aligned.

    ``x_source = (x + 0.5) · W_source / W - 0.5``, and the same for y.
    """
    scale_x = source.width / frame.width
    scale_y = source.height / frame.height
    return (scale_x, 0.0, 0.5 * scale_x - 0.5, 0.0, scale_y, 0.5 * scale_y - 0.5)


def tilted(pulls: Affines, tilts: Tilts, size: Sizes) -> Homographies:
    """Return ``pull · C · [[1, 0, 0], [0, 1, 0], [px, py, 1]] · C⁻¹``, C as for `centred`.

    So a point (x, y) about the centre of the output is divided by 1 + px·x + py·y first. Every
    homography is such a product.
    """
    px, py = tilts
    x = (size.width - 1) / 2
    y = (size.height - 1) / 2
    a, b, c, d, e, f = pulls
    lean = -(px * x + py * y)
    across, down = a * x + b * y + c, d * x + e * y + f
    return (
        a + across * px,
        b + across * py,
        c + across * lean,
        d + down * px,
        e + down * py,
        f + down * lean,
        px,
        py,
        1 + lean,
    )
