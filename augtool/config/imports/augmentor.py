"""Augmentor: ``p = Augmentor.Pipeline(...)`` and its methods."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from augtool.config.imports.arguments import Arguments, Untranslatable
from augtool.config.imports.effects import (
    Border,
    Effect,
    Frame,
    Framework,
    Rule,
    Setting,
)
from augtool.config.imports.shared_rules import (
    crop,
    factors,
    hold,
    nothing_like_it,
    remark,
    scaled,
    span,
    switch,
    wobble,
)

__all__ = ["AUGMENTOR"]


def _rotate(fill_mode: str, note: str = "") -> Callable[[Arguments], Iterator[Effect]]:
    def effects(arguments: Arguments) -> Iterator[Effect]:
        left = arguments.number("max_left_rotation", 0)
        right = arguments.number("max_right_rotation", 0)
        # Its "left" is clockwise, whatever its documentation says: Pillow's -left.
        hint = "its code turns clockwise by max_left_rotation, and so does this"
        pair = span((-left, right))
        yield Setting("rotation_range", pair, note, hint=hint if left != right else "")
        yield Border(fill_mode)

    return effects


def _zoom(arguments: Arguments) -> Iterator[Effect]:
    yield scaled((arguments.number("min_factor", 1), arguments.number("max_factor", 1)))


def _area(resized: bool) -> Callable[[Arguments], Iterator[Effect]]:
    def effects(arguments: Arguments) -> Iterator[Effect]:
        side = arguments.number("percentage_area", 1)
        least = 0.1 if arguments.value("randomise_percentage_area", False) else side
        notes = ["its area is drawn evenly; originally its side"] if least != side else []
        if arguments.call.last == "crop_centre":
            notes.append("anywhere; originally in the middle")
        if not resized:
            notes.append("the picture keeps its size; originally it gets that of the window")
        # The "percentage_area" is that of each side.
        yield crop((least * least, side * side), (1, 1), note="; ".join(notes))

    return effects


def _shear(arguments: Arguments) -> Iterator[Effect]:
    left = arguments.number("max_shear_left", 0)
    right = arguments.number("max_shear_right", 0)
    yield Setting("shear_range", span((-left, right)), "along x; originally along x or y")


def _skew(arguments: Arguments) -> Iterator[Effect]:
    # Two corners move outwards by up to this share of a side.
    magnitude = arguments.number("magnitude", 1)
    strength = round(4 * magnitude / (1 + 3 * magnitude), 2)
    note = "as far at most, along both axes; originally one way, and the nearer side is cut"
    yield Setting("perspective_range", strength, note)


def _resize(arguments: Arguments) -> Iterator[Effect]:
    yield Frame(*arguments.size_of("height", "width"))


def _factors(key: str) -> Callable[[Arguments], Iterator[Effect]]:
    def effects(arguments: Arguments) -> Iterator[Effect]:
        pair = arguments.number("min_factor", 1), arguments.number("max_factor", 1)
        yield Setting(key, factors(pair))

    return effects


def _erasing(arguments: Arguments) -> Iterator[Effect]:
    share = arguments.number("rectangle_area", 0.5)
    if not 0 < share <= 1:
        raise Untranslatable(f"rectangle_area={share!r} is not a share")
    # Each side is drawn, from a tenth up to this share of the picture's.
    ends = sorted((0.01, share * share))
    note = "by area and shape; originally by its sides; filled with cval; originally with noise"
    yield Setting("erasing_range", factors((ends[0], ends[1])), note)


def _distortion(arguments: Arguments) -> Iterator[Effect]:
    """Yield the deformation for a grid whose inner corners move by up to `magnitude` pixels."""
    most = abs(arguments.number("magnitude", 1))
    across, down = arguments.number("grid_width", 1), arguments.number("grid_height", 1)
    if min(across, down) < 2:
        raise Untranslatable("a grid without inner corners moves nothing")
    # Whole pixels from -most to most, of which bilinear interpolation leaves 2 / 3, in root mean
    # square, beside corners at the edge that stay.
    moved_px = 2 / 3 * math.sqrt(most * (most + 1) / 3 * (1 - 1 / across) * (1 - 1 / down))
    note = f"smooth over a fifth of the shorter side; originally a grid of {across:g} x {down:g}"
    yield wobble(moved_px, arguments.size, note)


def _flip_random(_: Arguments) -> Iterator[Effect]:
    for name in ("horizontal_flip", "vertical_flip"):
        yield Setting(name, 0.5, "drawn separately; originally one or the other", is_switch=True)


_TURNS = "max_left_rotation max_right_rotation"
_ZOOM = "min_factor max_factor"
_AREA = "percentage_area randomise_percentage_area"
_MADE = "the number of copies is a setting: total, or ratio"


def _rule(
    effects: Callable[[Arguments], Iterator[Effect]], parameters: str, chance: float = 1
) -> Rule:
    return Rule(effects, f"probability {parameters}".strip(), chance)


def _switch(name: str, value: float = 1, note: str = "") -> Rule:
    return _rule(switch(name, value, note).effects, "")  # type: ignore[arg-type]  # any iterable


#: ``Augmentor.Pipeline("folder")`` and what is called on it.
AUGMENTOR = Framework(
    title="Augmentor",
    modules=("Augmentor", "Augmentor.Pipeline"),
    roots=frozenset({"Pipeline", "DataPipeline"}),
    chance_name="probability",
    forces=False,
    rules={
        "Pipeline": hold("all", "operations"),
        "DataPipeline": hold("all", "operations"),
        "rotate": _rule(
            _rotate("nearest", "filled corners; originally the largest inner part"), _TURNS
        ),
        "rotate_without_crop": _rule(_rotate("constant"), _TURNS),
        "rotate90": _switch("rotate_90", 1, "any quarter turn; originally one"),
        "rotate180": _switch("rotate_90", 1, "any quarter turn; originally a half"),
        "rotate270": _switch("rotate_90", 1, "any quarter turn; originally one"),
        "rotate_random_90": _switch("rotate_90"),
        "flip_left_right": _switch("horizontal_flip"),
        "flip_top_bottom": _switch("vertical_flip"),
        "flip_random": _rule(_flip_random, ""),
        "zoom": _rule(_zoom, _ZOOM),
        "zoom_random": _rule(_area(True), _AREA),
        "crop_random": _rule(_area(False), _AREA),
        "crop_centre": _rule(_area(False), _AREA),
        "shear": _rule(_shear, "max_shear_left max_shear_right"),
        "skew": _rule(_skew, "magnitude"),
        "skew_tilt": _rule(_skew, "magnitude"),
        "skew_corner": _rule(_skew, "magnitude"),
        "skew_left_right": _rule(_skew, "magnitude"),
        "skew_top_bottom": _rule(_skew, "magnitude"),
        "resize": _rule(_resize, "width height"),
        "random_brightness": _rule(_factors("brightness_range"), _ZOOM),
        "random_contrast": _rule(_factors("contrast_range"), _ZOOM),
        "random_color": _rule(_factors("saturation_range"), _ZOOM),
        "random_erasing": _rule(_erasing, "rectangle_area"),
        "histogram_equalisation": _switch("equalize"),
        "greyscale": _switch("grayscale"),
        "invert": _switch("invert"),
        "random_distortion": _rule(_distortion, "grid_width grid_height magnitude"),
        "gaussian_distortion": nothing_like_it(),
        "black_and_white": nothing_like_it(),
        "crop_by_size": nothing_like_it("set output.resize with crop: true"),
        "scale": nothing_like_it("augtool never lets one operation change the size; see resize"),
        **{
            name: remark(_MADE)
            for name in ("sample", "process", "sample_with_image", "keras_generator")
        },
        **{
            name: remark("masks are not expanded; a manifest row has the matrix for them")
            for name in ("ground_truth",)
        },
        **{
            name: remark("")
            for name in ("status", "set_seed", "torch_transform", "image_generator")
        },
    },
)
