"""Autocontrast."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from augtool.core.levels import Levels
from augtool.core.transforms.ranges import Switch

__all__ = ["Autocontrast"]


class Autocontrast(Switch):
    """Stretch the levels of each colour channel over the whole range.

    floor((level - lowest) · top / (highest - lowest)): torchvision's ``autocontrast``. A channel
    with only one level stays as it is.
    """

    stage: ClassVar[str] = "levels"
    name: ClassVar[str] = "autocontrast"
    columns: ClassVar[tuple[str, ...]] = ("autocontrast",)
    help: ClassVar[str] = "full range: true (half of the copies), false, or a probability"

    def change(self, levels: Levels, params: tuple[float, ...]) -> None:
        """Stretch each channel, if the switch is on."""
        if not params[0]:
            return
        lows, highs = np.array(levels.channel_extremes(), np.float64).T
        spans = highs - lows
        tops = np.where(spans, levels.highest, 1.0)
        lows, spans = np.where(spans, lows, 0.0), np.where(spans, spans, 1.0)
        levels.then(lambda level: np.floor((level - lows) * tops / spans))
