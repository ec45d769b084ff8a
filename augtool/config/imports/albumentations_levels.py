"""Albumentations' changes of colour, levels and sharpness, and its noise."""

from __future__ import annotations

from collections.abc import Iterator

from augtool.config.imports.arguments import Arguments, Pair, Untranslatable
from augtool.config.imports.effects import Effect, Rule, Rules, Setting
from augtool.config.imports.shared_rules import (
    factors,
    nothing_like_it,
    sigma_of_kernel,
    span,
    switch,
    tidy,
)

__all__ = ["RULES"]

_ADDED = "stays within the picture's own lowest and highest level; originally within 0 and 255"


def _brightness_contrast(arguments: Arguments) -> Iterator[Effect]:
    """Yield ``level · (1 + contrast) + brightness · 255``, which is what it computes.

    Its "contrast" is a factor on levels, without a mean: augtool's brightness_range.
    """
    brightness = arguments.around("brightness_limit", 0.2)
    contrast = arguments.around("contrast_limit", 0.2, centre=1)
    if any(brightness):
        note = _ADDED
        if arguments.value("brightness_by_max", True) is False:
            note += "; of 255; originally of the picture's mean"
        yield Setting("channel_shift_range", span(brightness, 255), note)
    if contrast != (1, 1):
        note = "the original contrast multiplies levels, and adds after that"
        yield Setting("brightness_range", _positive(contrast), note)


def _brightness(arguments: Arguments) -> Iterator[Effect]:
    yield Setting("channel_shift_range", span(arguments.around("limit", 0.2), 255), _ADDED)


def _contrast(arguments: Arguments) -> Iterator[Effect]:
    note = "the original contrast multiplies levels, as brightness does here"
    yield Setting("brightness_range", _positive(arguments.around("limit", 0.2, centre=1)), note)


def _positive(pair: Pair) -> list[float]:
    return factors((max(0, pair[0]), max(0, pair[1])))


def _color_jitter(arguments: Arguments) -> Iterator[Effect]:
    for name in ("brightness", "contrast", "saturation"):
        pair = arguments.factors(name, 0.2)
        if pair != (1, 1):
            yield Setting(f"{name}_range", _positive(pair))
    hue = arguments.around("hue", 0.2 if arguments.is_dated else 0.5)
    if any(hue):
        is_sure = arguments.has("hue") or arguments.is_dated is not None
        note = "" if is_sure else "the default of 2.x; in 1.x it is 0.2"
        yield Setting("hue_range", span(hue), note)


def _hue_saturation_value(arguments: Arguments) -> Iterator[Effect]:
    hue = arguments.around("hue_shift_limit", 20)
    saturation = arguments.around("sat_shift_limit", 30)
    value = arguments.around("val_shift_limit", 20)
    if any(hue):
        yield Setting("hue_range", span(hue, 1 / 180))
    if any(saturation):
        low, high = saturation
        pair = (1 + low / 128, 1 + high / 128)
        yield Setting("saturation_range", _positive(pair), "a factor; originally a step")
    if any(value):
        yield Setting("channel_shift_range", span(value), f"added to all channels; {_ADDED}")


def _rgb_shift(arguments: Arguments) -> Iterator[Effect]:
    ranges = [arguments.around(f"{channel}_shift_limit", 20) for channel in "rgb"]
    widest = max(max(map(abs, pair)) for pair in ranges) / 128
    note = "gains on red and blue, equal at level 128; originally each channel gets a step"
    yield Setting("white_balance_range", tidy(widest), note)


def _gamma(arguments: Arguments) -> Iterator[Effect]:
    low, high = arguments.between("gamma_limit", (80, 120))
    yield Setting("gamma_range", factors((low / 100, high / 100)))


def _noise(arguments: Arguments) -> Iterator[Effect]:
    note = ""
    if arguments.has("var_limit") or arguments.is_dated:
        low, high = arguments.between("var_limit", (10, 50), low=0)
        pair = (low**0.5, high**0.5)
    else:
        low, high = arguments.between("std_range", (0.2, 0.44))
        pair = (low * 255, high * 255)
        if not arguments.has("std_range") and arguments.is_dated is None:
            note = "the default of 2.x, which is strong; in 1.x it is about [3, 7]"
    yield Setting("gaussian_noise_range", factors(pair), note)


