"""Zoom, along x and y independently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from augtool.core.geometry import Affines, Column
from augtool.core.transforms.ranges import UniformRange, is_pair, number, pair

__all__ = ["Zoom"]

_LOWEST, _HIGHEST = 0.01, 100.0


@dataclass(frozen=True, slots=True)
class Zoom(UniformRange):
    """Scale by two factors, each drawn from [low, high); > 1 shows more, as in Keras.

    Z = diag(zoom_x, zoom_y).
    """

    name: ClassVar[str] = "zoom_range"
    columns: ClassVar[tuple[str, ...]] = ("zoom_x", "zoom_y")
    identity: ClassVar[tuple[float, ...]] = (1.0, 1.0)
    uniforms: ClassVar[int] = 2
    help: ClassVar[str] = "z: [1-z, 1+z), above 1 zooms out; or [low, high]"

    @classmethod
    def parse(cls, value: Any) -> Zoom | None:
        """Read z, meaning [1-z, 1+z), or [low, high]."""
        if is_pair(value):
            low, high = pair(value, _LOWEST, _HIGHEST)
            return cls(low, high) if (low, high) != (1.0, 1.0) else None
        span = number(value, 0, _HIGHEST)
        if span > 1 - _LOWEST:
            raise ValueError(
                f"{value!r} would zoom by factors down to {1 - span:g}; use a number below 1,"
                f" or both ends, e.g. [0.5, {1 + span:g}]"
            )
        return cls(1 - span, 1 + span) if span else None

    def matrix(self, params: tuple[Column, ...]) -> Affines:
        """Return Z."""
        return (params[0], 0.0, 0.0, 0.0, params[1], 0.0)
