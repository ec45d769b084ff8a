"""Statistics are exact, in any order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from augtool.core import channel_stats
from augtool.core.warp import padded
from tests.pictures import picture


def channels_of(image: Any) -> int:
    return 1 if image.ndim == 2 else int(image.shape[2])


def total(images: list[Any]) -> channel_stats.Sums:
    sums: channel_stats.Sums = {}
    for image in images:
        channel_stats.add(sums, channel_stats.sums_of(image, channels_of(image)))
    return sums


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_mean_and_std_are_numpys(channels: int, dtype: Any) -> None:
    images = [picture(seed, 7 + seed, 4, channels, dtype) for seed in range(5)]
    colours = 3 if channels >= 3 else 1
    pixels = np.concatenate([image.reshape(-1, channels)[:, :colours] for image in images])
    described = channel_stats.describe(total(images))
    order = slice(None, None, -1)  # OpenCV's B, G, R; described as R, G, B
    np.testing.assert_allclose(described["mean"], pixels.mean(axis=0)[order], rtol=1e-12)
    np.testing.assert_allclose(described["std"], pixels.std(axis=0)[order], rtol=1e-9)


def test_a_batch_of_pictures_of_any_kind_has_the_sums_of_each() -> None:
    kinds: list[Any] = [(3, np.uint8), (1, np.uint8), (3, np.uint16), (4, np.uint8)]
    small = [picture(seed, 9, 8, *kind) for kind in kinds for seed in range(3)]
    images = [*small, picture(0, 300, 200), *small[::-1], *[picture(5, 60, 60)] * 200]
    batch = channel_stats.Batch()
    for image in images:
        batch.add(padded(image), channels_of(image))
    assert batch.sums() == total(images)
    assert batch.sums() == total(images)


@pytest.mark.parametrize("levels", [(0, 255), (254, 255), (0, 1), (7, 7)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sums_of_large_images_are_exact(levels: tuple[int, int], channels: int) -> None:
    """They come from means and deviations, which are rounded to whole numbers again."""
    low, high = levels
    rng = np.random.default_rng(channels)
    image = rng.integers(low, high, (2003, 1999, channels), np.uint8, endpoint=True)
    (numbers,) = channel_stats.sums_of(image.squeeze(), channels).values()
    colours = image[..., : 3 if channels > 2 else 1].astype(np.uint64).reshape(2003 * 1999, -1)
    expected = [[int(each.sum()), int(each @ each)] for each in colours.T[::-1]]
    assert numbers == [2003 * 1999, *(number for pair in expected for number in pair)]


def test_order_and_grouping_do_not_change_a_digit() -> None:
    images = [picture(seed) for seed in range(7)]
    one = channel_stats.describe(total(images))
    halves = total(images[4:][::-1])
    channel_stats.add(halves, total(images[:4]))
    assert channel_stats.describe(halves) == one


def test_gray_counts_as_equal_channels_and_16_bits_are_scaled_among_others() -> None:
    gray = np.full((2, 2), 257 * 10, np.uint16)
    colour = np.zeros((2, 2, 3), np.uint8)
    colour[..., 2] = 20  # red
    assert channel_stats.describe(total([gray, colour]))["mean"] == [15.0, 5.0, 5.0]


def test_no_pictures_have_no_statistics() -> None:
    assert channel_stats.describe({}) == {}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_array_has_the_sums_of_its_pictures(dtype: Any) -> None:
    images = [picture(seed, 7, 4, 3, dtype) for seed in range(5)]
    in_rgb = np.stack(images)[..., ::-1]
    assert channel_stats.sums_of_array(in_rgb) == total(images)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_every_channel_of_an_array_counts(channels: int) -> None:
    block = np.random.default_rng(channels).integers(0, 256, (5, 7, 4, channels), np.uint8)
    described = channel_stats.describe(channel_stats.sums_of_array(block))
    np.testing.assert_allclose(described["mean"], block.mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(described["std"], block.std(axis=(0, 1, 2)), rtol=1e-9)
