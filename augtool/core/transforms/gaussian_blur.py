"""Gaussian blur."""

from __future__ import annotations

from typing import ClassVar

import cv2

from augtool.core.geometry import Image
from augtool.core.transforms.ranges import StrengthRange

__all__ = ["GaussianBlur"]


class GaussianBlur(StrengthRange):
    """Blur with a normal distribution whose sigma, in pixels, is drawn from [low, high).

    The kernel has int(6 sigma) | 1 pixels a side, and the image is mirrored about its outermost
    pixels. Alpha is blurred too.
    """

    stage: ClassVar[str] = "filter"
    name: ClassVar[str] = "gaussian_blur_range"
    columns: ClassVar[tuple[str, ...]] = ("blur_sigma",)
    measures: ClassVar[tuple[str, ...]] = ("pixels",)
    help: ClassVar[str] = "sigma in pixels: 2 draws from [0, 2); or [low, high]"
    highest: ClassVar[float] = 100

    def apply(self, image: Image, params: tuple[float, ...]) -> Image:
        """Return the blurred image."""
        (sigma,) = params
        side = int(6 * sigma) | 1
        if side == 1:
            return image
        return cv2.GaussianBlur(image, (side, side), sigma, borderType=cv2.BORDER_REFLECT_101)
