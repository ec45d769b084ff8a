"""Perspective."""

from __future__ import annotations

from typing import ClassVar

from augtool.core.geometry import Column, Sizes, Tilts
from augtool.core.transforms.family import Uniforms
from augtool.core.transforms.ranges import SymmetricRange

__all__ = ["Perspective"]


class Perspective(SymmetricRange):
    """Tilt the image in perspective, by a strength drawn from [low, high) for each axis.

    The centre keeps its place and size. perspective_x is how much nearer the right edge is than the
    centre, as a share of the centre's distance (< 0: the left edge); perspective_y is the same for
    the lower edge. A strength d gives d / (4 - 2·|d|), so that the nearer of two opposite corners
    is at most 1 / (1 - d) times as close. On average, that tilts as far as torchvision's
    `distortion_scale`, which moves four corners (to within 2 % for 0.2 and 0.5).
    """

    name: ClassVar[str] = "perspective_range"
    columns: ClassVar[tuple[str, ...]] = ("perspective_x", "perspective_y")
    identity: ClassVar[tuple[float, ...]] = (0.0, 0.0)
    measures: ClassVar[tuple[str, ...]] = ("share", "share")
    uniforms: ClassVar[int] = 2
    help: ClassVar[str] = "0.3 tilts by [-0.3, 0.3) along both axes, 1 is the most; or [low, high]"
    limit: ClassVar[float] = 1

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> tuple[Column, ...]:  # noqa: ARG002
        """Return (perspective_x, perspective_y)."""
        low, high = (strength / (4 - 2 * abs(strength)) for strength in (self.low, self.high))
        return tuple(low + row * (high - low) for row in uniforms)

    def tilt(self, params: tuple[Column, ...], frames: Sizes) -> Tilts:
        """Return the shares over the distance from the centre to the edges."""
        return (2 * params[0] / frames.width, 2 * params[1] / frames.height)
