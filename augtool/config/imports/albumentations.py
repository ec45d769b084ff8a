"""Albumentations, 1.x and 2.x: what holds others, and geometry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from augtool.config.imports import albumentations_levels
from augtool.config.imports.arguments import Arguments, Pair, Untranslatable
from augtool.config.imports.effects import Effect, Frame, Framework, Remark, Rule, Rules, Setting
from augtool.config.imports.shared_rules import (
    NORMALISED,
    TENSOR,
    border,
    crop,
    elastic,
    fixed_crop,
    hold,
    nothing_like_it,
    remark,
    resize,
    resized_crop,
    scaled,
    sheared,
    span,
    stretched,
    switch,
)

__all__ = ["ALBUMENTATIONS"]


def _border(arguments: Arguments) -> Effect:
    """Return the border; the default is that of 2.x where the call is not plainly of 1.x."""
    fill = arguments.value("fill", arguments.value("cval", arguments.value("value", 0)))
    for name in ("border_mode", "mode"):
        if arguments.has(name):
            return border(arguments.value(name), fill, repeats_edge=False)
    return border("constant", fill)


def _rotate(arguments: Arguments) -> Iterator[Effect]:
    yield Setting("rotation_range", span(arguments.around("limit", 90)))
    yield _border(arguments)


def _safe_rotate(arguments: Arguments) -> Iterator[Effect]:
    note = "corners leave the picture; there it is shrunk until they don't"
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
    if arguments.has("rotate"):
        turn = arguments.between("rotate", 0)
        hint = "always this angle, as there: one number is no range in Affine"
        if any(turn):
            is_fixed = turn[0] == turn[1]
            yield Setting("rotation_range", span(turn), hint=hint if is_fixed else "")
    for name in ("translate_percent", "translate_px"):
        if moves := _axes(arguments, name, 0):
            for key, pair in zip(("width_shift_range", "height_shift_range"), moves):
                if any(pair):
                    yield Setting(key, span(pair))
    if shears := _axes(arguments, "shear", 0):
        yield from sheared(*shears)
    if scales := _axes(arguments, "scale", 1):
        across, down = scales
        if across != (1, 1) or down != (1, 1):
            if across == down:
                yield scaled(across)
            else:
                wide = min(across[0], down[0]), max(across[1], down[1])
                yield scaled(wide, "one range for both axes")
    yield _border(arguments)


def _random_scale(arguments: Arguments) -> Iterator[Effect]:
    yield scaled(
        arguments.around("scale_limit", 0.1, centre=1),
        "the picture keeps its size; there it grows or shrinks",
    )


def _perspective(arguments: Arguments) -> Iterator[Effect]:
    low, high = arguments.between("scale", (0.05, 0.1), low=0)
    deviation = ((low * low + low * high + high * high) / 3) ** 0.5
    # By simulation: corners that move by a normal share, modulo 0.32, tilt as far as these draws.
    strength = round(min(4.1 * deviation, 0.6), 2)
    note = "as far on average; there corners are cut off and the rest is enlarged"
    yield Setting("perspective_range", strength, note)


def _elastic(arguments: Arguments) -> Iterator[Effect]:
    alpha, sigma = arguments.number("alpha", 1), arguments.number("sigma", 50)
    affine = "; without its alpha_affine" if arguments.value("alpha_affine", 0) else ""
    yield elastic(alpha, sigma, arguments.size, affine)
    yield _border(arguments)


def _frame(arguments: Arguments) -> tuple[int, int]:
    """Return the size of a crop: ``size``, or ``height`` and ``width``, in 1.x and 2.x."""
    first = arguments.value("height", None)
    if isinstance(first, (list, tuple)) or arguments.has("size"):
        return arguments.size_of("size" if arguments.has("size") else "height")
    return arguments.size_of("height", "width")


def _resized_crop(arguments: Arguments) -> Iterator[Effect]:
    yield from resized_crop(arguments, _frame)


def _sized_crop(arguments: Arguments) -> Iterator[Effect]:
    low, high = arguments.between("min_max_height", None)
    size, shape = _frame(arguments), arguments.number("w2h_ratio", 1)
    if arguments.size is None:
        yield Frame(*size)
        raise Untranslatable("the share that it cuts out depends on sizes that are not in the code")
    full = arguments.size[0] * arguments.size[1]
    area = (low * low * shape / full, high * high * shape / full)
    even = "its area is drawn evenly, there its height" if low != high else ""
    note = "; ".join(filter(None, (even, stretched(arguments))))
    yield crop(area, (shape, shape), size, note)
    yield Frame(*size)


def _border_crop(arguments: Arguments) -> Iterator[Effect]:
    cuts = [arguments.number(f"crop_{side}", 0.1) for side in ("left", "right", "top", "bottom")]
    width, height = max(0.01, 1 - cuts[0] - cuts[1]), max(0.01, 1 - cuts[2] - cuts[3])
    note = "by area and shape; there each side is cut, and the picture gets smaller"
    yield crop((width * height, 1), (width, 1 / height), note=note)


def _random_crop(arguments: Arguments) -> Iterator[Effect]:
    yield from fixed_crop(*arguments.size_of("height", "width"), arguments)


def _shorter_side(arguments: Arguments) -> Iterator[Effect]:
    yield Frame(*arguments.size_of("max_size"), True, "the longer side is cut, there it is kept")


def _longer_side(arguments: Arguments) -> Iterator[Effect]:
    note = "stretched; there the shape is kept and the rest filled (crop: true keeps it by cutting)"
    yield Frame(*arguments.size_of("max_size"), False, note)


def _pad(arguments: Arguments) -> Iterator[Effect]:
    if arguments.size is None:
        raise Untranslatable("augtool never pads; output.resize gives all pictures one size")
    yield Remark("not needed: output.resize fills the whole size")


_SIZE = "height width"
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
    "Affine": Rule(_affine, "scale translate_percent translate_px rotate shear", 0.5),
    "RandomScale": Rule(_random_scale, "scale_limit", 0.5),
    "Perspective": Rule(_perspective, "scale", 0.5),
    "IAAPerspective": Rule(_perspective, "scale", 0.5),
    "RandomResizedCrop": Rule(_resized_crop, "height width", 1),
    "RandomSizedCrop": Rule(_sized_crop, "min_max_height height width w2h_ratio", 1),
    "RandomCropFromBorders": Rule(_border_crop, "crop_left crop_right crop_top crop_bottom", 1),
    "RandomCrop": Rule(_random_crop, _SIZE, 1),
    "CenterCrop": Rule(
        resize("the largest centred part; there pixels are cut off", True), _SIZE, 1
    ),
    "Resize": Rule(resize(), _SIZE, 1),
    "SmallestMaxSize": Rule(_shorter_side, "max_size", 1),
    "LongestMaxSize": Rule(_longer_side, "max_size", 1),
    "PadIfNeeded": Rule(_pad, "min_height min_width", 1),
    "Flip": Rule(
        lambda _: tuple(
            Setting(name, 2 / 3, "drawn separately; there a third each: one, other, both", True)
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
    "Transpose": switch("rotate_90", 1, "a quarter turn; there mirrored as well"),
    "IAAFliplr": switch("horizontal_flip"),
    "IAAFlipud": switch("vertical_flip"),
    "ElasticTransform": Rule(
        _elastic, "alpha sigma alpha_affine interpolation border_mode value", 0.5
    ),
    "GridDistortion": nothing_like_it(),
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


#: ``A.Compose([...])``.
ALBUMENTATIONS = Framework(
    title="Albumentations",
    modules=("albumentations", "albumentations.pytorch"),
    rules={**_GEOMETRY, **albumentations_levels.RULES, **_HOLDERS},
    roots=frozenset({"Compose", "ReplayCompose"}),
    chance_name="p",
    forces=True,
)
