"""Gaussian noise."""

from __future__ import annotations

from typing import ClassVar

from augtool.core.geometry import Column, Image, Sizes
from augtool.core.noise import add_gaussian
from augtool.core.transforms.family import Uniforms
from augtool.core.transforms.ranges import StrengthRange, noise_keys

__all__ = ["GaussianNoise"]


class GaussianNoise(StrengthRange):
    """Add normal noise to each level; its sigma is drawn from [low, high).

    Sigma is in levels of 255, also for 16 bits, where each stands for 257 levels.
    """

    stage: ClassVar[str] = "noise"
    name: ClassVar[str] = "gaussian_noise_range"
    columns: ClassVar[tuple[str, ...]] = ("noise_sigma", "noise_key")
    measures: ClassVar[tuple[str, ...]] = ("levels of 255", "key")
    identity: ClassVar[tuple[float, ...]] = (0.0, 0)
    uniforms: ClassVar[int] = 2
    knows_colours: ClassVar[bool] = True
    help: ClassVar[str] = "sigma in levels of 255: 10 draws from [0, 10); or [low, high]"
    highest: ClassVar[float] = 255

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> tuple[Column, ...]:  # noqa: ARG002
        """Return (noise_sigma, noise_key)."""
        return (self.at(uniforms[0]), noise_keys(uniforms[1]))

    def apply(self, image: Image, params: tuple[float, ...]) -> Image:
        """Return the image with noise on its colours."""
        sigma, key = params
        return add_gaussian(image, sigma, int(key))
