"""RandAugment and TrivialAugment: any operations, at one strength or at any.

E. Cubuk et al., "RandAugment: practical automated data augmentation with a reduced search space",
arXiv:1909.13719; S. Mueller, F. Hutter, "TrivialAugment: tuning-free yet state-of-the-art data
augmentation", arXiv:2103.10158.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from augtool.core.geometry import Column, Sizes
from augtool.core.policies.operations import (
    OPERATIONS,
    Scale,
    Slot,
    columns_of,
    params_at,
    settings_of,
)
from augtool.core.transforms.family import Uniforms

__all__ = ["RandAugment", "TrivialAugment"]

#: All but Invert, which only AutoAugment has. They are the first.
_DRAWN = OPERATIONS.index("Invert")
_MODERATE = Scale(30, tangent=0.3, shift=150 / 331, degrees=30, factor=0.9, bits=4)
_WIDE = Scale(30, tangent=0.99, shift=32, degrees=135, factor=0.99, bits=6)


@dataclass(frozen=True, slots=True)
class RandAugment:
    """Some of the operations, each at most once and all of one magnitude, in augtool's order.

    Parameters
    ----------
    num_ops
        How many; one may be no change. A copy keeps its operations when the number rises.
    magnitude
        From 0 to 30.
    """

    num_ops: int = 2
    magnitude: int = 9

    name: ClassVar[str] = "randaugment"
    count: ClassVar[int] = 2 * _DRAWN

    def settings(self) -> dict[str, Any]:
        """Return the settings of the transforms that it draws."""
        return settings_of(
            params_at(_MODERATE, operation, self.magnitude, sign)
            for operation in OPERATIONS[:_DRAWN]
            for sign in (1, -1)
        )

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> dict[str, Column]:
        """Return the parameters of n copies by column."""
        order = np.argsort(uniforms[:_DRAWN], axis=0, kind="stable")
        is_negative = uniforms[_DRAWN:] < 0.5
        level = np.full(uniforms.shape[1], self.magnitude)
        is_on = np.ones(uniforms.shape[1], bool)
        slots = [
            Slot(each, level, np.take_along_axis(is_negative, each[np.newaxis], axis=0)[0], is_on)
            for each in order[: self.num_ops]
        ]
        return columns_of(_MODERATE, slots, frames)


@dataclass(frozen=True, slots=True)
class TrivialAugment:
    """One operation, or no change, at any of 31 magnitudes: torchvision's TrivialAugmentWide."""

    name: ClassVar[str] = "trivialaugment"
    count: ClassVar[int] = 3

    def settings(self) -> dict[str, Any]:
        """Return the settings of the transforms that it draws."""
        return settings_of(
            params_at(_WIDE, operation, level, sign)
            for operation in OPERATIONS[:_DRAWN]
            for level in range(_WIDE.levels + 1)
            for sign in (1, -1)
        )

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> dict[str, Column]:
        """Return the parameters of n copies by column."""
        operation = np.floor(uniforms[0] * _DRAWN).astype(np.int64)
        level = np.floor(uniforms[1] * (_WIDE.levels + 1)).astype(np.int64)
        is_on = np.ones(uniforms.shape[1], bool)
        return columns_of(_WIDE, [Slot(operation, level, uniforms[2] < 0.5, is_on)], frames)
