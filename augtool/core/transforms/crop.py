"""Random crops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from augtool.core.geometry import Column, Sizes, Windows
from augtool.core.transforms.family import Uniforms
from augtool.core.transforms.ranges import ValueRange, is_pair, pair
from augtool.core.trig import exp, log

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Crop", "ratios"]

_NARROWEST, _WIDEST = 0.2, 5


def ratios(value: Any) -> tuple[float, float]:
    """Return `crop_ratio` as (low, high): a number is just that one."""
    return pair(value if is_pair(value) else (value, value), _NARROWEST, _WIDEST)


@dataclass(frozen=True, slots=True)
class Crop(ValueRange):
    """Show a window anywhere in the image; its share of the area is drawn from [low, high).

    How much wider the window is than the output is drawn between the ends of `crop_ratio`, evenly
    on a logarithmic scale. This is torchvision's ``RandomResizedCrop``, whose `ratio` means the
    same for a square output; but a window that would be wider than the image takes its whole width
    and keeps its area, instead of being drawn again.
    """

    narrow: float = 3 / 4
    wide: float = 4 / 3

    name: ClassVar[str] = "crop_range"
    columns: ClassVar[tuple[str, ...]] = ("crop_area", "crop_ratio", "crop_x", "crop_y")
    measures: ClassVar[tuple[str, ...]] = ("share", "factor", "share", "share")
    identity: ClassVar[tuple[float, ...]] = (1.0, 1.0, 0.0, 0.0)
    uniforms: ClassVar[int] = 4
    help: ClassVar[str] = (
        "a window, by its share of the area: c draws from [c, 1); or [low, high], e.g. [0.08, 1]"
    )
    lowest: ClassVar[float] = 0.001
    highest: ClassVar[float] = 1

    @classmethod
    def parse(cls, value: Any, crop_ratio: Any = None) -> Self | None:
        """Read c, meaning [c, 1), or [low, high]; all of the area turns it off.

        `crop_ratio` is the setting of that name, None for 3/4 to 4/3.
        """
        low, high = pair(value if is_pair(value) else (value, 1), cls.lowest, cls.highest)
        if low == 1:
            return None
        return cls(low, high) if crop_ratio is None else cls(low, high, *ratios(crop_ratio))

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> tuple[Column, ...]:  # noqa: ARG002
        """Return (crop_area, crop_ratio, crop_x, crop_y).

        The last two are the share of the room that is left of the window, and above it.
        """
        least, most = log(self.narrow), log(self.wide)
        ratio = exp(least + uniforms[1] * (most - least))
        return (self.at(uniforms[0]), ratio, uniforms[2], uniforms[3])

    def window(self, params: tuple[Column, ...], regions: Sizes, frames: Sizes) -> Windows:
        """Return the windows."""
        area, ratio, x, y = params
        pixels = area * (regions.height * regions.width)
        wanted = np.sqrt(pixels * ratio * frames.width / frames.height)
        width = np.minimum(np.maximum(wanted, pixels / regions.height), regions.width)
        height = np.minimum(pixels / width, regions.height)
        left, top = x * (regions.width - width), y * (regions.height - height)
        return Windows(left, top, Sizes(height, width))
