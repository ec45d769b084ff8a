"""Motion blur."""

from __future__ import annotations

import math
from typing import ClassVar

import cv2
import numpy as np
import numpy.typing as npt

from augtool.core.geometry import Column, Image, Sizes
from augtool.core.transforms.family import Uniforms
from augtool.core.transforms.ranges import StrengthRange
from augtool.core.trig import cos_sin

__all__ = ["MotionBlur"]

#: Points of the path for each pixel of its length.
_POINTS_PER_PX = 8


class MotionBlur(StrengthRange):
    """Blur along a straight path whose length, in pixels, is drawn from [low, high).

    Its angle, counter-clockwise from the horizontal, is drawn from the full circle. Each pixel is
    the mean along the path, sampled linearly; the image is mirrored about its outermost pixels.
    Alpha is blurred too.
    """

    stage: ClassVar[str] = "filter"
    name: ClassVar[str] = "motion_blur_range"
    columns: ClassVar[tuple[str, ...]] = ("motion_length", "motion_angle")
    measures: ClassVar[tuple[str, ...]] = ("pixels", "degrees")
    identity: ClassVar[tuple[float, ...]] = (0.0, 0.0)
    uniforms: ClassVar[int] = 2
    help: ClassVar[str] = "length in pixels, in any direction: 7 draws from [0, 7); or [low, high]"
    portable: ClassVar[bool] = False
    highest: ClassVar[float] = 200

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> tuple[Column, ...]:  # noqa: ARG002
        """Return (motion_length, motion_angle)."""
        return (self.at(uniforms[0]), uniforms[1] * 180)

    def apply(self, image: Image, params: tuple[float, ...]) -> Image:
        """Return the blurred image."""
        return cv2.filter2D(image, -1, _kernel(*params), borderType=cv2.BORDER_REFLECT_101)


def _kernel(length_px: float, angle_deg: float) -> npt.NDArray[np.float64]:
    """Return the weights of the pixels around one: each point of the path shares out to four."""
    reach = math.ceil(length_px / 2)
    count = max(1, _POINTS_PER_PX * math.ceil(length_px))
    along = ((np.arange(count) + 0.5) / count - 0.5) * length_px
    cos, sin = cos_sin(angle_deg)
    x, y = reach + along * cos, reach - along * sin
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    side = 2 * reach + 2  # one more than is used, for points on the last pixel
    weights = np.zeros(side * side)
    for down in (0, 1):
        for right in (0, 1):
            share = np.abs(1 - down - (y - top)) * np.abs(1 - right - (x - left))
            weights += np.bincount((top + down) * side + left + right, share, side * side)
    return (weights / count).reshape(side, side)[:-1, :-1]
