"""Albumentations' crops and sizes."""

from __future__ import annotations

from collections.abc import Iterator

from augtool.config.imports.arguments import Arguments, Untranslatable
from augtool.config.imports.effects import Effect, Frame, Remark, Rule, Rules
from augtool.config.imports.shared_rules import crop, fixed_crop, resize, resized_crop, stretched

__all__ = ["RULES"]


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
    even = "its area is drawn evenly; originally its height" if low != high else ""
    note = "; ".join(filter(None, (even, stretched(arguments))))
    yield crop(area, (shape, shape), size, note)
    yield Frame(*size)


def _border_crop(arguments: Arguments) -> Iterator[Effect]:
    cuts = [arguments.number(f"crop_{side}", 0.1) for side in ("left", "right", "top", "bottom")]
    width, height = max(0.01, 1 - cuts[0] - cuts[1]), max(0.01, 1 - cuts[2] - cuts[3])
    note = "by area and shape; originally each side is cut, and the picture gets smaller"
    yield crop((width * height, 1), (width, 1 / height), note=note)


def _random_crop(arguments: Arguments) -> Iterator[Effect]:
    yield from fixed_crop(*arguments.size_of("height", "width"), arguments)


def _shorter_side(arguments: Arguments) -> Iterator[Effect]:
    note = "the longer side is cut; originally it is kept"
    yield Frame(*arguments.size_of("max_size"), True, note, "kept")


def _longer_side(arguments: Arguments) -> Iterator[Effect]:
    note = "stretched; originally its shape is kept and the rest filled (crop: true cuts)"
    yield Frame(*arguments.size_of("max_size"), False, note, "padded")


def _pad(arguments: Arguments) -> Iterator[Effect]:
    if arguments.size is None:
        raise Untranslatable("augtool never pads; output.resize gives all pictures one size")
    yield Remark("not needed: output.resize fills the whole size")


_SIZE = "height width"
RULES: Rules = {
    "RandomResizedCrop": Rule(_resized_crop, "height width", 1),
    "RandomSizedCrop": Rule(_sized_crop, "min_max_height height width w2h_ratio", 1),
    "RandomCropFromBorders": Rule(_border_crop, "crop_left crop_right crop_top crop_bottom", 1),
    "RandomCrop": Rule(_random_crop, _SIZE, 1),
    "CenterCrop": Rule(
        resize("the largest centred part; originally pixels are cut off", True), _SIZE, 1
    ),
    "Resize": Rule(resize(), _SIZE, 1),
    "SmallestMaxSize": Rule(_shorter_side, "max_size", 1),
    "LongestMaxSize": Rule(_longer_side, "max_size", 1),
    "PadIfNeeded": Rule(_pad, "min_height min_width", 1),
}
