"""Mirrors."""

from __future__ import annotations

from typing import ClassVar

from augtool.core.geometry import Affines, Column
from augtool.core.transforms.ranges import Switch

__all__ = ["HorizontalFlip", "VerticalFlip"]


class HorizontalFlip(Switch):
    """Mirror left and right: x -> W-1-x of the output."""

    name: ClassVar[str] = "horizontal_flip"
    columns: ClassVar[tuple[str, ...]] = ("flip_horizontal",)
    help: ClassVar[str] = "true (half of the copies), false, or a probability"

    def matrix(self, params: tuple[Column, ...]) -> Affines:
        """Return diag(-1, 1) where flipped."""
        return (1.0 - 2.0 * params[0], 0.0, 0.0, 0.0, 1.0, 0.0)


class VerticalFlip(Switch):
    """Mirror top and bottom: y -> H-1-y of the output."""

    name: ClassVar[str] = "vertical_flip"
    columns: ClassVar[tuple[str, ...]] = ("flip_vertical",)
    help: ClassVar[str] = "true (half of the copies), false, or a probability"

    def matrix(self, params: tuple[Column, ...]) -> Affines:
        """Return diag(1, -1) where flipped."""
        return (1.0, 0.0, 0.0, 0.0, 1.0 - 2.0 * params[0], 0.0)
