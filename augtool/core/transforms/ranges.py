"""Reads the forms of a range that ImageDataGenerator accepts, with errors that say how to fix it.

Every function raises a :class:`ValueError` that explains what is wrong and what to write
instead; the caller knows the key and the file and puts them in front.
"""

from __future__ import annotations

import math
from typing import Any

__all__ = ["is_pair", "number", "pair", "probability", "symmetric"]


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