def _old_noise(arguments: Arguments) -> Iterator[Effect]:
    yield Setting("gaussian_noise_range", factors(arguments.between("scale", (2.55, 12.75))))


def _iso_noise(arguments: Arguments) -> Iterator[Effect]:
    high = arguments.between("intensity", (0.1, 0.5))[1]
    note = "plain noise; originally it grows with the level and shifts hues"
    yield Setting("gaussian_noise_range", tidy(high * 20), note)


def _multiplied(arguments: Arguments) -> Iterator[Effect]:
    if arguments.value("elementwise", False) or arguments.value("per_channel", False):
        raise Untranslatable("augtool multiplies all levels of a picture by one factor")
    yield Setting("brightness_range", factors(arguments.between("multiplier", (0.9, 1.1))))


def _gaussian_blur(arguments: Arguments) -> Iterator[Effect]:
    low, high = arguments.between("sigma_limit", 0, low=0)
    sides = arguments.between("blur_limit", (3, 7) if arguments.is_dated else 0, low=3)
    if high > 0:
        yield Setting("gaussian_blur_range", factors((low, high)))
    elif sides[1] > 0:
        pair = sigma_of_kernel(max(3, sides[0])), sigma_of_kernel(sides[1])
        note = "sigma as OpenCV takes it for these kernels"
        yield Setting("gaussian_blur_range", factors(pair), note)
    else:
        once = "the default of 2.x; in 1.x it is about [0.8, 1.4]"
        note = once if arguments.is_dated is None else ""
        yield Setting("gaussian_blur_range", [0.5, 3], note)


def _box_blur(arguments: Arguments) -> Iterator[Effect]:
    sides = arguments.between("blur_limit", 7, low=3)
    # A box of side k has the variance (k² - 1) / 12.
    pair = tuple(((max(side, 1) ** 2 - 1) / 12) ** 0.5 for side in sides)
    note = "a Gaussian as wide as the original's boxes"
    yield Setting("gaussian_blur_range", factors((pair[0], pair[1])), note)


def _sigma_blur(arguments: Arguments) -> Iterator[Effect]:
    name = "sigma_x_limit" if arguments.has("sigma_x_limit") else "sigmaX_limit"
    note = "a round Gaussian without the noise of the kernel"
    yield Setting("gaussian_blur_range", factors(arguments.between(name, (0.2, 1))), note)


def _motion_blur(arguments: Arguments) -> Iterator[Effect]:
    yield Setting("motion_blur_range", factors(arguments.between("blur_limit", 7, low=3)))


def _median(arguments: Arguments) -> Iterator[Effect]:
    widest = tidy(arguments.between("blur_limit", 7, low=3)[1])
    note = f"of 3 x 3; originally up to {widest} x {widest}" if widest > 3 else ""
    yield Setting("median", 1, note, is_switch=True)


def _clahe(arguments: Arguments) -> Iterator[Effect]:
    tiles = arguments.size_of("tile_grid_size") if arguments.has("tile_grid_size") else (8, 8)
    note = "" if tiles == (8, 8) else f"8 x 8 tiles; originally {tiles[0]} x {tiles[1]}"
    yield Setting("clahe", factors(arguments.between("clip_limit", (1, 4), low=1)), note)


def _sharpen(arguments: Arguments) -> Iterator[Effect]:
    low, high = arguments.between("alpha", (0.2, 0.5))
    note = "another kernel than the original's"
    yield Setting("sharpness_range", factors((1 + 4 * low, 1 + 4 * high)), note)


def _unsharp(arguments: Arguments) -> Iterator[Effect]:
    low, high = arguments.between("alpha", (0.2, 0.5), low=0)
    note = "by a narrower blur than the original's, and noise too"
    yield Setting("sharpness_range", factors((1 + low, 1 + high)), note)


