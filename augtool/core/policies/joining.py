"""Transforms that a config sets and a policy draws, too: one of their kind does for both.

Rotations and shifts are added; factors of zoom, brightness, contrast and saturation are multiplied,
which is exact but for rounding and what is clipped in between.  Other kinds have no sum.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from augtool.core.geometry import Column

__all__ = ["joined", "widened"]

_SUMS = ("rotation_range", "width_shift_range", "height_shift_range")
_PRODUCTS = ("zoom_range", "brightness_range", "contrast_range", "saturation_range")
#: Ranges get so much room, in parts of their width, for the rounding of sums and products.
_ROOM = 1e-9


def widened(own: Any, drawn: Any) -> Any:
    """Return the transform whose range holds what two of its kind make together.

    None where there is none: of kinds without a sum, and of shifts of which one is in pixels.
    """
    if own.name in _SUMS:
        low, high = own.low + drawn.low, own.high + drawn.high
    elif own.name in _PRODUCTS:
        low, high = own.low * drawn.low, own.high * drawn.high
    else:
        return None
    units = {getattr(each, "unit", "") for each in (own, drawn)}
    if len(units) > 1 and "fraction" in units:
        return None
    unit = {"unit": units.pop() if len(units) == 1 else "pixels"} if units != {""} else {}
    room = 0.0 if unit == {"unit": "whole"} else _ROOM * (high - low)
    return replace(own, low=low - room, high=high + room, **unit)


def joined(name: str, first: Column, second: Column) -> Column:
    """Return the parameters of two transforms of one kind together."""
    return first + second if name in _SUMS else first * second
