"""Turns by right angles."""

from __future__ import annotations

from typing import ClassVar

from augtool.core.geometry import Affines, Column
from augtool.core.transforms.ranges import Choice
from augtool.core.trig import cos_sin

__all__ = ["Rotate90"]


class Rotate90(Choice):
    """Rotate by 90, 180 or 270 degrees counter-clockwise, all equally likely.

    Q = [[cos q, -sin q], [sin q, cos q]], q being quarter_turns · 90 degrees. The size stays the
    same: of an image that is not square, the ends are cut off and the sides filled.
    """

    name: ClassVar[str] = "rotate_90"
    columns: ClassVar[tuple[str, ...]] = ("quarter_turns",)
    measures: ClassVar[tuple[str, ...]] = ("quarters",)
    help: ClassVar[str] = "90, 180 or 270 degrees: true (half of the copies) or a probability"
    others: ClassVar[int] = 3

    def matrix(self, params: tuple[Column, ...]) -> Affines:
        """Return Q."""
        cos, sin = cos_sin(params[0] * 90.0)
        return (cos, -sin, 0.0, sin, cos, 0.0)
