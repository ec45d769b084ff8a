"""Hue."""

from __future__ import annotations

from typing import ClassVar

import cv2
import numpy as np

from augtool.core.geometry import Image
from augtool.core.image_spec import ImageSpec
from augtool.core.photometric import colour_channels
from augtool.core.transforms.ranges import SymmetricRange, require_8_bits

__all__ = ["Hue"]


class Hue(SymmetricRange):
    """Rotate every hue by a share of the colour circle, drawn from [low, high).

    Hue, saturation and value are whole numbers up to 255 in between, as in OpenCV. Gray images stay
    as they are; 16-bit images are refused, since OpenCV has no hue for them.
    """

    stage: ClassVar[str] = "hue"
    name: ClassVar[str] = "hue_range"
    columns: ClassVar[tuple[str, ...]] = ("hue",)
    measures: ClassVar[tuple[str, ...]] = ("turns",)
    knows_colours: ClassVar[bool] = True
    help: ClassVar[str] = "turns of the colour circle: 0.1 draws from [-0.1, 0.1); or [low, high]"
    portable: ClassVar[bool] = False
    limit: ClassVar[float] = 0.5

    def unsupported_reason(self, spec: ImageSpec) -> str | None:
        """Refuse 16 bits of colour."""
        return require_8_bits(self.name, spec) if spec.channels > 2 else None

    def apply(self, image: Image, params: tuple[float, ...]) -> Image:
        """Return the image in other hues."""
        steps = round(params[0] * 256) % 256
        if colour_channels(image) == 1 or not steps:
            return image
        colour = image[..., :3] if image.shape[2] == 3 else cv2.cvtColor(image, cv2.COLOR_BGRA2BGR)
        hsv = cv2.cvtColor(colour, cv2.COLOR_BGR2HSV_FULL)
        hsv[..., 0] += np.uint8(steps)  # 256 make a turn: it wraps by itself
        turned = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR_FULL)
        return turned if image.shape[2] == 3 else np.dstack([turned, image[..., 3]])
