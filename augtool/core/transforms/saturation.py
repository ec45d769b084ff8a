"""Saturation."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from augtool.core.photometric import LUMA
from augtool.core.transforms.family import Mix
from augtool.core.transforms.ranges import FactorRange

__all__ = ["Saturation"]

_SAME, _GRAY = np.eye(3), np.tile(LUMA, (3, 1))


class Saturation(FactorRange):
    """Move every pixel away from its own luma by a factor drawn from [low, high): 0 is gray.

    factor · level + (1 - factor) · luma: torchvision's ``adjust_saturation``. Gray images stay as
    they are.
    """

    stage: ClassVar[str] = "colour"
    name: ClassVar[str] = "saturation_range"
    columns: ClassVar[tuple[str, ...]] = ("saturation",)
    knows_colours: ClassVar[bool] = True
    help: ClassVar[str] = "s: factors from [1-s, 1+s), 0 is gray; or [low, high]"

    def mix(self, params: tuple[float, ...]) -> Mix:
        """Return saturation · I + (1 - saturation) · luma."""
        (factor,) = params
        return factor * _SAME + (1 - factor) * _GRAY
