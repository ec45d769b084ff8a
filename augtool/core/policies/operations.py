"""The operations that policies are made of, as parameters of augtool's own transforms.

Names and strengths are torchvision's (``torchvision/transforms/v2/_auto_augment.py``), which has
them from the AutoAugment paper (arXiv:1805.09501).  A shear by a tangent is the shear by its angle,
with a zoom that keeps the height, about the centre of the image; there it is about a corner.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from augtool.core.geometry import Column, Sizes
from augtool.core.transforms import TRANSFORMS
from augtool.core.transforms.ranges import Switch
from augtool.core.trig import cos_sin

__all__ = [
    "OPERATIONS",
    "Params",
    "Scale",
    "Slot",
    "columns_of",
    "joined",
    "params_at",
    "settings_of",
]

#: Parameters by column of the manifest.
Params = dict[str, float]


@dataclass(frozen=True, slots=True)
class Scale:
    """How strong the operations are; level k of `levels` has k / `levels` of each.

    Parameters
    ----------
    levels
        The highest level; the lowest is 0.
    tangent
        Of the angle of a shear.
    shift
        Of a translation: below 1 a share of the side, else pixels.
    degrees
        Of a rotation.
    factor
        What is added to 1 or taken from it.
    bits
        How many of 8 are dropped.
    """

    levels: int
    tangent: float
    shift: float
    degrees: float
    factor: float
    bits: int


class Slot(NamedTuple):
    """One operation for each of n copies: arrays of shape (n,).

    Parameters
    ----------
    operation
        Its place in :data:`OPERATIONS`.
    level
        Its level.
    is_negative
        Whether it goes the other way: left, clockwise, darker.
    is_on
        Whether the copy gets it.
    """

    operation: npt.NDArray[np.int64]
    level: npt.NDArray[np.int64]
    is_negative: npt.NDArray[np.bool_]
    is_on: npt.NDArray[np.bool_]


def _sheared(column: str, zoom: str) -> Callable[[Scale, float], Params]:
    def params(scale: Scale, share: float) -> Params:
        # Rounded, because the last digit of atan is not the same on every machine.
        angle = round(math.degrees(math.atan(scale.tangent * share)), 6)
        return {column: angle, zoom: _tidy(1 / float(cos_sin(angle)[0]))}

    return params


def _factor(column: str) -> Callable[[Scale, float], Params]:
    return lambda scale, share: {column: _tidy(1 + scale.factor * share)}


def _switch(column: str) -> Callable[[Scale, float], Params]:
    return lambda scale, share: {column: 1}  # noqa: ARG005


def _tidy(number: float) -> float:
    """Return a number without digits that only floating point put there."""
    return round(number, 10)


#: Each operation, and its parameters at a share of the scale from -1 to 1.  Translations are in
#: units of `shift` here.
_PARAMS: dict[str, Callable[[Scale, float], Params]] = {
    "Identity": lambda scale, share: {},  # noqa: ARG005
    "ShearX": _sheared("shear", "zoom_y"),
    "ShearY": _sheared("vertical_shear", "zoom_x"),
    "TranslateX": lambda scale, share: {"shift_x": scale.shift * share},
    "TranslateY": lambda scale, share: {"shift_y": scale.shift * share},
    "Rotate": lambda scale, share: {"rotation": _tidy(scale.degrees * share)},
    "Brightness": _factor("brightness"),
    "Color": _factor("saturation"),
    "Contrast": _factor("contrast"),
    "Sharpness": _factor("sharpness"),
    "Posterize": lambda scale, share: {"posterize": 8 - round(scale.bits * abs(share))},
    "Solarize": lambda scale, share: {"solarize": _tidy(255 * (1 - abs(share)))},  # noqa: ARG005
    "AutoContrast": _switch("autocontrast"),
    "Equalize": _switch("equalize"),
    "Invert": _switch("invert"),
}
OPERATIONS = tuple(_PARAMS)

_BY_NAME = {kind.name: kind for kind in TRANSFORMS}
_KINDS = {column: kind for kind in TRANSFORMS for column in kind.columns}
_IDENTITIES = {
    column: rest for kind in TRANSFORMS for column, rest in zip(kind.columns, kind.identity)
}
#: Columns in pixels, and along which side.
_SIDES = {"shift_x": "width", "shift_y": "height"}
#: What a parameter is where a copy gets its operation twice; others never occur twice.
_TWICE: dict[str, Callable[[Any, Any], Any]] = {
    "shift_y": np.add,
    "sharpness": np.multiply,
    "posterize": np.minimum,
}
#: Shares of a side are given so much room, for the rounding of products.
_ROOM = 1 + 1e-9


def params_at(scale: Scale, operation: str, level: int, sign: int = 1) -> Params:
    """Return the parameters of an operation; those of a translation in units of the scale's."""
    return _PARAMS[operation](scale, sign * level / scale.levels)


