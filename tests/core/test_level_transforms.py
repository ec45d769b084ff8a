"""Level changes against Pillow and against loops over pixels, at several strengths."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from augtool.core.levels import Levels
from augtool.core.transforms.autocontrast import Autocontrast
from augtool.core.transforms.contrast import Contrast
from augtool.core.transforms.equalize import Equalize
from augtool.core.transforms.gamma import Gamma
from augtool.core.transforms.invert import Invert
from augtool.core.transforms.posterize import Posterize
from augtool.core.transforms.solarize import Solarize
from tests.core.test_transforms import applied
from tests.pictures import picture

each_form = pytest.mark.parametrize(
    ("dtype", "channels"), [*product((np.uint8, np.uint16), (1, 2, 3, 4))]
)


def by_loop(image: Any, function: Callable[[int], float]) -> Any:
    """Return an image with every colour level mapped alone, cut and its fraction dropped."""
    top = int(np.iinfo(image.dtype).max)
    table = {level: min(max(int(function(level)), 0), top) for level in np.unique(image).tolist()}
    changed = image.copy()
    colours = changed[..., : 3 if image.shape[2] > 2 else 1] if image.ndim == 3 else changed
    mapped = [table[level] for level in colours.ravel().tolist()]
    colours[...] = np.array(mapped).reshape(colours.shape)
    return changed


def mean_luma(image: Any) -> float:
    if image.ndim == 2 or image.shape[2] == 2:
        gray = image if image.ndim == 2 else image[..., 0]
        return math.fsum(gray.ravel().tolist()) / gray.size
    rows = image.reshape(-1, image.shape[2]).tolist()
    return math.fsum(0.114 * b + 0.587 * g + 0.299 * r for b, g, r, *_ in rows) / len(rows)


@each_form
@pytest.mark.parametrize("factor", [0.0, 0.5, 0.9, 1.3, 2.0, 10.0])
def test_contrast_moves_levels_away_from_the_mean_of_luma(
    dtype: Any, channels: int, factor: float
) -> None:
    image = picture(1, 13, 11, channels, dtype)
    rest = (1 - factor) * mean_luma(image)
    expected = by_loop(image, lambda level: math.floor(factor * level + rest))
    got = applied(Contrast(0, 1), image, factor)
    assert np.abs(got.astype(int) - expected).max() <= 1  # the means' last digits
    assert (got == expected).mean() > 0.98


@pytest.mark.parametrize("factor", [0.0, 0.4, 1.5, 2.0])
def test_contrast_of_gray_is_within_a_level_of_pillow(factor: float) -> None:
    """Pillow rounds the mean, which moves a level by half of 1 - factor at most."""
    image = picture(2, 40, 40, 1)
    expected = np.asarray(ImageEnhance.Contrast(Image.fromarray(image)).enhance(factor))
    assert np.abs(applied(Contrast(0, 1), image, factor).astype(int) - expected).max() <= 1


@each_form
@pytest.mark.parametrize("power", [0.3, 0.9, 1.1, 2.2])
def test_gamma_is_a_power_of_the_share_of_the_range(
    dtype: Any, channels: int, power: float
) -> None:
    image = picture(3, 13, 11, channels, dtype)
    top = int(np.iinfo(dtype).max)
    expected = by_loop(image, lambda level: round(top * math.pow(level / top, power)))
    np.testing.assert_array_equal(applied(Gamma(0, 1), image, power), expected)


@each_form
def test_the_negative_is_that_of_a_loop(dtype: Any, channels: int) -> None:
    image = picture(4, 13, 11, channels, dtype)
    top = int(np.iinfo(dtype).max)
    got = applied(Invert(0.5), image, 1)
    np.testing.assert_array_equal(got, by_loop(image, lambda level: top - level))


@each_form
@pytest.mark.parametrize("threshold", [0.0, 77.3, 128.0, 255.0, 256.0])
def test_solarization_inverts_from_the_threshold_on(
    dtype: Any, channels: int, threshold: float
) -> None:
    image = picture(5, 13, 11, channels, dtype)
    top = int(np.iinfo(dtype).max)
    scale = top // 255
    expected = by_loop(image, lambda level: top - level if level >= threshold * scale else level)
    np.testing.assert_array_equal(applied(Solarize(0, 1), image, threshold), expected)


@each_form
def test_large_images_have_their_levels_changed_to_the_same_numbers(
    dtype: Any, channels: int
) -> None:
    image = picture(1, 600, 500, channels, dtype)
    small = image[:3, :5].copy()
    for transform, value in ((Invert(1), 1), (Posterize(3, 3), 3), (Solarize(9, 9), 128)):
        got = applied(transform, image, value)
        assert np.array_equal(got[:3, :5], applied(transform, small, value))
    twice = Levels(image)
    for change in (Invert(1), Invert(1)):
        change.change(twice, (1,))
    assert np.array_equal(twice.applied(), image)


@each_form
@pytest.mark.parametrize("bits", [1, 4, 8, 16])
def test_posterization_keeps_the_upper_bits(dtype: Any, channels: int, bits: int) -> None:
    image = picture(6, 13, 11, channels, dtype)
    dropped = max(0, 8 * image.itemsize - bits)
    expected = by_loop(image, lambda level: level >> dropped << dropped)
    np.testing.assert_array_equal(applied(Posterize(1, 8), image, bits), expected)


@each_form
def test_autocontrast_stretches_each_channel(dtype: Any, channels: int) -> None:
    image = picture(8, 13, 11, channels, dtype)
    top = int(np.iinfo(dtype).max)
    image = (image // 3 + top // 5).astype(dtype)
    image[..., 0] = top // 3 if channels > 1 else image[..., 0]  # of one level: it stays
    expected = image.copy().reshape(13, 11, -1)
    for channel in range(3 if channels > 2 else 1):
        plane = image.reshape(13, 11, -1)[..., channel]
        low, high = int(plane.min()), int(plane.max())
        if low < high:
            stretched = [(level - low) * top // (high - low) for level in plane.ravel().tolist()]
            expected[..., channel] = np.array(stretched).reshape(13, 11)
    got = applied(Autocontrast(0.5), image, 1)
    np.testing.assert_array_equal(got, expected.reshape(image.shape))


@pytest.mark.parametrize("size", [(40, 41), (7, 4), (1, 1), (15, 15)])
@pytest.mark.parametrize("channels", [1, 3])
def test_autocontrast_and_equalization_are_pillows(size: tuple[int, int], channels: int) -> None:
    image = (picture(9, *size, channels).astype(float) * 0.4 + 60).astype(np.uint8)
    given = Image.fromarray(image)
    expected = np.asarray(ImageOps.equalize(given))
    np.testing.assert_array_equal(applied(Equalize(0.5), image, 1), expected)
    stretched = np.asarray(ImageOps.autocontrast(given)).astype(int)
    assert np.abs(applied(Autocontrast(0.5), image, 1) - stretched).max() <= 1  # Pillow's floats


@pytest.mark.parametrize("channels", [2, 4])
def test_equalization_leaves_alpha(channels: int) -> None:
    image = picture(10, 20, 21, channels)
    got = applied(Equalize(0.5), image, 1)
    np.testing.assert_array_equal(got[..., -1], image[..., -1])
    colours = np.ascontiguousarray(image[..., :-1]).reshape(20, 21, -1)
    for channel in range(channels - 1):
        expected = np.asarray(ImageOps.equalize(Image.fromarray(colours[..., channel])))
        np.testing.assert_array_equal(got[..., channel], expected)


def test_pillow_inverts_solarizes_and_posterizes_to_the_same_levels() -> None:
    image = picture(7, 40, 40)
    given = Image.fromarray(image)
    pairs = [(applied(Invert(0.5), image, 1), ImageOps.invert(given))]
    for threshold in (0, 90, 128, 255):
        made = applied(Solarize(0, 1), image, threshold)
        pairs.append((made, ImageOps.solarize(given, threshold)))
    for bits in (1, 3, 5, 8):
        pairs.append((applied(Posterize(1, 8), image, bits), ImageOps.posterize(given, bits)))
    for got, expected in pairs:
        np.testing.assert_array_equal(got, np.asarray(expected))


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Contrast, 1.5, r"use a number below 1, or both ends, e.g. \[0.5, 2.5\]"),
        (Contrast, -1, "out of range"),
        (Gamma, [0, 1], "use a number from 0.01"),
        (Posterize, 0, "use a number from 1 to 16"),
        (Posterize, [2.5, 4], "expected whole numbers"),
        (Solarize, 300, "use a number from 0 to 256"),
        (Invert, 2, "use a number from 0 to 1"),
    ],
)
def test_settings_beyond_their_range_are_refused(kind: Any, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind.parse(value)


def test_one_number_is_a_span_or_a_value() -> None:
    assert Contrast.parse(0.3) == Contrast(0.7, 1.3)
    assert Solarize.parse(128) == Solarize(128, 128)
    assert Posterize.parse(4) == Posterize(4, 4)
    assert Posterize.parse([3, 4]) == Posterize(3, 4)
    assert (Contrast.parse(0), Gamma.parse(0), Solarize.parse(256), Posterize.parse(16)) == (
        *(None, None, None, None),
    )


def test_whole_numbers_are_equally_likely() -> None:
    columns = Posterize(3, 6).make_params(np.arange(0, 1, 1 / 400)[np.newaxis], None)  # type: ignore[arg-type]
    assert np.unique(columns[0], return_counts=True)[1].tolist() == [100] * 4
