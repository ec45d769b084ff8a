"""Smooth random displacements of pixels, in whole numbers, so that every machine makes the same.

A grid of random vectors is interpolated by cubic B-splines.  Vectors and weights are whole numbers,
and all their products and sums stay below 2**53, which float64 holds exactly, in whatever order a
library adds them.  Places between pixels are whole multiples of 1/32: OpenCV's fixed-point maps.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from augtool.core.geometry import BORDERS, INTERPOLATIONS, Image, Size, WarpOptions
from augtool.core.noise import splitmix64

__all__ = ["LONGEST_PX", "Displacement"]

#: Fixed-point maps hold 16 bits with a sign.
LONGEST_PX = 32_767
#: Cells of the grid along the shorter side.
_CELLS = 5
#: A pixel has so many places along an axis.
_PLACE_BITS = 5
_PLACES = 2**_PLACE_BITS
#: Vectors are whole multiples of 1/16 place, and weights of 1/16384.
_FINER_BITS, _WEIGHT_BITS = 4, 14
#: About how many pixels are worked on at once: they fit a cache, and memory stays low.
_BLOCK = 2**14

#: Without places between pixels, OpenCV takes the pixels themselves.
_NOTHING = np.empty((0, 0), np.uint16)

Numbers = npt.NDArray[np.float64]


class Displacement(NamedTuple):
    """Where each pixel of an image comes from.

    Parameters
    ----------
    size
        Of the image.
    vectors : ndarray of shape (2, rows, columns), float64
        The grid, x first.
    """

    size: Size
    vectors: Numbers

    @classmethod
    def draw(cls, size: Size, share: float, key: int) -> Displacement:
        """Return the displacement of a key.

        Parameters
        ----------
        size
            Of the image.
        share
            How far a pixel may come along each axis, of the shorter side.
        key
            Whole number from 0 to 2**53.
        """
        shape = (2, _points(size.height, min(size)), _points(size.width, min(size)))
        count = 2 * shape[1] * shape[2]
        words = splitmix64(key, 0, -(-count // 4)).astype("<u8", copy=False).view("<u2")[:count]
        reach = round(share * min(size) * _PLACES * 2**_FINER_BITS)
        units = 2 * words.astype(np.int64) - 65535  # odd, from -65535 to 65535
        return cls(size, ((units * reach + 2**15) >> 16).astype(np.float64).reshape(shape))

    def places(self) -> Iterator[tuple[slice, npt.NDArray[np.int32]]]:
        """Yield rows, and where their pixels come from, in 1/32 pixel.

        An array of shape (2, rows, width), x first; the centre of the first pixel is at 0.
        """
        height, width = self.size
        shorter = min(self.size)
        down, across = _weights(height, shorter), _weights(width, shorter).T
        vectors = self.vectors * 2.0 ** -(2 * _WEIGHT_BITS + _FINER_BITS)  # stays exact
        start = _PLACES * np.arange(width, dtype=np.int32)
        band = max(1, _BLOCK // width)
        for top in range(0, height, band):
            rows = slice(top, min(top + band, height))
            sums = down[rows] @ vectors @ across
            places = np.rint(sums, out=sums).astype(np.int32)
            places[0] += start
            places[1] += _PLACES * np.arange(rows.start, rows.stop, dtype=np.int32)[:, np.newaxis]
            yield rows, places

    def apply(self, image: Image, options: WarpOptions) -> Image:
        """Return an image with its pixels moved.

        Parameters
        ----------
        image : ndarray of shape (H, W) or (H, W, C), C <= 4, uint8 or uint16
        options
            Border, fill value and interpolation.
        """
        channels = 1 if image.ndim == 2 else image.shape[2]
        fill, mode = options.border_value(channels), BORDERS[options.fill_mode]
        moved: Image = np.empty_like(image)
        order = options.interpolation_order
        for rows, places in self.places():
            if order == 0:
                places += _PLACES // 2
            pixels = np.ascontiguousarray(
                (places >> _PLACE_BITS).astype(np.int16).transpose(1, 2, 0)
            )
            rest = (places & (_PLACES - 1)).astype(np.uint16)
            between = (rest[1] << np.uint16(_PLACE_BITS)) + rest[0] if order else _NOTHING
            made = cv2.remap(image, pixels, between, INTERPOLATIONS[order], None, mode, fill)
            moved[rows] = made.reshape(moved[rows].shape)
        return moved


def _points(length_px: int, shorter_px: int) -> int:
    """Return how many points of the grid reach a side."""
    return (length_px * _CELLS - 1) // shorter_px + 4


@lru_cache(maxsize=8)
def _weights(length_px: int, shorter_px: int) -> Numbers:
    """Return the weight of each point of the grid at each pixel: of shape (length, points)."""
    at = (np.arange(length_px) + 0.5) * _CELLS / shorter_px
    cell = np.floor(at).astype(np.intp)
    t = at - cell
    s = 1 - t
    shares = np.stack([s * s * s, (3 * t - 6) * t * t + 4, (3 * s - 6) * s * s + 4, t * t * t]) / 6
    whole = np.rint(shares * 2**_WEIGHT_BITS)
    whole[1] += 2**_WEIGHT_BITS - whole.sum(axis=0)  # together just 1
    weights = np.zeros((length_px, _points(length_px, shorter_px)))
    for place in range(4):
        weights[np.arange(length_px), cell + place] = whole[place]
    weights.flags.writeable = False
    return weights
