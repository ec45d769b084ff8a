"""Contrast-limited adaptive histogram equalization."""

from __future__ import annotations

from typing import ClassVar

import cv2
import numpy as np

from augtool.core.geometry import Image
from augtool.core.image_spec import ImageSpec
from augtool.core.photometric import colour_channels
from augtool.core.transforms.ranges import ValueRange, require_8_bits

__all__ = ["Clahe"]

#: Tiles along a side at most: OpenCV's default, and Albumentations'.
_MOST_TILES = 8
#: The shortest side of a tile, of so many pixels that its histogram says something.
_TILE_PX = 28


class Clahe(ValueRange):
    """Equalize the histograms of 8 x 8 tiles, with a clip limit drawn from [low, high).

    OpenCV's CLAHE, as in Albumentations: in colour images, only the lightness L of CIE Lab changes.
    No level may be more frequent than the clip limit times its even share: 1 changes little.

    Tiles have at least 28 pixels a side, so small images have fewer of them: OpenCV makes tiles
    with fewer pixels than levels too bright. 16-bit images are refused: most of their 65,536 levels
    are empty.

    K. Zuiderveld, "Contrast limited adaptive histogram equalization", Graphics Gems IV (1994).
    """

    stage: ClassVar[str] = "filter"
    name: ClassVar[str] = "clahe"
    columns: ClassVar[tuple[str, ...]] = ("clahe",)
    measures: ClassVar[tuple[str, ...]] = ("factor",)
    identity: ClassVar[tuple[float, ...]] = (0.0,)
    knows_colours: ClassVar[bool] = True
    help: ClassVar[str] = "CLAHE by a clip limit of 1 to 100: 4; or [low, high], e.g. [1, 4]"
    portable: ClassVar[bool] = False
    lowest: ClassVar[float] = 1
    highest: ClassVar[float] = 100

    def unsupported_reason(self, spec: ImageSpec) -> str | None:
        """Refuse 16 bits."""
        return require_8_bits(self.name, spec)

    def apply(self, image: Image, params: tuple[float, ...]) -> Image:
        """Return the image with more local contrast; alpha stays."""
        if not params[0]:
            return image
        height, width = image.shape[:2]
        equalizer = cv2.createCLAHE(params[0], (_tiles(width), _tiles(height)))
        changed: Image = image.copy()
        levels = changed[..., np.newaxis] if image.ndim == 2 else changed
        if colour_channels(image) == 1:
            levels[..., 0] = equalizer.apply(np.ascontiguousarray(levels[..., 0]))
            return changed
        lab = cv2.cvtColor(np.ascontiguousarray(levels[..., :3]), cv2.COLOR_BGR2LAB)
        lab[..., 0] = equalizer.apply(np.ascontiguousarray(lab[..., 0]))
        levels[..., :3] = cv2.cvtColor(lab, cv2.COLOR_LAB2BGR)
        return changed


def _tiles(length_px: int) -> int:
    return min(max(length_px // _TILE_PX, 1), _MOST_TILES)
