"""Contrast."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from augtool.core.levels import Levels
from augtool.core.transforms.ranges import FactorRange

__all__ = ["Contrast"]


class Contrast(FactorRange):
    """Move every level away from the mean by a factor drawn from [low, high): 0 is plain gray.

    floor(factor · level + (1 - factor) · mean), the mean being that of luma over the image:
    torchvision's ``adjust_contrast``, to within one level.
    """

    stage: ClassVar[str] = "levels"
    name: ClassVar[str] = "contrast_range"
    columns: ClassVar[tuple[str, ...]] = ("contrast",)
    knows_colours: ClassVar[bool] = True
    help: ClassVar[str] = "c: factors from [1-c, 1+c), 0 is plain gray; or [low, high]"

    def change(self, levels: Levels, params: tuple[float, ...]) -> None:
        """Make it floor(contrast · level + (1 - contrast) · mean)."""
        (factor,) = params
        rest = (1 - factor) * levels.mean_luma()
        levels.then(lambda level: np.floor(factor * level + rest))
