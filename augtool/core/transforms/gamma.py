"""Gamma."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from augtool.core.levels import Levels
from augtool.core.transforms.ranges import FactorRange
from augtool.core.trig import power

__all__ = ["Gamma"]

#: How close to the middle of two levels the last digits could decide: far more than they can.
_CLOSE = 1e-6


class Gamma(FactorRange):
    """Raise every level to a power drawn from [low, high): above 1 is darker, below lighter.

    rint(top · (level / top)^gamma), top being 255 or 65535; black and white stay.
    """

    stage: ClassVar[str] = "levels"
    name: ClassVar[str] = "gamma_range"
    columns: ClassVar[tuple[str, ...]] = ("gamma",)
    help: ClassVar[str] = "g: powers from [1-g, 1+g), above 1 is darker; or [low, high]"
    lowest: ClassVar[float] = 0.01

    def change(self, levels: Levels, params: tuple[float, ...]) -> None:
        """Make it top · (level / top)^gamma."""
        top, exponent = levels.highest, params[0]
        levels.then(lambda level: np.rint(top * _raised(level / top, exponent, top)))


def _raised(share: npt.NDArray[np.float64], exponent: float, top: int) -> npt.NDArray[np.float64]:
    """Return shares to a power, with the same digits everywhere where these could matter.

    NumPy's last digits depend on the CPU; ours take longer.
    """
    raised: npt.NDArray[np.float64] = share**exponent
    is_close = np.abs(top * raised % 1 - 0.5) < _CLOSE
    if is_close.any():
        raised[is_close] = power(share[is_close], exponent)
    return raised
