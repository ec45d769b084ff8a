"""Shears along x and along y."""

from __future__ import annotations

from typing import ClassVar

from augtool.core.geometry import Affines, Column
from augtool.core.transforms.ranges import SymmetricRange
from augtool.core.trig import cos_sin

__all__ = ["Shear", "VerticalShear"]


class Shear(SymmetricRange):
    """Shear by an angle in degrees, drawn from [low, high).

    S = [[1, -sin s], [0, cos s]], as in Keras since keras#8868; the determinant is cos s, so the
    angle stays below 90. Values below 1 are mostly radians from older tutorials.
    """

    name: ClassVar[str] = "shear_range"
    columns: ClassVar[tuple[str, ...]] = ("shear",)
    measures: ClassVar[tuple[str, ...]] = ("degrees",)
    help: ClassVar[str] = "degrees (not radians): 10 draws from [-10, 10); or [low, high]"
    limit: ClassVar[float] = 89

    def matrix(self, params: tuple[Column, ...]) -> Affines:
        """Return S."""
        cos, sin = cos_sin(params[0])
        return (1.0, -sin, 0.0, 0.0, cos, 0.0)


class VerticalShear(SymmetricRange):
    """Shear along y by an angle in degrees, drawn from [low, high).

    V = [[cos v, 0], [-sin v, 1]], which is `shear_range` with x and y exchanged.
    """

    name: ClassVar[str] = "vertical_shear_range"
    columns: ClassVar[tuple[str, ...]] = ("vertical_shear",)
    measures: ClassVar[tuple[str, ...]] = ("degrees",)
    help: ClassVar[str] = "degrees, along y: 10 draws from [-10, 10); or [low, high]"
    limit: ClassVar[float] = 89

    def matrix(self, params: tuple[Column, ...]) -> Affines:
        """Return V."""
        cos, sin = cos_sin(params[0])
        return (cos, 0.0, 0.0, -sin, 1.0, 0.0)
