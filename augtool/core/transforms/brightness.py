"""Brightness."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from augtool.core.levels import Levels
from augtool.core.transforms.ranges import UniformRange, is_pair, pair

__all__ = ["Brightness"]


class Brightness(UniformRange):
    """Multiply every level by a factor drawn from [low, high): 0 is black, 1 unchanged.

    floor(level · factor), clipped at the top: Pillow's ``ImageEnhance.Brightness``, which Keras
    calls, to within one level.
    """

    stage: ClassVar[str] = "levels"
    name: ClassVar[str] = "brightness_range"
    columns: ClassVar[tuple[str, ...]] = ("brightness",)
    measures: ClassVar[tuple[str, ...]] = ("factor",)
    identity: ClassVar[tuple[float, ...]] = (1.0,)
    schema: ClassVar[dict[str, Any]] = {
        "type": ["array", "null"],
        "items": {"type": "number", "minimum": 0},
        "minItems": 2,
        "maxItems": 2,
    }
    help: ClassVar[str] = "[low, high] factor: 0 black, 1 unchanged"

    @classmethod
    def parse(cls, value: Any) -> Brightness | None:
        """Read [low, high], factors from 0 to 100; None turns it off."""
        if value is None:
            return None
        if not is_pair(value):
            raise ValueError(f"got {value!r}; expected two factors, e.g. [0.5, 1.5]")
        low, high = pair(value, 0, 100)
        return cls(low, high) if (low, high) != (1.0, 1.0) else None

    def change(self, levels: Levels, params: tuple[float, ...]) -> None:
        """Make it floor(level · brightness)."""
        levels.then(lambda level: np.floor(level * params[0]))
