"""Mirrors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from augtool.core.geometry import Affines, Column, Sizes
from augtool.core.transforms.family import PROBABILITY, Uniforms
from augtool.core.transforms.ranges import probability

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["HorizontalFlip", "VerticalFlip"]


@dataclass(frozen=True, slots=True)
class _Flip:
    """A mirror with a probability; `true` is 0.5, as in Keras."""

    chance: float

    identity: ClassVar[tuple[float, ...]] = (0,)
    uniforms: ClassVar[int] = 1
    schema: ClassVar[dict[str, Any]] = PROBABILITY

    @classmethod
    def parse(cls, value: Any) -> Self | None:
        """Read true, false, or a probability."""
        chance = probability(value)
        return cls(chance) if chance else None

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> tuple[Column, ...]:  # noqa: ARG002
        """Return 1 for a mirrored image, else 0."""
        return ((uniforms[0] < self.chance).astype(int),)


@dataclass(frozen=True, slots=True)
class HorizontalFlip(_Flip):
    """Mirror left and right: x -> W-1-x of the output."""

    name: ClassVar[str] = "horizontal_flip"
    columns: ClassVar[tuple[str, ...]] = ("flip_horizontal",)
    help: ClassVar[str] = "true (half of the copies), false, or a probability"

    def matrix(self, params: tuple[Column, ...]) -> Affines:
        """Return diag(-1, 1) where flipped."""
        return (1.0 - 2.0 * params[0], 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class VerticalFlip(_Flip):
    """Mirror top and bottom: y -> H-1-y of the output."""

    name: ClassVar[str] = "vertical_flip"
    columns: ClassVar[tuple[str, ...]] = ("flip_vertical",)
    help: ClassVar[str] = "true (half of the copies), false, or a probability"

    def matrix(self, params: tuple[Column, ...]) -> Affines:
        """Return diag(1, -1) where flipped."""
        return (1.0, 0.0, 0.0, 0.0, 1.0 - 2.0 * params[0], 0.0)
