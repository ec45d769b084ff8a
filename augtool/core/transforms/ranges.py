"""Ranges: the forms in which ImageDataGenerator takes them, and what draws from them.

Every function that reads one raises :class:`ValueError` whose text says what is wrong and what to
write instead; the caller knows the key and the file and puts them in front.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from augtool.core.geometry import Column, Sizes
from augtool.core.image_spec import ImageSpec
from augtool.core.noise import KEYS
from augtool.core.transforms.family import NUMBER_OR_PAIR, PROBABILITY, WHOLE_OR_PAIR, Uniforms

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "AnyImage",
    "Choice",
    "FactorRange",
    "Switch",
    "StrengthRange",
    "SymmetricRange",
    "UniformRange",
    "ValueRange",
    "WholeRange",
    "is_pair",
    "noise_keys",
    "number",
    "pair",
    "probability",
    "require_8_bits",
    "symmetric",
]


def number(value: Any, low: float, high: float) -> float:
    """Return `value` as a float when it is a finite number in [low, high]."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"got {value!r}; expected a number")
    if not math.isfinite(value):
        raise ValueError(f"got {value!r}; expected a finite number")
    if not low <= value <= high:
        raise ValueError(f"{value!r} is out of range; use a number from {low:g} to {high:g}")
    return float(value)


def is_pair(value: Any) -> bool:
    """Return whether `value` is a list or tuple (of any length)."""
    return isinstance(value, (list, tuple))


def pair(value: Any, low: float, high: float) -> tuple[float, float]:
    """Return `value`, a list of two numbers, as (low, high)."""
    if not is_pair(value) or len(value) != 2:
        raise ValueError(f"got {value!r}; expected two numbers, [low, high]")
    first, second = number(value[0], low, high), number(value[1], low, high)
    if first > second:
        raise ValueError(
            f"low {value[0]!r} is greater than high {value[1]!r}; swap the two numbers"
        )
    return first, second


def symmetric(value: Any, limit: float) -> tuple[float, float]:
    """Return the range of `value`: r means [-r, r), a list is [low, high), within +-`limit`."""
    if is_pair(value):
        return pair(value, -limit, limit)
    radius = abs(number(value, -limit, limit))
    return -radius, radius


def probability(value: Any) -> float:
    """Return `value` as a probability: true is 0.5, false is 0, a number is itself."""
    if isinstance(value, bool):
        return 0.5 if value else 0.0
    if not isinstance(value, (int, float)):
        raise ValueError(f"got {value!r}; use true, false, or a probability from 0 to 1")
    return number(value, 0, 1)


