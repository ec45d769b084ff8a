"""Grayscale."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from augtool.core.photometric import LUMA
from augtool.core.transforms.family import Mix
from augtool.core.transforms.ranges import Switch

__all__ = ["Grayscale"]

_GRAY = np.tile(LUMA, (3, 1))


class Grayscale(Switch):
    """Set all colours of a pixel to its luma; the image keeps its channels."""

    stage: ClassVar[str] = "colour"
    name: ClassVar[str] = "grayscale"
    columns: ClassVar[tuple[str, ...]] = ("grayscale",)
    knows_colours: ClassVar[bool] = True
    help: ClassVar[str] = "luma: true (half of the copies), false, or a probability"

    def mix(self, params: tuple[float, ...]) -> Mix:
        """Return luma in every row, if the switch is on."""
        return _GRAY if params[0] else np.eye(3)
