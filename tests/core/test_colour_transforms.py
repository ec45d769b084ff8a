"""Mixes of colours against loops over pixels, OpenCV's own gray and Pillow."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageEnhance

from augtool.core.geometry import Sizes
from augtool.core.stages import apply_steps
from augtool.core.transforms.channel_shuffle import ChannelShuffle
from augtool.core.transforms.grayscale import Grayscale
from augtool.core.transforms.hue import Hue
from augtool.core.transforms.saturation import Saturation
from augtool.core.transforms.white_balance import WhiteBalance
from tests.core.test_transforms import applied
from tests.pictures import picture

COLOURS = [Hue(0, 1), Saturation(0, 1), Grayscale(1), WhiteBalance(0, 1), ChannelShuffle(1)]
ORDERS = ["RGB", "RBG", "GRB", "GBR", "BRG", "BGR"]
each_form = pytest.mark.parametrize(
    ("dtype", "channels"), [(dtype, count) for dtype in (np.uint8, np.uint16) for count in (3, 4)]
)


def by_loop(image: Any, function: Callable[..., Sequence[float]]) -> Any:
    """Return an image with R, G, B of each pixel mapped to others, rounded and clipped."""
    changed = image.copy()
    for row, column in np.ndindex(image.shape[:2]):
        blue, green, red = image[row, column, :3].tolist()
        mixed = np.rint(function(red, green, blue))
        changed[row, column, :3] = np.clip(mixed[::-1], 0, np.iinfo(image.dtype).max)
    return changed


def luma(red: float, green: float, blue: float) -> float:
    return 0.299 * red + 0.587 * green + 0.114 * blue


def require_close(got: Any, expected: Any) -> None:
    """OpenCV mixes with factors in 1/1024 for 8 bits, and in float32 for 16."""
    assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
    assert np.abs(got.astype(int) - expected).max() <= 1
    assert (got == expected).mean() > 0.75


@each_form
@pytest.mark.parametrize("factor", [0.0, 0.5, 1.2, 3.0])
def test_saturation_moves_colours_away_from_luma(dtype: Any, channels: int, factor: float) -> None:
    image = picture(1, 13, 11, channels, dtype)

    def mixed(*colours: float) -> list[float]:
        gray = luma(*colours)
        return [factor * each + (1 - factor) * gray for each in colours]

    require_close(applied(Saturation(0, 1), image, factor), by_loop(image, mixed))


@each_form
def test_grayscale_is_luma_in_all_channels(dtype: Any, channels: int) -> None:
    image = picture(2, 13, 11, channels, dtype)
    got = applied(Grayscale(1), image, 1)
    require_close(got, by_loop(image, lambda *colours: [luma(*colours)] * 3))
    by_opencv = cv2.cvtColor(np.ascontiguousarray(image[..., :3]), cv2.COLOR_BGR2GRAY)
    require_close(got[..., 0], by_opencv)


@each_form
@pytest.mark.parametrize(("red", "blue"), [(1.2, 0.8), (0.9, 1.0), (3.0, 0.0)])
def test_white_balance_multiplies_red_and_blue(
    dtype: Any, channels: int, red: float, blue: float
) -> None:
    image = picture(3, 13, 11, channels, dtype)
    got = applied(WhiteBalance(0, 1), image, red, blue)
    require_close(got, by_loop(image, lambda r, g, b: (red * r, g, blue * b)))


@each_form
@pytest.mark.parametrize(("number", "order"), list(enumerate(ORDERS)))
def test_a_shuffle_puts_the_named_channel_in_the_place_of_each(
    dtype: Any, channels: int, number: int, order: str
) -> None:
    image = picture(4, 13, 11, channels, dtype)
    expected = image.copy()
    for place, name in enumerate(order):
        expected[..., "BGR".index("RGB"[place])] = image[..., "BGR".index(name)]
    np.testing.assert_array_equal(applied(ChannelShuffle(1), image, number), expected)


@pytest.mark.parametrize("transform", COLOURS, ids=lambda each: each.name)
@pytest.mark.parametrize("channels", [1, 2])
def test_gray_has_no_colours_to_mix(transform: Any, channels: int) -> None:
    image = picture(5, 7, 4, channels)
    params = [value + 1 for value in transform.identity]
    np.testing.assert_array_equal(applied(transform, image, *params), image)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("turns", [-0.5, -0.2, 0.1, 1 / 3, 0.5])
def test_hue_turns_hues_and_keeps_the_brightest_and_the_darkest_colour(
    channels: int, turns: float
) -> None:
    image = picture(8, 13, 11, channels)
    got = applied(Hue(0, 1), image, turns)
    if channels == 4:
        np.testing.assert_array_equal(got[..., 3], image[..., 3])
    for row, column in np.ndindex(13, 11):
        before, after = (
            colorsys.rgb_to_hsv(*each[row, column, 2::-1] / 255) for each in (image, got)
        )
        assert after[2] == pytest.approx(before[2], abs=0.01)  # value
        chroma = [each[1] * each[2] for each in (before, after)]
        assert chroma[1] == pytest.approx(chroma[0], abs=0.02)
        if chroma[0] > 0.1:  # of grays, hue is not to be seen
            apart = (after[0] - before[0] - turns + 0.5) % 1 - 0.5
            assert abs(apart) * chroma[0] < 0.01


@pytest.mark.parametrize("turns", [-0.25, 0.125, 0.5])
def test_hue_is_close_to_pillows(turns: float) -> None:
    """As torchvision does it; both have hues in 1/256, rounded in other ways."""
    image = picture(9, 40, 40)
    bands = Image.fromarray(image[..., ::-1].copy()).convert("HSV").split()
    hue = (np.asarray(bands[0]).astype(int) + round(turns * 255)).astype(np.uint8)
    turned = Image.merge("HSV", (Image.fromarray(hue), *bands[1:])).convert("RGB")
    apart = np.abs(applied(Hue(0, 1), image, turns).astype(int) - np.asarray(turned)[..., ::-1])
    assert apart.max() <= 12
    assert (apart <= 3).mean() > 0.9


def test_saturation_is_within_two_levels_of_pillow() -> None:
    """Pillow rounds the luma first, and cuts the mix off."""
    image = picture(6, 40, 40)
    given = Image.fromarray(image[..., ::-1].copy())
    for factor in (0.0, 0.4, 1.3, 2.0):
        expected = np.asarray(ImageEnhance.Color(given).enhance(factor))[..., ::-1]
        got = applied(Saturation(0, 1), image, factor).astype(int)
        assert np.abs(got - expected).max() <= 2


@each_form
def test_mixes_together_are_their_product_rounded_once(dtype: Any, channels: int) -> None:
    image = picture(7, 13, 11, channels, dtype)
    red, blue, factor = 1.5, 0.7, 0.4

    def mixed(r: float, g: float, b: float) -> list[float]:
        shuffled = (blue * b, g, red * r)
        gray = luma(*shuffled)
        return [factor * each + (1 - factor) * gray for each in shuffled]

    steps = [
        (WhiteBalance(0, 1), (red, blue)),
        (ChannelShuffle(1), (5,)),
        (Saturation(0, 1), (factor,)),
    ]
    require_close(apply_steps(image, steps), by_loop(image, mixed))


def test_a_choice_is_made_with_its_probability_and_then_evenly() -> None:
    uniforms = (np.arange(1000) + 0.5)[np.newaxis] / 1000
    (drawn,) = ChannelShuffle(0.25).make_params(uniforms, Sizes(1, 1))
    assert np.bincount(np.asarray(drawn)).tolist() == [750, 50, 50, 50, 50, 50]
