"""Zoom, along x and y independently."""

from __future__ import annotations

from typing import ClassVar

from augtool.core.geometry import Affines, Column
from augtool.core.transforms.ranges import FactorRange

__all__ = ["Zoom"]


class Zoom(FactorRange):
    """Scale by two factors, each drawn from [low, high); > 1 shows more, as in Keras.

    Z = diag(zoom_x, zoom_y).
    """

    name: ClassVar[str] = "zoom_range"
    columns: ClassVar[tuple[str, ...]] = ("zoom_x", "zoom_y")
    identity: ClassVar[tuple[float, ...]] = (1.0, 1.0)
    measures: ClassVar[tuple[str, ...]] = ("factor", "factor")
    uniforms: ClassVar[int] = 2
    help: ClassVar[str] = "z: [1-z, 1+z), above 1 zooms out; or [low, high]"
    lowest: ClassVar[float] = 0.01

    def matrix(self, params: tuple[Column, ...]) -> Affines:
        """Return Z."""
        return (params[0], 0.0, 0.0, 0.0, params[1], 0.0)
