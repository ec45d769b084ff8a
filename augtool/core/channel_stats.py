"""Mean and standard deviation of many images, the same to the last digit in any order.

Sums of levels are whole numbers, so adding them up is exact; there is one division at the end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from augtool.core.geometry import Image

__all__ = ["Batch", "Sums", "add", "describe", "sums_of", "sums_of_array"]

#: Kind of image (such as "3x8": 3 channels of 8 bits) to pixels, then sum and sum of squares of
#: each channel, in the order R, G, B.
Sums = dict[str, list[int]]

#: A uint16 level in 8-bit levels, for a set that has both.
_TO_8_BITS = Fraction(1, 257)


#: Images up to this size are summed together, in batches of this many bytes.
_SMALL_BYTES, _BATCH_BYTES = 2**16, 2**20
#: About how many 16-bit levels are summed up at once.
_BAND_LEVELS = 2**20


@dataclass(slots=True)
class Batch:
    """Sums of images that arrive one by one; small images cost less than calls into OpenCV."""

    _sums: Sums = field(default_factory=dict, init=False)
    _waiting: list[Image] = field(default_factory=list, init=False)
    _waiting_bytes: int = field(default=0, init=False)
    #: Of all that wait: shape without the height, bytes of a level, channels that count.
    _kind: tuple[tuple[int, ...], int, int] = field(default=((), 0, 0), init=False)

    def add(self, image: Image, channels: int) -> None:
        """Count one image, as :func:`sums_of` does; its pixels must not change afterwards."""
        if image.nbytes > _SMALL_BYTES:
            add(self._sums, sums_of(image, channels))
            return
        kind = image.shape[1:], image.itemsize, channels
        if self._waiting_bytes > _BATCH_BYTES or kind != self._kind:
            self._sum_up()
            self._kind = kind
        self._waiting.append(image)
        self._waiting_bytes += image.nbytes

    def sums(self) -> Sums:
        """Return the sums of all images so far."""
        self._sum_up()
        return self._sums

    def _sum_up(self) -> None:
        if self._waiting:
            add(self._sums, sums_of(np.concatenate(self._waiting), self._kind[2]))
            self._waiting.clear()
            self._waiting_bytes = 0


def sums_of(image: Image, channels: int) -> Sums:
    """Return the sums of one image; alpha does not count.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, C) in OpenCV's channel order, uint8 or uint16
    channels
        How many of its channels count (:func:`augtool.core.warp.padded`).
    """
    colours = 3 if channels > 2 else 1
    count = image.shape[0] * image.shape[1]
    numbers = [count]
    if image.itemsize == 1:
        means, deviations = (each.ravel().tolist() for each in cv2.meanStdDev(image))
        for channel in reversed(range(colours)):
            # Whole numbers far below 2**50, so that rounding makes them exact.
            mean, deviation = means[channel], deviations[channel]
            numbers += [round(mean * count), round((deviation**2 + mean**2) * count)]
    else:
        for channel in reversed(range(colours)):
            plane = image if image.ndim == 2 else image[..., channel]
            total = squares = 0
            for band in np.array_split(plane, max(1, plane.size // _BAND_LEVELS)):
                levels = band.astype(np.uint64).ravel()
                total, squares = total + int(levels.sum()), squares + int(levels @ levels)
            numbers += [total, squares]
    return {f"{colours}x{8 * image.itemsize}": numbers}


def sums_of_array(levels: npt.NDArray[Any]) -> Sums:
    """Return the sums of an array of shape (..., C), uint8 or uint16; every channel counts."""
    rows = levels.astype(np.uint64).reshape(-1, levels.shape[-1])
    numbers = [len(rows)]
    for pair in zip(rows.sum(axis=0), (rows * rows).sum(axis=0)):
        numbers += map(int, pair)
    return {f"{rows.shape[1]}x{8 * levels.itemsize}": numbers}


def add(total: Sums, more: Mapping[str, list[int]]) -> None:
    """Add sums to a total, in place."""
    for kind, numbers in more.items():
        mine = total.setdefault(kind, [0] * len(numbers))
        total[kind] = [one + other for one, other in zip(mine, numbers)]


def describe(total: Mapping[str, list[int]]) -> dict[str, list[float]]:
    """Return mean and std by channel, in levels; empty if there are no images.

    A set of mixed kinds is read as most loaders read it: gray counts as equal R, G and B, and
    16-bit levels are divided by 257.
    """
    if not total:
        return {}
    channels = max(len(numbers) // 2 for numbers in total.values())
    is_mixed = len({kind.partition("x")[2] for kind in total}) > 1
    pixels, sums, squares = 0, [Fraction(0)] * channels, [Fraction(0)] * channels
    for kind, numbers in total.items():
        scale = _TO_8_BITS if is_mixed and kind.endswith("x16") else Fraction(1)
        pixels += numbers[0]
        for channel in range(channels):
            at = 1 + 2 * (channel if len(numbers) // 2 == channels else 0)
            sums[channel] += numbers[at] * scale
            squares[channel] += numbers[at + 1] * scale**2
    means = [each / pixels for each in sums]
    variances = [each / pixels - mean**2 for each, mean in zip(squares, means)]
    return {
        "mean": [float(mean) for mean in means],
        "std": [math.sqrt(max(variance, Fraction(0))) for variance in variances],
    }
