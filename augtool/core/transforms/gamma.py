"""Gamma."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from augtool.core.levels import Levels
from augtool.core.transforms.ranges import FactorRange

__all__ = ["Gamma"]


class Gamma(FactorRange):
    """Raise every level to a power drawn from [low, high): above 1 is darker, below lighter.

    rint(top · (level / top)^gamma), top being 255 or 65535; black and white stay.
    """

    stage: ClassVar[str] = "levels"
    name: ClassVar[str] = "gamma_range"
    columns: ClassVar[tuple[str, ...]] = ("gamma",)
    help: ClassVar[str] = "g: powers from [1-g, 1+g), above 1 is darker; or [low, high]"
    lowest: ClassVar[float] = 0.01

    def change(self, levels: Levels, params: tuple[float, ...]) -> None:
        """Make it top · (level / top)^gamma."""
        top = levels.highest
        levels.then(lambda level: np.rint(top * (level / top) ** params[0]))