def noise_keys(uniforms: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    """Return uniform numbers as whole numbers from 0 to 2**53, from which noise is made."""
    return (uniforms * KEYS).astype(np.int64)


def require_8_bits(name: str, spec: ImageSpec) -> str | None:
    """Return why a transform can't be applied to an image that has 16 bits, None for 8."""
    return f"{name} takes 8 bits only, the image has 16; pass --depth 8" if spec.bits > 8 else None


class AnyImage:
    """The part of a transform that any image can be put through."""

    __slots__ = ()
    knows_colours: ClassVar[bool] = False
    portable: ClassVar[bool] = True

    def unsupported_reason(self, spec: ImageSpec) -> str | None:  # noqa: ARG002
        """Return None."""
        return None


@dataclass(frozen=True, slots=True)
class UniformRange(AnyImage):
    """The part of a transform that draws each of its parameters from [low, high).

    >>> UniformRange(10, 30).at(0.25)
    15.0
    """

    low: float
    high: float

    identity: ClassVar[tuple[float, ...]] = (0.0,)
    uniforms: ClassVar[int] = 1
    schema: ClassVar[dict[str, Any]] = NUMBER_OR_PAIR

    def at(self, uniform: Column) -> Column:
        """Return the numbers at places of the range, from 0 (low) to 1 (high)."""
        return self.low + uniform * (self.high - self.low)

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> tuple[Column, ...]:  # noqa: ARG002
        """Return one parameter for each row of `uniforms`."""
        return tuple(self.at(row) for row in uniforms)


class SymmetricRange(UniformRange):
    """A range whose setting may be one number r, meaning [-r, r); 0 changes nothing."""

    limit: ClassVar[float]

    @classmethod
    def parse(cls, value: Any) -> Self | None:
        """Read r or [low, high], within +-`limit`."""
        low, high = symmetric(value, cls.limit)
        return cls(low, high) if low or high else None


class FactorRange(UniformRange):
    """A range of factors whose setting may be one number c, meaning [1-c, 1+c)."""

    identity: ClassVar[tuple[float, ...]] = (1.0,)
    measures: ClassVar[tuple[str, ...]] = ("factor",)
    lowest: ClassVar[float] = 0.0
    highest: ClassVar[float] = 100.0

    @classmethod
    def parse(cls, value: Any) -> Self | None:
        """Read c or [low, high], factors from `lowest` to `highest`; 1 changes nothing."""
        if is_pair(value):
            low, high = pair(value, cls.lowest, cls.highest)
            return cls(low, high) if (low, high) != (1.0, 1.0) else None
        span = number(value, 0, cls.highest)
        if span > 1 - cls.lowest:
            raise ValueError(
                f"{value!r} would draw factors down to {1 - span:g}; use a number below 1,"
                f" or both ends, e.g. [0.5, {1 + span:g}]"
            )
        return cls(1 - span, 1 + span) if span else None


class StrengthRange(UniformRange):
    """A range whose setting may be one number c, meaning [0, c); 0 changes nothing."""

    highest: ClassVar[float]

    @classmethod
    def parse(cls, value: Any) -> Self | None:
        """Read c or [low, high], from 0 to `highest`."""
        low, high = pair(value if is_pair(value) else (0, value), 0, cls.highest)
        return cls(low, high) if high else None


class ValueRange(UniformRange):
    """A range whose setting may be one number, meaning just that one."""

    lowest: ClassVar[float]
    highest: ClassVar[float]

    @classmethod
    def parse(cls, value: Any) -> Self | None:
        """Read v or [low, high], from `lowest` to `highest`; the identity alone turns it off."""
        pair_of = value if is_pair(value) else (value, value)
        low, high = pair(pair_of, cls.lowest, cls.highest)
        return cls(low, high) if {low, high} != set(cls.identity) else None


@dataclass(frozen=True, slots=True)
class WholeRange(AnyImage):
    """A range of whole numbers, all equally likely, both ends included."""

    low: int
    high: int

    identity: ClassVar[tuple[float, ...]]
    uniforms: ClassVar[int] = 1
    lowest: ClassVar[int]
    highest: ClassVar[int]
    schema: ClassVar[dict[str, Any]] = WHOLE_OR_PAIR

    @classmethod
    def parse(cls, value: Any) -> Self | None:
        """Read n or [low, high], from `lowest` to `highest`; the identity alone turns it off."""
        ends = value if is_pair(value) else (value, value)
        if value == cls.identity[0] and not isinstance(value, bool):
            return None
        low, high = pair(ends, cls.lowest, cls.highest)
        if low % 1 or high % 1:
            raise ValueError(f"got {value!r}; expected whole numbers, e.g. {cls.highest // 2}")
        return cls(int(low), int(high)) if {low, high} != set(cls.identity) else None

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> tuple[Column, ...]:  # noqa: ARG002
        """Return one whole number."""
        steps = np.floor(uniforms[0] * (self.high - self.low + 1)).astype(int)
        return (np.minimum(self.low + steps, self.high),)


@dataclass(frozen=True, slots=True)
class Switch(AnyImage):
    """The part of a transform that is either on or off, with a probability.

    `true` is 0.5, as in Keras.
    """

    chance: float

    identity: ClassVar[tuple[float, ...]] = (0,)
    measures: ClassVar[tuple[str, ...]] = ("switch",)
    uniforms: ClassVar[int] = 1
    schema: ClassVar[dict[str, Any]] = PROBABILITY

    @classmethod
    def parse(cls, value: Any) -> Self | None:
        """Read true, false, or a probability."""
        chance = probability(value)
        return cls(chance) if chance else None

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> tuple[Column, ...]:  # noqa: ARG002
        """Return 1 where it is on, else 0."""
        return ((uniforms[0] < self.chance).astype(int),)


class Choice(Switch):
    """A switch with several positions beside 0: with the probability, one of 1 to `others`."""

    others: ClassVar[int]

    def make_params(self, uniforms: Uniforms, frames: Sizes) -> tuple[Column, ...]:  # noqa: ARG002
        """Return 0, or one of the others, all equally likely."""
        place = (uniforms[0] - (1 - self.chance)) / self.chance * self.others
        return (np.clip(np.floor(place) + 1, 0, self.others).astype(int),)
