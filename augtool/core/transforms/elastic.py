"""Elastic deformation."""

from __future__ import annotations

from typing import ClassVar

from augtool.core.displacement import LONGEST_PX, Displacement
from augtool.core.geometry import Column, Size, Sizes
from augtool.core.image_spec import ImageSpec
from augtool.core.transforms.family import Uniforms
from augtool.core.transforms.ranges import StrengthRange, noise_keys

__all__ = ["Elastic"]


class Elastic(StrengthRange):
    """Move every pixel by a smooth random field, at most by a share of the shorter side.

    The share is drawn from [low, high). The points of a grid, whose cells are a fifth of the
    shorter side, get random vectors of at most that length along each axis, and cubic B-splines
    smooth them; along each axis, pixels then move by 0.28 of the share, in root mean square. Up to
    0.05, nothing folds over. Alpha moves too.

    P. Simard, D. Steinkraus, J. Platt, "Best practices for convolutional neural networks applied to
    visual document analysis", ICDAR 2003, with splines for the Gaussian.
    """

    stage: ClassVar[str] = "displace"
    name: ClassVar[str] = "elastic"
    columns: ClassVar[tuple[str, ...]] = ("elastic", "elastic_key")
    measures: ClassVar[tuple[str, ...]] = ("share", "key")
    identity: ClassVar[tuple[float, ...]] = (0.0, 0)
    uniforms: ClassVar[int] = 2
    help: ClassVar[str] = "share of the shorter side: 0.05 draws from [0, 0.05); or [low, high]"
    highest: ClassVar[float] = 0.5

    def unsupported_reason(self, spec: ImageSpec) -> str | None:
        """Refuse sides beyond the numbers that OpenCV's fixed-point maps hold."""
        if max(spec.height, spec.width) <= LONGEST_PX:
            return None
        return f"{self.name} takes no sides above {LONGEST_PX:,} pixels; pass --resize"

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> tuple[Column, ...]:  # noqa: ARG002
        """Return (elastic, elastic_key)."""
        return (self.at(uniforms[0]), noise_keys(uniforms[1]))

    def displacement(self, params: tuple[float, ...], size: Size) -> Displacement:
        """Return where the pixels of an image of some size come from."""
        share, key = params
        return Displacement.draw(size, share, int(key))
