"""Random erasing."""

from __future__ import annotations

import math
from typing import ClassVar

from augtool.core.geometry import Column, Size, Sizes
from augtool.core.transforms.family import Box, Uniforms
from augtool.core.transforms.ranges import StrengthRange
from augtool.core.trig import exp

__all__ = ["Erasing"]

#: Logarithms of 0.3 and 3.3, the ends of the shapes.
_TALLEST, _WIDEST = -1.2039728043259361, 1.1939224684724346


class Erasing(StrengthRange):
    """Fill a box with cval; its share of the area is drawn from [low, high).

    Its height divided by its width is drawn between 0.3 and 3.3, evenly on a logarithmic scale, as
    in torchvision's ``RandomErasing``; it is cut where the image is too short. Alpha stays.
    """

    stage: ClassVar[str] = "erase"
    name: ClassVar[str] = "erasing_range"
    columns: ClassVar[tuple[str, ...]] = ("erase_area", "erase_shape", "erase_x", "erase_y")
    measures: ClassVar[tuple[str, ...]] = ("share", "factor", "share", "share")
    identity: ClassVar[tuple[float, ...]] = (0.0, 1.0, 0.0, 0.0)
    uniforms: ClassVar[int] = 4
    help: ClassVar[str] = (
        "a box of cval, by its share of the area: c draws from [0, c); or [low, high]"
    )
    highest: ClassVar[float] = 1

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> tuple[Column, ...]:  # noqa: ARG002
        """Return (erase_area, erase_shape, erase_x, erase_y).

        The last two are the share of the room that is left of the box, and above it.
        """
        shape = exp(_TALLEST + uniforms[1] * (_WIDEST - _TALLEST))
        return (self.at(uniforms[0]), shape, uniforms[2], uniforms[3])

    def boxes(self, params: tuple[float, ...], size: Size) -> list[Box]:
        """Return the box."""
        share, shape, x, y = params
        area = share * size.height * size.width
        height = min(round(math.sqrt(area * shape)), size.height)
        width = min(round(math.sqrt(area / shape)), size.width)
        top = min(int(y * (size.height - height + 1)), size.height - height)
        left = min(int(x * (size.width - width + 1)), size.width - width)
        return [(slice(top, top + height), slice(left, left + width))]
