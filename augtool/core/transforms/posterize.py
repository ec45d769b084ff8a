"""Posterization."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from augtool.core.levels import Levels
from augtool.core.transforms.ranges import WholeRange

__all__ = ["Posterize"]


class Posterize(WholeRange):
    """Keep only the upper bits of each level; how many is drawn from low to high, 1 to 16.

    Pillow's ``ImageOps.posterize``. 16 keeps all, and so does 8 in an 8-bit image.
    """

    stage: ClassVar[str] = "levels"
    name: ClassVar[str] = "posterize_bits"
    columns: ClassVar[tuple[str, ...]] = ("posterize",)
    measures: ClassVar[tuple[str, ...]] = ("bits",)
    identity: ClassVar[tuple[float, ...]] = (16,)
    help: ClassVar[str] = "bits that are kept: 4 leaves 16 levels; or [low, high]"
    lowest: ClassVar[int] = 1
    highest: ClassVar[int] = 16

    def change(self, levels: Levels, params: tuple[float, ...]) -> None:
        """Drop the lower bits."""
        bits = levels.highest.bit_length()
        step = 2 ** max(0, bits - int(params[0]))
        levels.then(lambda level: np.floor(level / step) * step)
