"""Rotation about the centre."""

from __future__ import annotations

from typing import ClassVar

from augtool.core.geometry import Affines, Column
from augtool.core.transforms.ranges import SymmetricRange
from augtool.core.trig import cos_sin

__all__ = ["Rotation"]


class Rotation(SymmetricRange):
    """Rotate by an angle in degrees, drawn from [low, high); > 0 is counter-clockwise as seen.

    R = [[cos r, -sin r], [sin r, cos r]] as a pull matrix with y pointing down.
    """

    name: ClassVar[str] = "rotation_range"
    columns: ClassVar[tuple[str, ...]] = ("rotation",)
    measures: ClassVar[tuple[str, ...]] = ("degrees",)
    help: ClassVar[str] = "degrees: 20 draws from [-20, 20); or [low, high]"
    limit: ClassVar[float] = 360

    def matrix(self, params: tuple[Column, ...]) -> Affines:
        """Return R."""
        cos, sin = cos_sin(params[0])
        return (cos, -sin, 0.0, sin, cos, 0.0)
