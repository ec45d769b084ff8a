"""Channel shift."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from augtool.core.levels import Levels
from augtool.core.transforms.ranges import SymmetricRange

__all__ = ["ChannelShift"]


class ChannelShift(SymmetricRange):
    """Add one number, drawn from [low, high), to every level of every colour channel.

    The result is rounded and clipped to the lowest and highest level of the warped image, as Keras
    does. The number is in levels of the image: of 255, or of 65,535 in 16 bits.
    """

    stage: ClassVar[str] = "levels"
    name: ClassVar[str] = "channel_shift_range"
    columns: ClassVar[tuple[str, ...]] = ("channel_shift",)
    measures: ClassVar[tuple[str, ...]] = ("levels",)
    help: ClassVar[str] = "levels: 20 draws from [-20, 20); or [low, high]"
    limit: ClassVar[float] = 65535

    def change(self, levels: Levels, params: tuple[float, ...]) -> None:
        """Add channel_shift, within the image's own extremes."""
        low, high = levels.extremes()
        levels.then(lambda level: np.clip(np.rint(level + params[0]), low, high))
