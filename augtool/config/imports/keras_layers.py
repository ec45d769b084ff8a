"""Keras' preprocessing layers: ``keras.layers.RandomFlip`` and its like."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from augtool.config.imports.arguments import Arguments, Pair, Untranslatable
from augtool.config.imports.effects import (
    Effect,
    Either,
    Frame,
    Framework,
    Policy,
    Rule,
    Setting,
)
from augtool.config.imports.shared_rules import (
    NORMALISED,
    border,
    factors,
    fixed_crop,
    hold,
    nothing_like_it,
    remark,
    resize,
    sheared,
    span,
    switch,
    tidy,
)

__all__ = ["DATASET", "KERAS_LAYERS"]

#: What reads the pictures that layers get, and brings them to a size.
DATASET = "image_dataset_from_directory"

_ADDED = "stays within the picture's own lowest and highest level; originally within 0 and 255"


def _fill(arguments: Arguments) -> Effect:
    return border(arguments.value("fill_mode", "reflect"), arguments.value("fill_value", 0))


def _flip(arguments: Arguments) -> Iterator[Effect]:
    mode = arguments.name("mode", "horizontal_and_vertical").lower()
    if mode not in ("horizontal", "vertical", "horizontal_and_vertical"):
        raise Untranslatable(f"mode={mode!r} is not known")
    if "horizontal" in mode:
        yield Setting("horizontal_flip", 0.5, is_switch=True)
    if "vertical" in mode:
        yield Setting("vertical_flip", 0.5, is_switch=True)


def _rotation(arguments: Arguments) -> Iterator[Effect]:
    yield Setting("rotation_range", span(arguments.around("factor", 0), 360))
    yield _fill(arguments)


def _translation(arguments: Arguments) -> Iterator[Effect]:
    for axis in ("width", "height"):
        pair = arguments.around(f"{axis}_factor", 0)
        if any(pair):
            yield Setting(f"{axis}_shift_range", span(pair))
    yield _fill(arguments)


def _zoom(arguments: Arguments) -> Iterator[Effect]:
    pair = arguments.around("height_factor", 0, centre=1)
    if not arguments.has("width_factor"):
        # There a positive factor zooms out, as zoom_range does and scale_range does not.
        scale = factors((1 / max(pair[1], 0.01), 1 / max(pair[0], 0.01)))
        note = "width and height are drawn separately; originally together"
        yield Either(
            (
                (Setting("scale_range", scale, "originally the inverse is drawn uniformly"),),
                (Setting("zoom_range", factors(pair), note),),
            )
        )
    else:
        across = arguments.around("width_factor", 0, centre=1)
        wide = min(pair[0], across[0]), max(pair[1], across[1])
        note = "" if across == pair else "one range for both axes"
        yield Setting("zoom_range", factors(wide), note)
    yield _fill(arguments)


def _shear(arguments: Arguments) -> Iterator[Effect]:
    # x + factor · y, so the factor is the tangent; 57.3 degrees a unit for small ones.
    pairs = [arguments.between(f"{axis}_factor", 0, low=0) for axis in "xy"]
    ranges: list[Pair] = [(-pair[1] * 57.2958, pair[1] * 57.2958) for pair in pairs]
    yield from sheared(*ranges)
    yield _fill(arguments)


def _brightness(arguments: Arguments) -> Iterator[Effect]:
    yield Setting("channel_shift_range", span(arguments.around("factor", 0), 255), _ADDED)


def _contrast(arguments: Arguments) -> Iterator[Effect]:
    value = arguments.value("factor")
    low, high = value if isinstance(value, (list, tuple)) else (value, value)
    note = "about the mean luminance; originally about the mean of each channel"
    yield Setting("contrast_range", factors((max(0, 1 - low), 1 + high)), note)


def _blend(key: str) -> Callable[[Arguments], Iterator[Effect]]:
    """Return the effects of a factor whose 0.5 changes nothing."""

    def effects(arguments: Arguments) -> Iterator[Effect]:
        low, high = arguments.between("factor", None, low=0)
        note = "a plain factor; originally it grows more steeply towards 1"
        yield Setting(key, factors((2 * low, 2 * high)), note)

    return effects


def _hue(arguments: Arguments) -> Iterator[Effect]:
    high = arguments.between("factor", None, low=0)[1]
    yield Setting("hue_range", span((-high / 2, high / 2)), "either way, as far as in the original")


def _jitter(arguments: Arguments) -> Iterator[Effect]:
    if arguments.has("brightness_factor"):
        pair = arguments.around("brightness_factor", 0)
        yield Setting("channel_shift_range", span(pair, 255), _ADDED)
    if arguments.has("contrast_factor"):
        yield Setting("contrast_range", factors(arguments.factors("contrast_factor", 0)))
    if arguments.has("saturation_factor"):
        low, high = arguments.between("saturation_factor", None, low=0)
        yield Setting("saturation_range", factors((2 * low, 2 * high)), "a plain factor")
    if arguments.has("hue_factor"):
        high = arguments.between("hue_factor", None, low=0)[1]
        yield Setting("hue_range", span((-high / 2, high / 2)))


def _blur(arguments: Arguments) -> Iterator[Effect]:
    yield Setting("gaussian_blur_range", factors(arguments.between("sigma", 1, low=0)))


def _noise(arguments: Arguments) -> Iterator[Effect]:
    sigma = arguments.number("stddev", 0)
    levels = tidy(sigma * 255 if sigma <= 1 else sigma)
    note = "taken as a share of 255" if sigma <= 1 else ""
    yield Setting("gaussian_noise_range", [levels, levels], note)


def _erasing(arguments: Arguments) -> Iterator[Effect]:
    area = factors(arguments.between("scale", (0.02, 0.33)))
    fill = arguments.value("fill_value")
    note = "" if arguments.has("fill_value") else "filled with cval; originally with noise"
    yield Setting("erasing_range", area, note, fill=fill)


def _cutout(arguments: Arguments) -> Iterator[Effect]:
    sides = [arguments.between(f"{name}_factor", None, low=0) for name in ("height", "width")]
    area = (sides[0][0] * sides[1][0], sides[0][1] * sides[1][1])
    is_noise = arguments.name("fill_mode", "constant") != "constant"
    note = "by area and shape; originally by its sides"
    note += "; filled with cval; originally with noise" if is_noise else ""
    fill = None if is_noise else arguments.number("fill_value", 0)
    yield Setting("erasing_range", factors(area), note, fill=fill)


def _dataset(arguments: Arguments) -> Iterator[Effect]:
    if arguments.has("image_size"):
        crop = bool(arguments.value("crop_to_aspect_ratio", False))
        yield Frame(*arguments.size_of("image_size"), crop)
    else:
        yield Frame(256, 256)


def _crop(arguments: Arguments) -> Iterator[Effect]:
    yield from fixed_crop(*arguments.size_of("height", "width"), arguments)


def _perspective(arguments: Arguments) -> Iterator[Effect]:
    least, most = arguments.between("factor", 1.0, low=0)
    scale = arguments.number("scale", 1)
    # By simulation: three corners that move along both axes tilt as far as these draws.
    strength = round(min(1.45 * scale / (1 + 0.69 * scale), 1), 2)
    note = "as far on average, about the centre; originally three corners move inwards or outwards"
    yield Setting("perspective_range", strength, note, chance=(least + most) / 2)
    yield border("constant", arguments.value("fill_value", 0))


def _resizing(arguments: Arguments) -> Iterator[Effect]:
    crop = bool(arguments.value("crop_to_aspect_ratio", False))
    pad = bool(arguments.value("pad_to_aspect_ratio", False))
    note = "stretched; originally the shape is kept and the rest filled" if pad else ""
    yield Frame(*arguments.size_of("height", "width"), crop, note)


def _rand_augment(arguments: Arguments) -> Iterator[Effect]:
    # Its strength is a share; torchvision's magnitudes go from 0 to 30.
    amounts = {
        "num_ops": arguments.value("num_ops", 2),
        "magnitude": round(30 * arguments.between("factor", 0.5)[1]),
    }
    yield Policy({"randaugment": amounts}, "torchvision's operations and scale of magnitudes")


_NAMES = {
    "BatchNormalization": NORMALISED,
    "Input": "",
    "InputLayer": "",
    "Normalization": NORMALISED,
    "Rescaling": NORMALISED,
}


#: ``keras.Sequential([layers.RandomFlip("horizontal"), ...])``.
KERAS_LAYERS = Framework(
    title="Keras layers",
    modules=(
        "keras",
        "keras.layers",
        "keras.models",
        "keras.layers.experimental.preprocessing",
        "keras.layers.preprocessing",
        "tensorflow.keras",
        "tensorflow.keras.layers",
        "tensorflow.keras.models",
        "tensorflow.keras.layers.experimental.preprocessing",
        "tensorflow.keras.preprocessing",
        "tensorflow.keras.utils",
        "tensorflow.python.keras.layers",
        "keras_cv.layers",
    ),
    roots=frozenset({"Sequential", "Pipeline"}),
    chance_name="",
    forces=False,
    rules={
        "Sequential": hold("all", "layers"),
        "Pipeline": hold("all", "layers"),
        "RandomFlip": Rule(_flip, "mode"),
        "RandomRotation": Rule(_rotation, "factor fill_mode"),
        "RandomTranslation": Rule(_translation, "height_factor width_factor fill_mode"),
        "RandomWidth": nothing_like_it("augtool never changes one side alone; set zoom_range"),
        "RandomHeight": nothing_like_it("augtool never changes one side alone; set zoom_range"),
        "RandomZoom": Rule(_zoom, "height_factor width_factor fill_mode"),
        "RandomShear": Rule(_shear, "x_factor y_factor"),
        "RandomCrop": Rule(_crop, "height width"),
        "RandomPerspective": Rule(_perspective, "factor scale interpolation fill_value"),
        "RandomBrightness": Rule(_brightness, "factor value_range"),
        "RandomContrast": Rule(_contrast, "factor"),
        "RandomSaturation": Rule(_blend("saturation_range"), "factor"),
        "RandomSharpness": Rule(_blend("sharpness_range"), "factor"),
        "RandomHue": Rule(_hue, "factor"),
        "RandomColorJitter": Rule(
            _jitter,
            "value_range brightness_factor contrast_factor saturation_factor hue_factor",
        ),
        "RandomGaussianBlur": Rule(_blur, "factor kernel_size sigma"),
        "GaussianNoise": Rule(_noise, "stddev"),
        "RandomCutout": Rule(_cutout, "height_factor width_factor fill_mode fill_value"),
        "RandomErasing": Rule(_erasing, "factor scale"),
        "RandomGrayscale": switch("grayscale", 0.5, "the layer's own factor is not read", None),
        "RandomInvert": switch("invert", chance=None),
        "AutoContrast": switch("autocontrast", chance=None),
        "Equalization": switch("equalize", chance=None),
        "RandAugment": Rule(_rand_augment, "value_range num_ops factor"),
        "AugMix": nothing_like_it("copies are not mixed; augtool has no AugMix"),
        "CutMix": nothing_like_it("mixed labels do not fit class folders"),
        "MixUp": nothing_like_it("mixed labels do not fit class folders"),
        DATASET: Rule(_dataset),
        "Resizing": Rule(_resizing, "height width"),
        "CenterCrop": Rule(
            resize("the largest centred part; originally pixels are cut off", True), "height width"
        ),
        **{name: remark(text) for name, text in _NAMES.items()},
    },
)
