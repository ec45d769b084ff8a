"""Rotation about the centre."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from augtool.core.geometry import Affine, Size
from augtool.core.transforms.family import NUMBER_OR_PAIR
from augtool.core.transforms.ranges import symmetric

__all__ = ["Rotation"]


@dataclass(frozen=True, slots=True)
class Rotation:
    """Turn by an angle in degrees, drawn from [low, high); > 0 is counter-clockwise as seen.

    R = [[cos r, -sin r], [sin r, cos r]] as a pull matrix with y pointing down.
    """

    low: float
    high: float

    name: ClassVar[str] = "rotation_range"
    columns: ClassVar[tuple[str, ...]] = ("rotation",)
    identity: ClassVar[tuple[float, ...]] = (0.0,)
    uniforms: ClassVar[int] = 1
    schema: ClassVar[dict[str, Any]] = NUMBER_OR_PAIR
    help: ClassVar[str] = "degrees: 20 draws from [-20, 20); or [low, high]"

    @classmethod
    def parse(cls, value: Any) -> Rotation | None:
        """Read r or [low, high], in degrees, within +-360."""
        low, high = symmetric(value, 360)
        return cls(low, high) if low or high else None

    def make_params(self, uniforms: tuple[float, ...], frame: Size) -> tuple[float, ...]:  # noqa: ARG002
        """Return (rotation,) in degrees."""
        return (self.low + uniforms[0] * (self.high - self.low),)

    def matrix(self, params: tuple[float, ...]) -> Affine:
        """Return R."""
        angle = math.radians(params[0])
        cos, sin = math.cos(angle), math.sin(angle)
        return (cos, -sin, 0.0, sin, cos, 0.0)
