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
    """Give each colour channel a histogram that is as even as possible.

    Pillow's ``ImageOps.equalize``, to the last level. 16-bit images are refused: most of their
    65,536 levels are empty, and Pillow has no rule for them.
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
        tables = _tables(np.stack(levels.histograms(), axis=1))
        channels = np.arange(tables.shape[1])
        levels.then(lambda level: tables[level.astype(int), channels])


def _tables(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the new level of each: the count of all below it, in steps of an even histogram.

    Parameters
    ----------
    counts : ndarray of shape (256, C)
        How often each level occurs in each channel.
    """
    sums = counts.cumsum(axis=0)
    highest = 255 - (counts[::-1] > 0).argmax(axis=0)
    steps = (sums[-1] - counts[highest, np.arange(counts.shape[1])]) // 255
    usable = np.maximum(steps, 1)
    tables = (usable // 2 + (sums - counts)) // usable
    # A channel with too few levels stays as it is.
    return np.where(steps > 0, tables, np.arange(256)[:, np.newaxis]).astype(np.float64)
