"""The level changes of one image, gathered into one table: any number of them cost one look-up.

A change that must know the image as it is by then (its mean, its extremes) has the look-up done
first; the others wait for one another.  Integer tables put into one another give the changes one
by one, to the last bit.  An image with fewer levels than a table would have entries, such as a
small one of 16 bits, has its own levels changed instead, to the same numbers.  Alpha is never
touched.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from augtool.core.geometry import Image
from augtool.core.photometric import LUMA, colour_channels, level_extremes

__all__ = ["Change", "Levels", "Numbers"]

Numbers = npt.NDArray[np.float64]
#: A change: levels of shape (..., 1) or (..., C) to levels of shape (..., 1) or (..., C), for C
#: colour channels.  The result is clipped to the range of the dtype and truncated.
Change = Callable[[Numbers], Numbers]
#: OpenCV counts in float32, which holds all whole numbers up to this.
_EXACT = 2**24
#: Images of fewer values gain nothing from another way than a table.
_LARGE = 2**15


class Levels:
    """The levels of one image, and the changes that wait for them.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, C), C <= 4, uint8 or uint16
        The image before the first change; it is never overwritten.

    Attributes
    ----------
    highest
        The highest level: 255 or 65535.
    colours
        How many channels have colours: 1 or 3.
    """

    def __init__(self, image: Image) -> None:
        self._image = image
        self.colours = colour_channels(image)
        self.highest = 255 if image.itemsize == 1 else 65535
        self._is_direct = image.size < self.highest
        self._table: Image | None = None

    def then(self, change: Change) -> None:
        """Add a change after those before it."""
        if self._is_direct:
            self._image = self._with_colour(self._cut(change(self._colour().astype(np.float64))))
            return
        step = self._cut(change(_every_level(self.highest)))
        self._table = step if self._table is None else _chained(self._table, step)

    def extremes(self) -> tuple[int, int]:
        """Return the lowest and the highest level over all colour channels, as of now."""
        return level_extremes(self._settled())

    def channel_extremes(self) -> list[tuple[float, float]]:
        """Return the lowest and the highest level of each colour channel, as of now."""
        return [cv2.minMaxLoc(plane)[:2] for plane in self._planes()]

    def histograms(self) -> list[npt.NDArray[np.int64]]:
        """Return how often each level occurs in each colour channel, as of now; 8 bits only."""
        found = []
        for plane in self._planes():
            rows = max(1, _EXACT // plane.shape[1])
            bands = [plane[top : top + rows] for top in range(0, len(plane), rows)]
            counts = [cv2.calcHist([band], [0], None, [256], [0, 256]) for band in bands]
            total = counts[0].astype(np.int64)
            for each in counts[1:]:
                total += each.astype(np.int64)
            found.append(total.ravel())
        return found

    def mean_luma(self) -> float:
        """Return the mean of 0.299 R + 0.587 G + 0.114 B, or of gray, as of now."""
        image = self._settled()
        # Sums are exact; OpenCV's means differ in the last digit from build to build.
        sums = cv2.sumElems(image)
        pixels = image.shape[0] * image.shape[1]
        if self.colours == 1:
            return float(sums[0] / pixels)
        return float(sum(weight * total for weight, total in zip(LUMA, sums)) / pixels)

    def applied(self) -> Image:
        """Return the changed image, of the same shape and dtype."""
        return self._settled()

    def _settled(self) -> Image:
        """Look the image's levels up, if a change waits."""
        table, image = self._table, self._image
        if table is not None:
            channels = 1 if image.ndim == 2 else image.shape[2]
            is_large = image.size >= max(_LARGE, 4 * len(table)) and channels == self.colours
            bits = _as_bits(table) if is_large else None
            if bits is not None:
                kept, flipped = bits
                image = image if kept == self.highest else image & kept
                self._image, self._table = image ^ flipped if flipped else image, None
                return self._image
            if channels == table.shape[1]:
                table = table[np.newaxis]
            elif channels != self.colours:
                kept = _every_level(self.highest).astype(image.dtype)
                colour = np.broadcast_to(table, (len(table), self.colours))
                table = np.hstack([colour, *[kept] * (channels - self.colours)])[np.newaxis]
            self._image, self._table = cv2.LUT(image, table).reshape(image.shape), None
        return self._image

    def _planes(self) -> list[Image]:
        image = self._settled()
        if image.ndim == 2:
            return [image]
        return [cv2.extractChannel(image, channel) for channel in range(self.colours)]

    def _cut(self, levels: Numbers) -> Image:
        # Two calls take half the time of `clip`.
        cut: Image = np.minimum(np.maximum(levels, 0), self.highest).astype(self._image.dtype)
        return cut

    def _colour(self) -> Image:
        """Return the colour channels, with their axis."""
        image = self._image
        return image[..., np.newaxis] if image.ndim == 2 else image[..., : self.colours]

    def _with_colour(self, colour: Image) -> Image:
        image = self._image
        if image.size == colour.size:
            return colour.reshape(image.shape)
        return np.concatenate([colour, image[..., self.colours :]], axis=2)


@lru_cache
def _every_level(highest: int) -> Numbers:
    """Return 0 to `highest` as a column."""
    levels = np.arange(highest + 1, dtype=np.float64)[:, np.newaxis]
    levels.flags.writeable = False
    return levels


def _as_bits(table: Image) -> tuple[Any, Any] | None:
    """Return m and x where a table is (level & m) ^ x, which takes a fifth of its time; else None.

    Negatives are, and levels that keep only their upper bits.
    """
    if table.shape[1] > 1:
        return None
    flipped = table[0, 0]
    kept = table[-1, 0] ^ flipped
    levels = np.arange(len(table), dtype=table.dtype)
    return (kept, flipped) if np.array_equal((levels & kept) ^ flipped, table[:, 0]) else None


def _chained(first: Image, second: Image) -> Image:
    """Return the table of two tables one after the other, each with one column or one a channel."""
    if second.shape[1] == 1:
        return second[:, 0].take(first)
    return np.take_along_axis(second, np.broadcast_to(first, second.shape), axis=0)
