"""What a policy is: a protocol."""

from __future__ import annotations

from typing import Any, Protocol

from augtool.core.geometry import Column, Sizes
from augtool.core.transforms.family import Uniforms

__all__ = ["Policy"]


class Policy(Protocol):
    """A way of drawing several transforms together.

    Attributes
    ----------
    name
        Under which it draws its uniform numbers: another name draws other copies.
    count
        How many uniform numbers a draw takes.
    """

    @property
    def name(self) -> str:
        """Return the name."""

    @property
    def count(self) -> int:
        """Return the count."""

    def __hash__(self) -> int:
        """Return the same for equal policies."""

    def settings(self) -> dict[str, Any]:
        """Return the settings of the transforms that it draws, with the ranges that it draws."""

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> dict[str, Column]:
        """Return the parameters of n copies by column; none where no copy gets the operation.

        Parameters
        ----------
        uniforms : ndarray of shape (`count`, n), float64
        frames
            Sizes of the outputs.
        """
