"""White balance."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from augtool.core.transforms.family import Mix
from augtool.core.transforms.ranges import FactorRange

__all__ = ["WhiteBalance"]


class WhiteBalance(FactorRange):
    """Multiply red and blue by two factors, each drawn from [low, high), as other light would.

    Gray images stay as they are.
    """

    stage: ClassVar[str] = "colour"
    name: ClassVar[str] = "white_balance_range"
    columns: ClassVar[tuple[str, ...]] = ("red_gain", "blue_gain")
    measures: ClassVar[tuple[str, ...]] = ("factor", "factor")
    identity: ClassVar[tuple[float, ...]] = (1.0, 1.0)
    uniforms: ClassVar[int] = 2
    knows_colours: ClassVar[bool] = True
    help: ClassVar[str] = "w: factors of red and of blue from [1-w, 1+w); or [low, high]"

    def mix(self, params: tuple[float, ...]) -> Mix:
        """Return diag(blue_gain, 1, red_gain)."""
        red, blue = params
        return np.diag([blue, 1.0, red])
