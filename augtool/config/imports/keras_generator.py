"""Keras' ImageDataGenerator: augtool's own names, so nearly all of it stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from augtool.config.imports.arguments import Arguments, Untranslatable
from augtool.config.imports.effects import (
    Block,
    Border,
    Effect,
    Frame,
    Framework,
    Remark,
    Rule,
    Setting,
)

__all__ = ["FLOW_SIZE", "GENERATOR", "KERAS_GENERATOR", "are_arguments"]

#: Its full name.
GENERATOR = "keras.preprocessing.image.ImageDataGenerator"

#: Where `find` puts the target_size of the generator's flow_from_directory.
FLOW_SIZE = "target_size"

_RANGES = (
    *("rotation_range", "width_shift_range", "height_shift_range", "shear_range", "zoom_range"),
    *("brightness_range", "channel_shift_range"),
)
_SHIFTS = ("width_shift_range", "height_shift_range")
_FLIPS = ("horizontal_flip", "vertical_flip")
_ARRAYS = (
    *("samplewise_center", "samplewise_std_normalization", "featurewise_center"),
    *("featurewise_std_normalization", "zca_whitening"),
)
_ORDER = (
    *("featurewise_center", "samplewise_center", "featurewise_std_normalization"),
    *("samplewise_std_normalization", "zca_whitening", "zca_epsilon", "rotation_range"),
    *("width_shift_range", "height_shift_range", "brightness_range", "shear_range", "zoom_range"),
    *("channel_shift_range", "fill_mode", "cval", "horizontal_flip", "vertical_flip", "rescale"),
)
_OTHERS = ("preprocessing_function", "data_format", "validation_split", "dtype")


def are_arguments(names: Iterable[Any]) -> bool:
    """Return whether names can only be those of a generator's arguments, some of them ranges."""
    given = set(names)
    return given <= {*_ORDER, *_OTHERS} and len(given.intersection(_RANGES)) > 1


def _generator(arguments: Arguments) -> Iterator[Effect]:
    """Yield what is passed, argument by argument; what can't be told comes last."""
    untold = []
    for name in (*_RANGES, *_FLIPS):
        if not arguments.has(name):
            continue
        try:
            yield from _setting(arguments, name)
        except Untranslatable as reason:
            untold.append(str(reason))
    if arguments.has("fill_mode") or arguments.has("cval"):
        yield Border(arguments.name("fill_mode", "nearest"), arguments.value("cval", 0))
    yield from _elsewhere(arguments)
    if arguments.has(FLOW_SIZE):
        try:
            yield Frame(*arguments.size_of(FLOW_SIZE))
        except Untranslatable as reason:
            untold.append(f"{reason}, set output.resize")
    function = arguments.call.keywords.get("preprocessing_function")
    text = str(getattr(function, "last", getattr(function, "text", function)))
    if function is not None and "preprocess_input" in text:
        yield Remark(f"preprocessing_function={text}: do it when you load the pictures")
    elif function is not None:
        untold.append(f"preprocessing_function={text}: YAML can't hold a function")
    if untold:
        raise Untranslatable("; ".join(untold))


def _setting(arguments: Arguments, name: str) -> Iterator[Effect]:
    value = arguments.value(name)
    if name in _FLIPS:
        yield Setting(name, bool(value))
        return
    if name.endswith("shift_range") and isinstance(value, (list, tuple)) and len(value) != 2:
        raise Untranslatable(f"{name}={value!r}: augtool draws from a range, not from a list")
    if name == "brightness_range" and not isinstance(value, (list, tuple)):
        raise Untranslatable(f"{name}={value!r}: expected two factors")
    if not isinstance(value, (list, tuple)) and not value:
        return
    note = hint = ""
    if name in _SHIFTS and arguments.value(_SHIFTS[0], 0) != arguments.value(_SHIFTS[1], 0):
        note = "the axis as documented; Keras' code swaps the two (keras#17398)"
    if name == "shear_range" and isinstance(value, (int, float)) and 0 < value < 1:
        hint = "in degrees, as in the original, so almost nothing; radians may have been meant"
    yield Setting(name, list(value) if isinstance(value, tuple) else value, note, hint=hint)


def _elsewhere(arguments: Arguments) -> Iterator[Effect]:
    """Yield what is not drawn for each copy."""
    if arguments.has("rescale"):
        factor = arguments.value("rescale")
        text = "1/255" if abs(factor * 255 - 1) < 1e-3 else f"{factor:g}"
        yield Remark(
            f"rescale={text}: do it when you load (arrays hold it: --to npz, rescale: {text})"
        )
    for name in _ARRAYS:
        if arguments.value(name, False):
            yield Remark(f"{name}: do it when you load (arrays hold it: --to npz, {name}: true)")
    if arguments.value("validation_split", 0):
        note = "drawn by hash; Keras takes the first files of each class, and augments them too"
        yield Block("split", {"val": arguments.number("validation_split", 0)}, note)


#: ``ImageDataGenerator(...)``.
KERAS_GENERATOR = Framework(
    title="Keras ImageDataGenerator",
    modules=(
        "keras.preprocessing.image",
        "keras.preprocessing",
        "keras.src.legacy.preprocessing.image",
        "keras_preprocessing.image",
        "tensorflow.keras.preprocessing.image",
        "tensorflow.keras.preprocessing",
        "tensorflow.python.keras.preprocessing.image",
        "keras.legacy.preprocessing.image",
    ),
    roots=frozenset({"ImageDataGenerator"}),
    chance_name="",
    forces=False,
    rules={"ImageDataGenerator": Rule(_generator, " ".join(_ORDER))},
)
