"""Salt and pepper."""

from __future__ import annotations

from typing import ClassVar

from augtool.core.geometry import Column, Image, Sizes
from augtool.core.noise import add_salt_and_pepper
from augtool.core.transforms.family import Uniforms
from augtool.core.transforms.ranges import StrengthRange, noise_keys

__all__ = ["SaltPepper"]


class SaltPepper(StrengthRange):
    """Turn a share of the pixels, drawn from [low, high), black or white."""

    stage: ClassVar[str] = "noise"
    name: ClassVar[str] = "salt_pepper_range"
    columns: ClassVar[tuple[str, ...]] = ("salt_pepper", "salt_pepper_key")
    measures: ClassVar[tuple[str, ...]] = ("share", "key")
    identity: ClassVar[tuple[float, ...]] = (0.0, 0)
    uniforms: ClassVar[int] = 2
    help: ClassVar[str] = "share of pixels turned black or white: 0.05 draws from [0, 0.05)"
    highest: ClassVar[float] = 1

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> tuple[Column, ...]:  # noqa: ARG002
        """Return (salt_pepper, salt_pepper_key)."""
        return (self.at(uniforms[0]), noise_keys(uniforms[1]))

    def apply(self, image: Image, params: tuple[float, ...]) -> Image:
        """Return the image with pixels turned black or white."""
        share, key = params
        return add_salt_and_pepper(image, share, int(key))
