"""Channel shift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from augtool.core.geometry import Image, Size
from augtool.core.photometric import level_extremes, map_levels
from augtool.core.transforms.family import NUMBER_OR_PAIR
from augtool.core.transforms.ranges import symmetric

__all__ = ["ChannelShift"]


@dataclass(frozen=True, slots=True)
class ChannelShift:
    """Add one number, drawn from [low, high), to every level of every colour channel.

    The result is rounded and clipped to the lowest and highest level of the warped image, as
    Keras does. In levels of the image: of 255, or of 65535 where it has 16 bits.
    """

    low: float
    high: float

    name: ClassVar[str] = "channel_shift_range"
    columns: ClassVar[tuple[str, ...]] = ("channel_shift",)
    identity: ClassVar[tuple[float, ...]] = (0.0,)
    uniforms: ClassVar[int] = 1
    schema: ClassVar[dict[str, Any]] = NUMBER_OR_PAIR
    help: ClassVar[str] = "levels: 20 draws from [-20, 20); or [low, high]"

    @classmethod
    def parse(cls, value: Any) -> ChannelShift | None:
        """Read c or [low, high], in levels, within +-65535."""
        low, high = symmetric(value, 65535)
        return cls(low, high) if low or high else None

    def make_params(self, uniforms: tuple[float, ...], frame: Size) -> tuple[float, ...]:  # noqa: ARG002
        """Return (channel_shift,) in levels."""
        return (self.low + uniforms[0] * (self.high - self.low),)

    def apply(self, image: Image, params: tuple[float, ...]) -> Image:
        """Return the image with channel_shift added, within its own extremes."""
        low, high = level_extremes(image)
        return map_levels(image, lambda levels: np.clip(np.rint(levels + params[0]), low, high))
