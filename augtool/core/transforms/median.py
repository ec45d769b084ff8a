"""Median."""

from __future__ import annotations

from typing import ClassVar

import cv2
import numpy as np

from augtool.core.geometry import Image
from augtool.core.transforms.ranges import Switch

__all__ = ["Median"]


class Median(Switch):
    """Replace each pixel by the median of the 3 x 3 pixels around it, alpha too.

    Beyond the edge, the outermost pixels are repeated.
    """

    stage: ClassVar[str] = "filter"
    name: ClassVar[str] = "median"
    columns: ClassVar[tuple[str, ...]] = ("median",)
    help: ClassVar[str] = "median of 3 x 3: true (half of the copies), false, or a probability"

    def apply(self, image: Image, params: tuple[float, ...]) -> Image:
        """Return the image of medians, if the switch is on."""
        if not params[0]:
            return image
        if image.ndim == 3 and image.shape[2] == 2:  # OpenCV takes 1, 3 or 4
            planes = [cv2.medianBlur(np.ascontiguousarray(image[..., k]), 3) for k in range(2)]
            return np.dstack(planes)
        return cv2.medianBlur(image, 3)
