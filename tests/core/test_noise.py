"""Noise against loops in Python and the distributions that it must have."""

from __future__ import annotations

from itertools import product
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from scipy import stats

from augtool.core.noise import _quantiles, add_gaussian, add_salt_and_pepper, splitmix64
from augtool.core.transforms.gaussian_noise import GaussianNoise
from augtool.core.transforms.salt_pepper import SaltPepper
from tests.core.test_transforms import applied
from tests.pictures import picture

MASK = 2**64 - 1
each_form = pytest.mark.parametrize(
    ("dtype", "channels"), [*product((np.uint8, np.uint16), (1, 2, 3, 4))]
)


def words_by_loop(key: int, count: int) -> list[int]:
    """Return SplitMix64's words with Python's own integers."""
    state, words = key, []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        word = state
        word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & MASK
        words.append(word ^ (word >> 31))
    return words


def halves(key: int, count: int, bits: int) -> list[int]:
    """Return numbers of `bits` bits, the low ones of a word first."""
    per_word = 64 // bits
    words = words_by_loop(key, -(-count // per_word))
    parts = [word >> bits * part & 2**bits - 1 for word in words for part in range(per_word)]
    return parts[:count]


@pytest.mark.parametrize("key", [0, 1, 2**53])
def test_the_stream_is_splitmix64s(key: int) -> None:
    assert splitmix64(key, 0, 9).tolist() == words_by_loop(key, 9)
    assert splitmix64(key, 5, 4).tolist() == words_by_loop(key, 9)[5:]


def test_the_table_is_the_normal_distribution_to_the_last_bit() -> None:
    """Of arithmetic that is the same everywhere; the standard library's logarithm need not be."""
    inverse = NormalDist().inv_cdf
    expected = [round(inverse((cell + 0.5) / 65536) * 4096) for cell in range(65536)]
    assert _quantiles().tobytes() == np.array(expected, np.int16).tobytes()


@each_form
@pytest.mark.parametrize("sigma", [0.5, 8.3, 200.0])
def test_gaussian_noise_is_that_of_a_loop(dtype: Any, channels: int, sigma: float) -> None:
    image = picture(1, 13, 11, channels, dtype)
    got = applied(GaussianNoise(0, 1), image, sigma, 12345)
    top = int(np.iinfo(dtype).max)
    colours = image[..., : 3 if channels > 2 else 1] if channels > 1 else image
    expected = []
    for level, cell in zip(colours.ravel().tolist(), halves(12345, colours.size, 16)):
        normal = NormalDist().inv_cdf((cell + 0.5) / 65536)
        expected.append(min(max(level + normal * sigma * (top // 255), 0), top))
    made = got[..., : 3 if channels > 2 else 1] if channels > 1 else got
    # Quantiles and sigma are rounded to 1/4096, the sum to a level.
    tolerance = 0.51 + sigma * (top // 255) / 4000
    assert np.abs(made.ravel() - np.array(expected)).max() <= tolerance
    if channels in (2, 4):
        np.testing.assert_array_equal(got[..., -1], image[..., -1])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_gaussian_noise_is_normal_and_not_correlated(dtype: Any) -> None:
    scale = int(np.iinfo(dtype).max) // 255
    image = np.full((300, 200, 3), 128 * scale, dtype)
    noise = (add_gaussian(image, 12, 77).astype(int) - 128 * scale) / scale
    smooth = noise + np.random.default_rng(0).uniform(-0.5, 0.5, noise.shape) * (scale == 1)
    assert stats.kstest(smooth.ravel() / 12, "norm").pvalue > 0.001
    for shift in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
        moved = np.roll(noise, shift, axis=(0, 1, 2))
        assert abs(np.corrcoef(noise.ravel(), moved.ravel())[0, 1]) < 4 / np.sqrt(noise.size)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_large_images_get_the_stream_of_small_ones(channels: int) -> None:
    """Blocks and tables are not to be seen."""
    image = picture(2, 400, 301, channels)
    for function, strength in ((add_gaussian, 30.0), (add_salt_and_pepper, 0.3)):
        whole = function(image, strength, 5)
        np.testing.assert_array_equal(function(image[:50], strength, 5), whole[:50])


@each_form
@pytest.mark.parametrize("share", [0.02, 0.5, 1.0])
def test_salt_and_pepper_are_those_of_a_loop(dtype: Any, channels: int, share: float) -> None:
    image = picture(3, 13, 11, channels, dtype)
    expected = image.copy()
    drawn = halves(99, 13 * 11, 32)
    for (row, column), number in zip(np.ndindex(13, 11), drawn):
        kept = expected[row, column, -1] if channels in (2, 4) else None
        if number < share * 2**32:
            expected[row, column] = np.iinfo(dtype).max if number >= share * 2**31 else 0
        if kept is not None:
            expected[row, column, -1] = kept
    np.testing.assert_array_equal(applied(SaltPepper(0, 1), image, share, 99), expected)


def test_as_many_pixels_are_salted_as_peppered() -> None:
    image = np.full((300, 301, 3), 128, np.uint8)
    noisy = add_salt_and_pepper(image, 0.2, 2**40 + 3)
    for level in (0, 255):
        count = int((noisy == level).all(axis=2).sum())
        assert stats.binomtest(count, 300 * 301, 0.1).pvalue > 0.001


def test_keys_are_whole_numbers_of_53_bits() -> None:
    columns = GaussianNoise(0, 10).make_params(np.array([[0.5, 0.5], [0.0, 1 - 2.0**-53]]), None)  # type: ignore[arg-type]
    assert np.asarray(columns[1]).tolist() == [0, 2**53 - 1]
