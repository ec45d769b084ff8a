"""Shear."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from augtool.core.geometry import Affine, Size
from augtool.core.transforms.family import NUMBER_OR_PAIR
from augtool.core.transforms.ranges import symmetric

__all__ = ["Shear"]


@dataclass(frozen=True, slots=True)
class Shear:
    """Shear by an angle in degrees, drawn from [low, high).

    S = [[1, -sin s], [0, cos s]], as in Keras since keras#8868; the determinant is cos s, so the
    angle stays below 90. Values below 1 are mostly radians from older tutorials.
    """

    low: float
    high: float

    name: ClassVar[str] = "shear_range"
    columns: ClassVar[tuple[str, ...]] = ("shear",)
    identity: ClassVar[tuple[float, ...]] = (0.0,)
    uniforms: ClassVar[int] = 1
    schema: ClassVar[dict[str, Any]] = NUMBER_OR_PAIR
    help: ClassVar[str] = "degrees (not radians): 10 draws from [-10, 10); or [low, high]"

    @classmethod
    def parse(cls, value: Any) -> Shear | None:
        """Read s or [low, high], in degrees, within +-89."""
        low, high = symmetric(value, 89)
        return cls(low, high) if low or high else None

    def make_params(self, uniforms: tuple[float, ...], frame: Size) -> tuple[float, ...]:  # noqa: ARG002
        """Return (shear,) in degrees."""
        return (self.low + uniforms[0] * (self.high - self.low),)

    def matrix(self, params: tuple[float, ...]) -> Affine:
        """Return S."""
        angle = math.radians(params[0])
        return (1.0, -math.sin(angle), 0.0, 0.0, math.cos(angle), 0.0)