def _jpeg(arguments: Arguments) -> Iterator[Effect]:
    if arguments.has("quality_lower", "quality_upper"):
        pair = arguments.number("quality_lower", 99), arguments.number("quality_upper", 100)
    else:
        pair = arguments.between("quality_range", (99, 100))
    yield Setting("jpeg_range", factors(pair))


def _downscale(arguments: Arguments) -> Iterator[Effect]:
    if arguments.has("scale_min", "scale_max"):
        pair = arguments.number("scale_min", 0.25), arguments.number("scale_max", 0.25)
    else:
        pair = arguments.between("scale_range", (0.25, 0.25))
    yield Setting("downscale_range", factors(pair), "by areas; originally by nearest pixels")


def _solarize(arguments: Arguments) -> Iterator[Effect]:
    if arguments.has("threshold"):
        pair = arguments.between("threshold", 128)
    else:
        low, high = arguments.between("threshold_range", (0.5, 0.5))
        pair = (low * 255, high * 255)
    yield Setting("solarize_threshold", factors(pair) if pair[0] < pair[1] else tidy(pair[0]))


def _posterize(arguments: Arguments) -> Iterator[Effect]:
    bits = arguments.value("num_bits", 4)
    yield Setting("posterize_bits", bits if isinstance(bits, int) else list(bits))


def _salt_pepper(arguments: Arguments) -> Iterator[Effect]:
    yield Setting("salt_pepper_range", factors(arguments.between("amount", (0.01, 0.06))))


RULES: Rules = {
    "RandomBrightnessContrast": Rule(_brightness_contrast, "brightness_limit contrast_limit", 0.5),
    "RandomBrightness": Rule(_brightness, "limit", 0.5),
    "RandomContrast": Rule(_contrast, "limit", 0.5),
    "ColorJitter": Rule(_color_jitter, "brightness contrast saturation hue", 0.5),
    "HueSaturationValue": Rule(
        _hue_saturation_value, "hue_shift_limit sat_shift_limit val_shift_limit", 0.5
    ),
    "RGBShift": Rule(_rgb_shift, "r_shift_limit g_shift_limit b_shift_limit", 0.5),
    "RandomGamma": Rule(_gamma, "gamma_limit", 0.5),
    "CLAHE": Rule(_clahe, "clip_limit tile_grid_size", 0.5),
    "GaussNoise": Rule(_noise, "", 0.5),
    "ISONoise": Rule(_iso_noise, "color_shift intensity", 0.5),
    "MultiplicativeNoise": Rule(_multiplied, "multiplier per_channel elementwise", 0.5),
    "GaussianBlur": Rule(_gaussian_blur, "blur_limit sigma_limit", 0.5),
    "Blur": Rule(_box_blur, "blur_limit", 0.5),
    "AdvancedBlur": Rule(_sigma_blur, "", 0.5),
    "MotionBlur": Rule(_motion_blur, "blur_limit", 0.5),
    "MedianBlur": Rule(_median, "blur_limit", 0.5),
    "Sharpen": Rule(_sharpen, "alpha lightness", 0.5),
    "UnsharpMask": Rule(_unsharp, "blur_limit sigma_limit alpha", 0.5),
    "IAASharpen": Rule(_sharpen, "alpha lightness", 0.5),
    "IAAAdditiveGaussianNoise": Rule(_old_noise, "loc scale", 0.5),
    "ImageCompression": Rule(_jpeg, "quality_lower quality_upper", 0.5),
    "JpegCompression": Rule(_jpeg, "quality_lower quality_upper", 0.5),
    "Downscale": Rule(_downscale, "scale_min scale_max", 0.5),
    "Solarize": Rule(_solarize, "threshold", 0.5),
    "Posterize": Rule(_posterize, "num_bits", 0.5),
    "SaltAndPepper": Rule(_salt_pepper, "amount", 0.5),
    "Equalize": switch("equalize"),
    "ToGray": switch("grayscale"),
    "ChannelShuffle": switch("channel_shuffle"),
    "InvertImg": switch("invert"),
    "AutoContrast": switch("autocontrast"),
    "Emboss": nothing_like_it(),
    "FancyPCA": nothing_like_it(),
}
