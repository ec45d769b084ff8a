"""AutoAugment: pairs of operations that were found to help on a data set.

E. Cubuk et al., "AutoAugment: learning augmentation policies from data", arXiv:1805.09501.
The numbers are those of torchvision 0.20 to 0.29 (``torchvision/transforms/v2/_auto_augment.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from augtool.core.geometry import Column, Sizes
from augtool.core.policies.operations import (
    OPERATIONS,
    Params,
    Scale,
    Slot,
    columns_of,
    joined,
    params_at,
    settings_of,
)
from augtool.core.transforms.family import Uniforms

__all__ = ["AUTOAUGMENT", "AutoAugment"]

_SCALE = Scale(9, tangent=0.3, shift=150 / 331, degrees=30, factor=0.9, bits=4)

#: By data set, a line for each pair: operation, probability and, where it has one, level; twice.
AUTOAUGMENT = {
    "cifar10": """
        Invert 0.1, Contrast 0.2 6
        Rotate 0.7 2, TranslateX 0.3 9
        Sharpness 0.8 1, Sharpness 0.9 3
        ShearY 0.5 8, TranslateY 0.7 9
        AutoContrast 0.5, Equalize 0.9
        ShearY 0.2 7, Posterize 0.3 7
        Color 0.4 3, Brightness 0.6 7
        Sharpness 0.3 9, Brightness 0.7 9
        Equalize 0.6, Equalize 0.5
        Contrast 0.6 7, Sharpness 0.6 5
        Color 0.7 7, TranslateX 0.5 8
        Equalize 0.3, AutoContrast 0.4
        TranslateY 0.4 3, Sharpness 0.2 6
        Brightness 0.9 6, Color 0.2 8
        Solarize 0.5 2, Invert 0.0
        Equalize 0.2, AutoContrast 0.6
        Equalize 0.2, Equalize 0.6
        Color 0.9 9, Equalize 0.6
        AutoContrast 0.8, Solarize 0.2 8
        Brightness 0.1 3, Color 0.7 0
        Solarize 0.4 5, AutoContrast 0.9
        TranslateY 0.9 9, TranslateY 0.7 9
        AutoContrast 0.9, Solarize 0.8 3
        Equalize 0.8, Invert 0.1
        TranslateY 0.7 9, AutoContrast 0.9
    """,
    "imagenet": """
        Posterize 0.4 8, Rotate 0.6 9
        Solarize 0.6 5, AutoContrast 0.6
        Equalize 0.8, Equalize 0.6
        Posterize 0.6 7, Posterize 0.6 6
        Equalize 0.4, Solarize 0.2 4
        Equalize 0.4, Rotate 0.8 8
        Solarize 0.6 3, Equalize 0.6
        Posterize 0.8 5, Equalize 1.0
        Rotate 0.2 3, Solarize 0.6 8
        Equalize 0.6, Posterize 0.4 6
        Rotate 0.8 8, Color 0.4 0
        Rotate 0.4 9, Equalize 0.6
        Equalize 0.0, Equalize 0.8
        Invert 0.6, Equalize 1.0
        Color 0.6 4, Contrast 1.0 8
        Rotate 0.8 8, Color 1.0 2
        Color 0.8 8, Solarize 0.8 7
        Sharpness 0.4 7, Invert 0.6
        ShearX 0.6 5, Equalize 1.0
        Color 0.4 0, Equalize 0.6
        Equalize 0.4, Solarize 0.2 4
        Solarize 0.6 5, AutoContrast 0.6
        Invert 0.6, Equalize 1.0
        Color 0.6 4, Contrast 1.0 8
        Equalize 0.8, Equalize 0.6
    """,
    "svhn": """
        ShearX 0.9 4, Invert 0.2
        ShearY 0.9 8, Invert 0.7
        Equalize 0.6, Solarize 0.6 6
        Invert 0.9, Equalize 0.6
        Equalize 0.6, Rotate 0.9 3
        ShearX 0.9 4, AutoContrast 0.8
        ShearY 0.9 8, Invert 0.4
        ShearY 0.9 5, Solarize 0.2 6
        Invert 0.9, AutoContrast 0.8
        Equalize 0.6, Rotate 0.9 3
        ShearX 0.9 4, Solarize 0.3 3
        ShearY 0.8 8, Invert 0.7
        Equalize 0.9, TranslateY 0.6 6
        Invert 0.9, Equalize 0.6
        Contrast 0.3 3, Rotate 0.8 4
        Invert 0.8, TranslateY 0.0 2
        ShearY 0.7 6, Solarize 0.4 8
        Invert 0.6, Rotate 0.8 4
        ShearY 0.3 7, TranslateX 0.9 3
        ShearX 0.1 6, Invert 0.6
        Solarize 0.7 2, TranslateY 0.6 7
        ShearY 0.8 4, Invert 0.8
        ShearX 0.7 9, TranslateY 0.8 3
        ShearY 0.8 5, AutoContrast 0.7
        ShearX 0.7 2, Invert 0.1
    """,
}


class _Pairs(NamedTuple):
    """The pairs of a data set: arrays of shape (25 pairs, 2 operations)."""

    operation: npt.NDArray[np.int64]
    chance: npt.NDArray[np.float64]
    level: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class AutoAugment:
    """One of 25 pairs of operations, each operation with its probability, in augtool's order.

    An operation that is drawn twice is applied once: translations are added, factors of sharpness
    multiplied, the fewer bits kept.

    Parameters
    ----------
    data
        A key of :data:`AUTOAUGMENT`.
    """

    data: str

    count: ClassVar[int] = 5

    @property
    def name(self) -> str:
        """Return the name under which it draws."""
        return f"autoaugment/{self.data}"

    def settings(self) -> dict[str, Any]:
        """Return the settings of the transforms that it draws."""
        return settings_of(_reached(self.data))

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> dict[str, Column]:
        """Return the parameters of n copies by column."""
        pairs = _read(self.data)
        pair = np.floor(uniforms[0] * len(pairs.operation)).astype(np.int64)
        slots = [
            Slot(
                pairs.operation[pair, place],
                pairs.level[pair, place],
                uniforms[3 + place] < 0.5,
                uniforms[1 + place] < pairs.chance[pair, place],
            )
            for place in (0, 1)
        ]
        return columns_of(_SCALE, slots, frames)


@lru_cache
def _read(data: str) -> _Pairs:
    pairs = [
        [operation.split() for operation in line.split(",")]
        for line in AUTOAUGMENT[data].split("\n")
        if line.strip()
    ]
    return _Pairs(
        np.array([[OPERATIONS.index(name) for name, *_ in pair] for pair in pairs]),
        np.array([[float(chance) for _, chance, *_ in pair] for pair in pairs]),
        np.array([[int(*level) for _, _, *level in pair] for pair in pairs]),
    )


def _reached(data: str) -> Iterator[Params]:
    """Yield the parameters that the pairs give, of each operation alone and of equal ones both."""
    pairs = _read(data)
    for operation, chance, level in zip(*(each.tolist() for each in pairs)):
        on = [
            [params_at(_SCALE, OPERATIONS[each], at, sign) for sign in (1, -1)]
            for each, p, at in zip(operation, chance, level)
            if p > 0
        ]
        yield from (params for either in on for params in either)
        if len(on) == 2 and operation[0] == operation[1]:
            yield from (joined(first, second) for first in on[0] for second in on[1])
