"""Albumentations, 1.x and 2.x: what holds others, and geometry."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from augtool.config.imports import (
    albumentations_crops,
    albumentations_holes,
    albumentations_levels,
)
from augtool.config.imports.albumentations_versions import is_of_1x
from augtool.config.imports.arguments import Arguments, Pair, Untranslatable
from augtool.config.imports.boxes import after_levels
from augtool.config.imports.effects import (
    Effect,
    Either,
    Framework,
    Rule,
    Rules,
    Setting,
)
from augtool.config.imports.shared_rules import (
    NORMALISED,
    TENSOR,
    border,
    elastic,
    hold,
    nothing_like_it,
    remark,
    scaled,
    sheared,
    span,
    switch,
    wobble,
)

__all__ = ["ALBUMENTATIONS"]


def _border(arguments: Arguments, once: str = "reflect_101") -> Effect:
    """Return the border; `once` is the default of 1.x."""
    fill = arguments.value("fill", arguments.value("cval", arguments.value("value", 0)))
    for name in ("border_mode", "mode"):
        if arguments.has(name):
            return border(arguments.value(name), fill, repeats_edge=False)
    if once == "constant" or arguments.is_dated is False:
        return border("constant", fill)
    if arguments.is_dated:
        return border(once, fill)
    return replace(border("constant", fill), note="the default of 2.x; in 1.x it is reflect")


def _rotate(arguments: Arguments) -> Iterator[Effect]:
    yield Setting("rotation_range", span(arguments.around("limit", 90)))
    yield _border(arguments)


def _safe_rotate(arguments: Arguments) -> Iterator[Effect]:
    note = "corners leave the picture; originally it is shrunk until they don't"
    yield Setting("rotation_range", span(arguments.around("limit", 90)), note)
    yield _border(arguments)


def _shift_scale_rotate(arguments: Arguments) -> Iterator[Effect]:
    shift = arguments.around("shift_limit", 0.0625)
    across = arguments.around("shift_limit_x", shift)
    down = arguments.around("shift_limit_y", shift)
    turn = arguments.around("rotate_limit", 45)
    scale = arguments.around("scale_limit", 0.1, centre=1)
    if any(turn):
        yield Setting("rotation_range", span(turn))
    if any(across):
        yield Setting("width_shift_range", span(across))
    if any(down):
        yield Setting("height_shift_range", span(down))
    if scale != (1, 1):
        yield scaled(scale)
    yield _border(arguments)


def _axes(arguments: Arguments, name: str, default: float) -> tuple[Pair, Pair] | None:
    """Return the ranges of Affine along x and y; one number is fixed there, not a range."""
    if not arguments.has(name):
        return None
    value = arguments.value(name)
    if not isinstance(value, dict):
        both = arguments.between(name, default)
        return both, both
    ranges: list[Pair] = []
    for axis in ("x", "y"):
        one: Any = value.get(axis, default)
        pair = one if isinstance(one, (list, tuple)) else (one, one)
        if len(pair) != 2 or not all(isinstance(each, (int, float)) for each in pair):
            raise Untranslatable(f"{name}={value!r} is not a range")
        ranges.append((pair[0], pair[1]))
    return ranges[0], ranges[1]


def _affine(arguments: Arguments) -> Iterator[Effect]:
    if arguments.is_dated and not arguments.has(*_AFFINE.split()):
        arguments = Arguments(
            replace(arguments.call, keywords={**arguments.call.keywords, **_AFFINE_ONCE}),
            _AFFINE.split(),
            arguments.size,
            fit=arguments.fit,
            is_dated=True,
        )
    if arguments.has("rotate"):
        turn = arguments.between("rotate", 0)
        hint = "always this angle, as in the original: one number is no range in Affine"
        if any(turn):
            is_fixed = turn[0] == turn[1]
            yield Setting("rotation_range", span(turn), hint=hint if is_fixed else "")
    for name in ("translate_percent", "translate_px"):
        if moves := _axes(arguments, name, 0):
            for key, pair in zip(("width_shift_range", "height_shift_range"), moves):
                if any(pair):
                    yield Setting(key, span(pair))
    if shears := _axes(arguments, "shear", 0):
        yield from _sheared(shears, arguments.is_dated)
    if scales := _axes(arguments, "scale", 1):
        across, down = scales
        if across != (1, 1) or down != (1, 1):
            if across == down:
                yield scaled(across)
            else:
                wide = min(across[0], down[0]), max(across[1], down[1])
                yield scaled(wide, "one range for both axes")
    yield _border(arguments, "constant")


def _sheared(shears: tuple[Pair, Pair], is_dated: bool | None) -> Iterator[Effect]:
    """Yield shears; in 1.x, those along x go the other way."""
    across, down = shears
    other = (-across[1], -across[0])
    for effect in sheared(other if is_dated else across, down):
        is_either_way = is_dated is not None or across == other
        yield effect if is_either_way else _noting(effect, "as in 2.x; in 1.x to the other side")


def _noting(effect: Effect, note: str) -> Effect:
    if isinstance(effect, Either):
        return Either(tuple(tuple(_noting(e, note) for e in each) for each in effect.choices))
    if isinstance(effect, Setting) and effect.name == "shear_range":
        return replace(effect, note=f"{effect.note}; {note}")
    return effect


def _perspective(arguments: Arguments) -> Iterator[Effect]:
    low, high = arguments.between("scale", (0.05, 0.1), low=0)
    deviation = ((low * low + low * high + high * high) / 3) ** 0.5
    # By simulation: corners that move by a normal share, modulo 0.32, tilt as far as these draws.
    strength = round(min(4.1 * deviation, 0.6), 2)
    note = "as far on average; originally corners are cut off and the rest is enlarged"
    yield Setting("perspective_range", strength, note)


def _elastic(arguments: Arguments) -> Iterator[Effect]:
    alpha, sigma = arguments.number("alpha", 1), arguments.number("sigma", 50)
    affine = "; without its alpha_affine" if arguments.value("alpha_affine", 0) else ""
    yield elastic(alpha, sigma, arguments.size, affine)
    yield _border(arguments)


def _grid(arguments: Arguments) -> Iterator[Effect]:
    """Yield the deformation for columns and rows that are widened by chance, each by itself.

    Their steps add up, a random walk: after k of n, they are off by √(k / 3) widenings of a column,
    and where both ends are fixed, as 2.x does it, by √(k (n - k) / 3 n).
    """
    steps = arguments.number("num_steps", 5)
    low, high = arguments.around("distort_limit", 0.3)
    is_fixed = arguments.value("normalized", not arguments.is_dated)
    share = (high - low) / 2 / math.sqrt(steps * (18 if is_fixed else 6))
    note = "free in both directions; originally columns and rows are widened as a whole"
    if arguments.is_dated is None and not arguments.has("normalized"):
        note += "; the default of 2.x, in 1.x it is 1.7 times as strong"
    yield wobble(share * min(arguments.size or _UNIT), arguments.size or _UNIT, note)
    yield _border(arguments)


def _piecewise(arguments: Arguments) -> Iterator[Effect]:
    """Yield the deformation for points of a grid that move by a normal share of the side."""
    low, high = arguments.between("scale", (0.03, 0.05))
    deviation = ((low * low + low * high + high * high) / 3) ** 0.5
    # Between the points, it is interpolated, of which 2 / 3 is left, in root mean square.
    share = 2 / 3 * deviation
    note = f"a grid of 5 points a side; originally {arguments.number('nb_rows', 4):g}"
    yield wobble(share * min(arguments.size or _UNIT), arguments.size or _UNIT, note)


#: For shares of the side, whatever it is.
_UNIT = (1, 1)
_AFFINE = "scale translate_percent translate_px rotate shear"
#: What it does in 1.x where none of these is passed.
_AFFINE_ONCE: dict[str, Any] = {
    "scale": (0.9, 1.1),
    "translate_percent": (-0.1, 0.1),
    "rotate": (-15, 15),
    "shear": (-10, 10),
}
_GEOMETRY: Rules = {
    "HorizontalFlip": switch("horizontal_flip"),
    "VerticalFlip": switch("vertical_flip"),
    "RandomRotate90": switch("rotate_90", 0.75),
    "Rotate": Rule(_rotate, "limit interpolation border_mode", 0.5),
    "SafeRotate": Rule(_safe_rotate, "limit interpolation border_mode", 0.5),
    "ShiftScaleRotate": Rule(
        _shift_scale_rotate,
        "shift_limit scale_limit rotate_limit interpolation border_mode",
        0.5,
    ),
    "Affine": Rule(_affine, _AFFINE, 0.5),
    "RandomScale": nothing_like_it(
        "the original picture grows or shrinks itself, which only a crop shows; set crop_range"
    ),
    "Perspective": Rule(_perspective, "scale", 0.5),
    "IAAPerspective": Rule(_perspective, "scale", 0.5),
    "Flip": Rule(
        lambda _: tuple(
            Setting(name, 2 / 3, "drawn separately; originally one, other or both", True)
            for name in ("horizontal_flip", "vertical_flip")
        ),
        chance=0.5,
    ),
    "D4": Rule(
        lambda _: (
            Setting("horizontal_flip", 0.5, is_switch=True),
            Setting("rotate_90", 0.75, is_switch=True),
        ),
        chance=1,
    ),
    "Transpose": switch("rotate_90", 1, "any quarter turn; originally by 90 degrees, and mirrored"),
    "IAAFliplr": switch("horizontal_flip"),
    "IAAFlipud": switch("vertical_flip"),
    "ElasticTransform": Rule(
        _elastic, "alpha sigma alpha_affine interpolation border_mode value", 0.5
    ),
    "GridDistortion": Rule(_grid, "num_steps distort_limit interpolation border_mode value", 0.5),
    "PiecewiseAffine": Rule(_piecewise, "scale nb_rows nb_cols", 0.5),
    "IAAPiecewiseAffine": Rule(_piecewise, "scale nb_rows nb_cols", 0.5),
    "OpticalDistortion": nothing_like_it(),
}
_HOLDERS: Rules = {
    "Compose": hold("all", "transforms"),
    "ReplayCompose": hold("all", "transforms"),
    "Sequential": hold("all", chance=0.5),
    "OneOf": hold("one", chance=0.5),
    "OneOrOther": hold("one", "first second transforms p", 0.5),
    "SomeOf": hold("some", "transforms n replace p", 1),
    "RandomOrder": hold("some", "transforms n replace p", 1),
    "NoOp": remark(""),
    "Normalize": remark(NORMALISED),
    "ToFloat": remark(NORMALISED),
    "FromFloat": remark(NORMALISED),
    "ToTensorV2": remark(TENSOR),
    "ToTensor": remark(TENSOR),
    "ToTensor3D": remark(TENSOR),
}

_BOXES = frozenset(albumentations_holes.RULES)


#: ``A.Compose([...])``.
ALBUMENTATIONS = Framework(
    title="Albumentations",
    modules=("albumentations", "albumentations.pytorch"),
    rules={
        **_GEOMETRY,
        **albumentations_crops.RULES,
        **albumentations_levels.RULES,
        **albumentations_holes.RULES,
        **_HOLDERS,
    },
    roots=frozenset({"Compose", "ReplayCompose"}),
    chance_name="p",
    forces=True,
    is_dated=is_of_1x,
    in_order=lambda operations: after_levels(operations, _BOXES),
)
