"""Shifts along x and along y."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from augtool.core.geometry import Affines, Column, Sizes, translation
from augtool.core.transforms.family import Uniforms
from augtool.core.transforms.ranges import UniformRange, is_pair, symmetric

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["HeightShift", "WidthShift"]

_LIMIT_PX = 32767.0


@dataclass(frozen=True, slots=True)
class _Shift(UniformRange):
    """A distance drawn as a fraction of the size, as pixels, or as whole pixels.

    Follows Keras' documentation, not its code, where int 1 is always 0, 1.0 is a pixel, and a list
    is sometimes multiplied by the size.
    """

    unit: str

    measures: ClassVar[tuple[str, ...]] = ("pixels",)

    @classmethod
    def parse(cls, value: Any) -> Self | None:
        """Read v or [low, high]: fractions if all are below 1, else pixels, whole ones if ints."""
        if is_pair(value) and len(value) != 2:
            raise ValueError(
                f"got {value!r}; a list of choices is not supported; use [low, high] or one number"
            )
        low, high = symmetric(value, _LIMIT_PX)
        if not low and not high:
            return None
        ends = value if is_pair(value) else [value]
        if max(abs(low), abs(high)) < 1:
            return cls(low, high, "fraction")
        fractions = [end for end in ends if 0 < abs(end) < 1]
        if fractions:
            raise ValueError(
                f"got {value!r}, which mixes a fraction ({fractions[0]!r}) with pixels;"
                " set both ends below 1 (fractions) or neither (pixels)"
            )
        return cls(low, high, "whole" if all(isinstance(end, int) for end in ends) else "pixels")

    def distance(self, uniform: Column, size_px: Column) -> Column:
        """Return the shift in pixels of a frame that is `size_px` long."""
        if self.unit == "whole":
            return self.low + np.floor(uniform * (self.high - self.low + 1))
        return self.at(uniform) * (size_px if self.unit == "fraction" else 1)


class WidthShift(_Shift):
    """Move the image right by a distance drawn from [low, high); the manifest has pixels."""

    name: ClassVar[str] = "width_shift_range"
    columns: ClassVar[tuple[str, ...]] = ("shift_x",)
    help: ClassVar[str] = "below 1: fraction of the width; from 1: pixels; or [low, high]"

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> tuple[Column, ...]:
        """Return (shift_x,) in pixels; > 0 moves the image right."""
        return (self.distance(uniforms[0], frames.width),)

    def matrix(self, params: tuple[Column, ...]) -> Affines:
        """Return the translation by -shift_x."""
        return translation(-params[0], 0.0)


class HeightShift(_Shift):
    """Move the image down by a distance drawn from [low, high); the manifest has pixels."""

    name: ClassVar[str] = "height_shift_range"
    columns: ClassVar[tuple[str, ...]] = ("shift_y",)
    help: ClassVar[str] = "below 1: fraction of the height; from 1: pixels; or [low, high]"

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> tuple[Column, ...]:
        """Return (shift_y,) in pixels; > 0 moves the image down."""
        return (self.distance(uniforms[0], frames.height),)

    def matrix(self, params: tuple[Column, ...]) -> Affines:
        """Return the translation by -shift_y."""
        return translation(0.0, -params[0])
