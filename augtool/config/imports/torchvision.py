"""torchvision's ``transforms`` and ``transforms.v2``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from augtool.config.imports.arguments import Arguments, Untranslatable
from augtool.config.imports.boxes import fill_of
from augtool.config.imports.effects import (
    Border,
    Effect,
    Frame,
    Framework,
    Policy,
    Remark,
    Rule,
    Setting,
)
from augtool.config.imports.shared_rules import (
    NORMALISED,
    TENSOR,
    border,
    elastic,
    factors,
    fixed_crop,
    hold,
    nothing_like_it,
    remark,
    resized_crop,
    scaled,
    sheared,
    span,
    switch,
    tidy,
)
from augtool.config.imports.torchvision_order import TO_TENSOR, in_order

__all__ = ["TORCHVISION"]


def _fill(arguments: Arguments) -> Border:
    return border("constant", arguments.value("fill", arguments.value("fillcolor", 0)))


def _rotation(arguments: Arguments) -> Iterator[Effect]:
    note = "keeps its size; originally it grows" if arguments.value("expand", False) else ""
    yield Setting("rotation_range", span(arguments.around("degrees", 0)), note)
    yield _fill(arguments)


def _affine(arguments: Arguments) -> Iterator[Effect]:
    # torchvision's affine turns clockwise.
    low, high = arguments.around("degrees", 0)
    if low or high:
        yield Setting("rotation_range", span((-high, -low)))
    if arguments.has("translate"):
        across, down = arguments.between("translate", None)
        if across:
            yield Setting("width_shift_range", tidy(across))
        if down:
            yield Setting("height_shift_range", tidy(down))
    if arguments.has("scale"):
        yield scaled(arguments.between("scale", None))
    if arguments.has("shear"):
        value = arguments.value("shear")
        if isinstance(value, (list, tuple)) and len(value) == 4:
            yield from sheared((value[0], value[1]), (value[2], value[3]))
        else:
            yield from sheared(arguments.around("shear", 0))
    yield _fill(arguments)


def _resize(arguments: Arguments) -> Iterator[Effect]:
    value = arguments.value("size")
    shorter = isinstance(value, int) or (isinstance(value, (list, tuple)) and len(value) == 1)
    note = "the longer side is cut; originally it is kept" if shorter else ""
    yield Frame(*arguments.size_of("size"), shorter, note, "kept" if shorter else "")


def _center_crop(arguments: Arguments) -> Iterator[Effect]:
    note = "the largest centred part; originally pixels are cut off"
    yield Frame(*arguments.size_of("size"), True, note)


def _resized_crop(arguments: Arguments) -> Iterator[Effect]:
    yield from resized_crop(arguments, lambda each: each.size_of("size"))


def _random_crop(arguments: Arguments) -> Iterator[Effect]:
    height, width = arguments.size_of("size")
    if not arguments.has("padding"):
        yield from fixed_crop(height, width, arguments)
        return
    padding = arguments.value("padding")
    sides = list(padding) if isinstance(padding, (list, tuple)) else [padding]
    sides = sides * (4 // len(sides)) if len(sides) in (1, 2) else sides
    across, down, *others = sides
    if others != [across, down] or not (isinstance(across, int) and isinstance(down, int)):
        raise Untranslatable(f"padding={padding!r} is not whole pixels, as many on either side")
    if arguments.size not in (None, (height, width)):
        raise Untranslatable(
            "cuts {}x{} out of {}x{} and padding".format(height, width, *arguments.size)
        )
    if arguments.size is None:
        yield Frame(
            height, width, note=f"the code says no size before the crop to {height}x{width}"
        )
    yield Setting("width_shift_range", across)
    yield Setting("height_shift_range", down)
    mode = arguments.name("padding_mode", "constant")
    yield border("reflect_101" if mode == "reflect" else mode, arguments.value("fill", 0))


def _color_jitter(arguments: Arguments) -> Iterator[Effect]:
    for name in ("brightness", "contrast", "saturation"):
        if arguments.has(name) and (pair := arguments.factors(name, 0)) != (1, 1):
            yield Setting(f"{name}_range", factors(pair))
    if arguments.has("hue") and any(hue := arguments.around("hue", 0)):
        yield Setting("hue_range", span(hue))


def _photometric(arguments: Arguments) -> Iterator[Effect]:
    for name, default in (
        ("brightness", (0.875, 1.125)),
        ("contrast", (0.5, 1.5)),
        ("saturation", (0.5, 1.5)),
    ):
        pair = factors(arguments.between(name, default))
        yield Setting(f"{name}_range", pair, "originally each with a probability of its own")
    yield Setting("hue_range", span(arguments.around("hue", 0.05)))


def _blur(arguments: Arguments) -> Iterator[Effect]:
    yield Setting("gaussian_blur_range", factors(arguments.between("sigma", (0.1, 2))))


def _noise(arguments: Arguments) -> Iterator[Effect]:
    sigma = tidy(arguments.number("sigma", 0.1) * 255)
    yield Setting("gaussian_noise_range", [sigma, sigma])


def _sharpness(arguments: Arguments) -> Iterator[Effect]:
    factor = tidy(arguments.number("sharpness_factor", 2))
    yield Setting("sharpness_range", [factor, factor])


def _erasing(arguments: Arguments) -> Iterator[Effect]:
    fill, note = fill_of(arguments, "value")
    area = factors(arguments.between("scale", (0.02, 0.33)))
    yield Setting("erasing_range", area, note, fill=fill)


def _perspective(arguments: Arguments) -> Iterator[Effect]:
    strength = tidy(min(arguments.number("distortion_scale", 0.5), 1))
    note = "as far on average; originally the corners move inwards, and all of it shows"
    yield Setting("perspective_range", strength, note)
    yield _fill(arguments)


def _elastic(arguments: Arguments) -> Iterator[Effect]:
    alpha, sigma = (arguments.between(*each)[0] for each in (("alpha", 50), ("sigma", 5)))
    yield elastic(alpha / 2, sigma, arguments.size)  # there a side is 2 long
    yield _fill(arguments)


def _zoom_out(arguments: Arguments) -> Iterator[Effect]:
    low, high = arguments.between("side_range", (1, 4))
    yield scaled((1 / high, 1 / low), "about the centre; originally the picture is put anywhere")
    yield _fill(arguments)


def _one(key: str, argument: str, scale: float = 1) -> Callable[[Arguments], Iterator[Effect]]:
    def effects(arguments: Arguments) -> Iterator[Effect]:
        yield Setting(key, tidy(arguments.number(argument, 0) * scale))

    return effects


def _jpeg(arguments: Arguments) -> Iterator[Effect]:
    yield Setting("jpeg_range", factors(arguments.between("quality", None)))


#: Of the scales of strength in TrivialAugmentWide and RandAugment.
_BINS = 31
_CENTRED = "shears about the centre; originally about a corner"


def _auto_augment(arguments: Arguments) -> Iterator[Effect]:
    name = arguments.name("policy", "imagenet").lower()
    yield Policy({"autoaugment": name}, f"operations in augtool's own order; {_CENTRED}")
    yield _fill(arguments)


def _rand_augment(arguments: Arguments) -> Iterator[Effect]:
    magnitude = arguments.number("magnitude", 9)
    highest = max(arguments.number("num_magnitude_bins", _BINS) - 1, 1)
    amounts: dict[str, Any] = {
        "num_ops": arguments.value("num_ops", 2),
        "magnitude": round(magnitude * (_BINS - 1) / highest),
    }
    once = "each operation at most once, in augtool's own order"
    yield Policy({"randaugment": amounts}, f"{once}; {_CENTRED}")
    yield _fill(arguments)


def _trivial_augment(arguments: Arguments) -> Iterator[Effect]:
    bins = arguments.call.keywords.get("num_magnitude_bins", (*arguments.call.arguments, _BINS)[0])
    steps = "" if bins == _BINS else f"; {_BINS} steps; originally {getattr(bins, 'text', bins)}"
    yield Policy("trivialaugment", _CENTRED + steps)
    yield _fill(arguments)


_COLORS = "brightness contrast saturation hue"
_AUGMENTED = "num_magnitude_bins interpolation fill"
_AFFINE = "degrees translate scale shear interpolation fill"


#: ``transforms.Compose([...])``, ``v2.Compose([...])``.
TORCHVISION = Framework(
    title="torchvision",
    modules=("torchvision.transforms", "torchvision.transforms.v2", "torch.nn"),
    roots=frozenset({"Compose", "Sequential"}),
    chance_name="p",
    forces=False,
    rules={
        "Compose": hold("all", "transforms"),
        "Sequential": hold("all", "transforms"),
        "ModuleList": hold("all", "modules"),
        "RandomApply": hold("all", chance=0.5),
        "RandomOrder": hold("all", "transforms"),
        "RandomChoice": hold("one", "transforms p"),
        "RandomHorizontalFlip": switch("horizontal_flip"),
        "RandomVerticalFlip": switch("vertical_flip"),
        "RandomRotation": Rule(_rotation, "degrees interpolation expand center fill"),
        "RandomAffine": Rule(_affine, _AFFINE),
        "RandomPerspective": Rule(_perspective, "distortion_scale p interpolation fill", 0.5),
        "ElasticTransform": Rule(_elastic, "alpha sigma interpolation fill"),
        "RandomZoomOut": Rule(_zoom_out, "fill side_range p", 0.5),
        "RandomResizedCrop": Rule(_resized_crop, "size scale ratio"),
        "RandomSizedCrop": Rule(_resized_crop, "size"),
        "RandomCrop": Rule(_random_crop, "size padding"),
        "CenterCrop": Rule(_center_crop, "size"),
        "Resize": Rule(_resize, "size"),
        "Scale": Rule(_resize, "size"),
        "ColorJitter": Rule(_color_jitter, _COLORS),
        "RandomPhotometricDistort": Rule(_photometric, f"{_COLORS} p", 0.5),
        "GaussianBlur": Rule(_blur, "kernel_size sigma"),
        "GaussianNoise": Rule(_noise, "mean sigma"),
        "RandomAdjustSharpness": Rule(_sharpness, "sharpness_factor p", 0.5),
        "RandomSolarize": Rule(_one("solarize_threshold", "threshold"), "threshold p", 0.5),
        "RandomPosterize": Rule(_one("posterize_bits", "bits"), "bits p", 0.5),
        "RandomErasing": Rule(_erasing, "p scale ratio value", 0.5),
        "RandomGrayscale": switch("grayscale", chance=0.1),
        "RandomInvert": switch("invert"),
        "RandomEqualize": switch("equalize"),
        "RandomAutocontrast": switch("autocontrast"),
        "RandomChannelPermutation": switch("channel_shuffle", chance=None),
        "JPEG": Rule(_jpeg, "quality"),
        "AutoAugment": Rule(_auto_augment, "policy interpolation fill"),
        "RandAugment": Rule(_rand_augment, f"num_ops magnitude {_AUGMENTED}"),
        "TrivialAugmentWide": Rule(_trivial_augment, _AUGMENTED),
        "Lambda": nothing_like_it("a function of the code's own"),
        "Pad": nothing_like_it("augtool never pads; output.resize gives all pictures one size"),
        "AugMix": nothing_like_it("copies are not mixed; augtool has no AugMix"),
        "MixUp": nothing_like_it("mixed labels do not fit class folders"),
        "CutMix": nothing_like_it("mixed labels do not fit class folders"),
        "Grayscale": Rule(lambda _: (Remark("convert the pictures when you load them"),)),
        "Identity": remark(""),
        "Normalize": remark(NORMALISED),
        **{name: remark(TENSOR) for name in (*TO_TENSOR, "RGB")},
    },
    in_order=in_order,
)
