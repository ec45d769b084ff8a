"""Sharpness."""

from __future__ import annotations

from typing import Any, ClassVar

import cv2
import numpy as np

from augtool.core.geometry import Image
from augtool.core.photometric import colour_channels
from augtool.core.transforms.ranges import FactorRange

__all__ = ["Sharpness"]

#: About how many levels are worked on at once: they fit a cache, and memory stays low.
_BLOCK = 2**15
#: The factor is a whole multiple of 1/65536.
_UNIT_BITS = 16


class Sharpness(FactorRange):
    """Move every level away from the smoothed image by a factor drawn from [low, high).

    smooth + floor(factor · (level - smooth)), where smooth is the mean of a pixel, counted five
    times, and its eight neighbours, rounded; the outermost pixels stay as they are: Pillow's
    ``ImageEnhance.Sharpness``, to within one level. 0 is smooth, above 1 is sharper. Alpha stays.
    """

    stage: ClassVar[str] = "filter"
    name: ClassVar[str] = "sharpness_range"
    columns: ClassVar[tuple[str, ...]] = ("sharpness",)
    help: ClassVar[str] = "s: factors from [1-s, 1+s), 0 is smooth; or [low, high]"

    def apply(self, image: Image, params: tuple[float, ...]) -> Image:
        """Return the sharper or smoother image."""
        fixed = round(params[0] * 2**_UNIT_BITS)
        colours = colour_channels(image)
        numbers: type[np.signedinteger[Any]] = np.int32 if image.itemsize == 1 else np.int64
        top = np.iinfo(image.dtype).max
        changed: Image = image.copy()
        rows = max(1, _BLOCK // max(1, image[0].size))
        for first in range(1, image.shape[0] - 1, rows):
            band = image[first - 1 : min(first + rows, image.shape[0] - 1) + 1]
            total = cv2.boxFilter(band, cv2.CV_32S, (3, 3), normalize=False).reshape(band.shape)
            smooth = total[1:-1].astype(numbers, copy=False)
            levels = band[1:-1].astype(numbers)
            smooth += 4 * levels
            smooth += 6
            smooth //= 13
            levels -= smooth
            levels *= fixed
            levels >>= _UNIT_BITS
            levels += smooth
            sharp = np.clip(levels, 0, top)[:, 1:-1]
            inner = changed[first : first + len(sharp), 1:-1]
            if image.ndim == 2:
                inner[:] = sharp
            else:
                inner[..., :colours] = sharp[..., :colours]
        return changed
