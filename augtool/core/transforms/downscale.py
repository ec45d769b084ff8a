"""Downscaling and back."""

from __future__ import annotations

from typing import ClassVar

import cv2
import numpy as np
import numpy.typing as npt

from augtool.core.geometry import Image
from augtool.core.transforms.ranges import ValueRange

__all__ = ["Downscale"]


class Downscale(ValueRange):
    """Reduce the image by a factor drawn from [low, high), then enlarge it with large pixels.

    Reduced pixels are means, of alpha too; each side keeps at least one.
    """

    stage: ClassVar[str] = "filter"
    name: ClassVar[str] = "downscale_range"
    columns: ClassVar[tuple[str, ...]] = ("downscale",)
    measures: ClassVar[tuple[str, ...]] = ("factor",)
    identity: ClassVar[tuple[float, ...]] = (1.0,)
    help: ClassVar[str] = "factor: 0.5 halves the detail; or [low, high], e.g. [0.3, 0.9]"
    lowest: ClassVar[float] = 0.01
    highest: ClassVar[float] = 1

    def apply(self, image: Image, params: tuple[float, ...]) -> Image:
        """Return the image with less detail."""
        height, width = image.shape[:2]
        reduced = max(1, round(width * params[0])), max(1, round(height * params[0]))
        small = cv2.resize(image, reduced, interpolation=cv2.INTER_AREA)
        # As INTER_NEAREST_EXACT of OpenCV 5 does; that of 4.x takes other pixels.
        rows, columns = _nearest(reduced[1], height), _nearest(reduced[0], width)
        return small.take(columns, axis=1).take(rows, axis=0)


def _nearest(small: int, large: int) -> npt.NDArray[np.int64]:
    """Return which of `small` pixels each of `large` lies on, side by side at the same length."""
    middles = 2 * np.arange(large) + 1
    return middles * small // (2 * large)
