"""Scaling, along x and y alike."""

from __future__ import annotations

from typing import ClassVar

from augtool.core.geometry import Affines, Column
from augtool.core.transforms.ranges import FactorRange

__all__ = ["Scale"]


class Scale(FactorRange):
    """Enlarge by a factor drawn from [low, high), the same along both axes; > 1 shows less.

    K = diag(1 / scale, 1 / scale), the inverse direction of Keras' `zoom_range`.
    """

    name: ClassVar[str] = "scale_range"
    columns: ClassVar[tuple[str, ...]] = ("scale",)
    help: ClassVar[str] = "s: factors from [1-s, 1+s), above 1 is larger; or [low, high]"
    lowest: ClassVar[float] = 0.01

    def matrix(self, params: tuple[Column, ...]) -> Affines:
        """Return K."""
        factor = 1.0 / params[0]
        return (factor, 0.0, 0.0, 0.0, factor, 0.0)
