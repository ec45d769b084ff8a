"""Equalization of the histogram."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from augtool.core.image_spec import ImageSpec
from augtool.core.levels import Levels
from augtool.core.transforms.ranges import Switch, require_8_bits

__all__ = ["Equalize"]


class Equalize(Switch):
    """Give each colour channel a histogram that is as even as can be.

    Pillow's ``ImageOps.equalize``, to the last level. 16 bits are refused: most of their 65,536
    levels are empty, and Pillow knows no such rule.
    """

    stage: ClassVar[str] = "levels"
    name: ClassVar[str] = "equalize"
    columns: ClassVar[tuple[str, ...]] = ("equalize",)
    help: ClassVar[str] = "even histogram: true (half of the copies), false, or a probability"

    def unsupported_reason(self, spec: ImageSpec) -> str | None:
        """Refuse 16 bits."""
        return require_8_bits(self.name, spec)

    def change(self, levels: Levels, params: tuple[float, ...]) -> None:
        """Equalize each channel, if the switch is on."""
        if not params[0]:
            return
        tables = np.stack([_table(each) for each in levels.histograms()], axis=1)
        channels = np.arange(tables.shape[1])
        levels.then(lambda level: tables[level.astype(int), channels])


def _table(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the new level of each: the count of all below it, in steps of an even histogram."""
    used = np.flatnonzero(counts)
    step = int(counts.sum() - counts[used[-1]]) // 255
    if not step:
        return np.arange(256.0)
    below = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return ((step // 2 + below) // step).astype(np.float64)