def joined(first: Mapping[str, float], second: Mapping[str, float]) -> Params:
    """Return the parameters of one operation after another."""
    both = dict(first)
    for column, value in second.items():
        twice = _TWICE[column](both[column], value).item() if column in _TWICE else value
        both[column] = twice
    return both


def settings_of(reached: Iterable[Mapping[str, float]]) -> dict[str, Any]:
    """Return settings of transforms, by name, whose ranges end where given parameters do.

    Parameters
    ----------
    reached
        From :func:`params_at` and :func:`joined`.
    """
    values: dict[str, set[float]] = {}
    for params in reached:
        for column, value in params.items():
            kind = _KINDS[column]
            # Of several columns, an operation sets one and leaves the others.
            rest = kind.identity if len(kind.columns) > 1 else ()
            values.setdefault(kind.name, set(rest)).add(value)
    settings = {name: _setting(name, min(each), max(each)) for name, each in values.items()}
    return {name: each for name, each in settings.items() if _BY_NAME[name].parse(each) is not None}


def _setting(name: str, low: float, high: float) -> Any:
    kind = _BY_NAME[name]
    if issubclass(kind, Switch):
        return True
    if kind.columns[0] not in _SIDES:
        return [low, high]
    return high * _ROOM if high < 1 else int(high)


def columns_of(scale: Scale, slots: Sequence[Slot], frames: Sizes) -> dict[str, Column]:
    """Return the parameters of n copies, those that any of them gets, by column.

    Parameters
    ----------
    slots
        What they get, one after another.
    frames
        Sizes of the outputs.
    """
    columns: dict[str, Column] = {}
    for slot in slots:
        for operation in np.unique(slot.operation[slot.is_on]).tolist():
            mask = slot.is_on & (slot.operation == operation)
            for column, table in _tables(scale, OPERATIONS[operation]).items():
                values: npt.NDArray[Any] = table[slot.is_negative.astype(np.intp), slot.level]
                if column in _SIDES:
                    values = _whole_pixels(values, scale, getattr(frames, _SIDES[column]))
                before = columns.get(column, np.full(mask.shape, _IDENTITIES[column]))
                twice = _TWICE[column](before, values) if column in _TWICE else values
                columns[column] = np.where(mask, twice, before)
    return columns


def _whole_pixels(
    shifts: npt.NDArray[Any], scale: Scale, side_px: Column
) -> npt.NDArray[np.float64]:
    """Return distances in pixels without their fractions, as torchvision has them."""
    distances = shifts * side_px if scale.shift < 1 else shifts
    whole: npt.NDArray[np.float64] = np.trunc(np.round(distances, 6))
    return whole + 0.0  # never -0.0


@lru_cache(maxsize=64)
def _tables(scale: Scale, operation: str) -> dict[str, npt.NDArray[Any]]:
    """Return the parameters of an operation by column: arrays of shape (2 signs, levels)."""
    rows = [
        [params_at(scale, operation, level, sign) for level in range(scale.levels + 1)]
        for sign in (1, -1)
    ]
    return {
        column: np.array([[params[column] for params in row] for row in rows])
        for column in rows[0][0]
    }
