"""Solarization."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from augtool.core.levels import Levels
from augtool.core.transforms.ranges import ValueRange

__all__ = ["Solarize"]


class Solarize(ValueRange):
    """Invert all levels from a threshold upwards, which is drawn from [low, high).

    The threshold is in levels of 255, also for 16 bits, where each stands for 257 levels. 256
    inverts nothing.
    """

    stage: ClassVar[str] = "levels"
    name: ClassVar[str] = "solarize_threshold"
    columns: ClassVar[tuple[str, ...]] = ("solarize",)
    measures: ClassVar[tuple[str, ...]] = ("levels of 255",)
    identity: ClassVar[tuple[float, ...]] = (256.0,)
    help: ClassVar[str] = "levels of 255: 128 inverts those from 128 on; or [low, high]"
    lowest: ClassVar[float] = 0
    highest: ClassVar[float] = 256

    def change(self, levels: Levels, params: tuple[float, ...]) -> None:
        """Make it top - level from the threshold on."""
        top = levels.highest
        threshold = params[0] * (top // 255)
        levels.then(lambda level: np.where(level >= threshold, top - level, level))
