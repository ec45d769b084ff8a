"""Filters against SciPy, Pillow and loops, at several strengths."""

from __future__ import annotations

from io import BytesIO
from itertools import product
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from scipy import ndimage

from augtool.core.transforms.downscale import Downscale
from augtool.core.transforms.gaussian_blur import GaussianBlur
from augtool.core.transforms.jpeg import Jpeg
from augtool.core.transforms.median import Median
from augtool.core.transforms.motion_blur import MotionBlur
from augtool.core.transforms.sharpness import Sharpness
from tests.core.test_transforms import applied
from tests.pictures import picture

each_form = pytest.mark.parametrize(
    ("dtype", "channels"), [*product((np.uint8, np.uint16), (1, 2, 3, 4))]
)


def planes(image: Any) -> list[Any]:
    """Return the channels as float64."""
    channels = image[..., np.newaxis] if image.ndim == 2 else image
    return [channels[..., place].astype(float) for place in range(channels.shape[2])]


@each_form
@pytest.mark.parametrize("sigma", [0.1, 0.4, 1.0, 3.3])
def test_gaussian_blur_is_that_of_scipy(dtype: Any, channels: int, sigma: float) -> None:
    image = picture(1, 29, 22, channels, dtype)
    radius = int(6 * sigma) // 2
    expected = [
        ndimage.gaussian_filter(plane, sigma, mode="mirror", radius=radius) if radius else plane
        for plane in planes(image)
    ]
    got = planes(applied(GaussianBlur(0, 1), image, sigma))
    # OpenCV's kernel has 8 bits after the point for 8 bits, and 16 for 16.
    assert np.abs(np.array(got) - expected).max() <= 1.5


def test_a_kernel_larger_than_the_picture_is_mirrored_again_and_again() -> None:
    image = picture(2, 3, 2)
    got = applied(GaussianBlur(0, 1), image, 5.0)
    expected = [
        ndimage.gaussian_filter(plane, 5.0, mode="mirror", radius=15) for plane in planes(image)
    ]
    assert np.abs(np.array(planes(got)) - expected).max() <= 2


@each_form
@pytest.mark.parametrize("params", [(0.6, 10.0), (3.0, 0.0), (5.5, 63.0), (9.0, 135.0)])
def test_motion_blur_is_the_mean_of_images_moved_along_the_path(
    dtype: Any, channels: int, params: tuple[float, float]
) -> None:
    length, angle = params
    image = picture(3, 29, 22, channels, dtype)
    steps = (np.arange(400) + 0.5) / 400 - 0.5
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    expected = [
        np.mean(
            [
                ndimage.shift(
                    plane, (step * length * sin, -step * length * cos), order=1, mode="mirror"
                )
                for step in steps
            ],
            axis=0,
        )
        for plane in planes(image)[:1]
    ]
    got = planes(applied(MotionBlur(0, 1), image, *params))[:1]
    top = np.iinfo(dtype).max
    # The path has 8 points a pixel here, 400 there, and the result is rounded.
    assert np.abs(np.array(got) - expected).max() <= 0.6 + top * 0.004


@each_form
def test_the_median_is_that_of_scipy(dtype: Any, channels: int) -> None:
    image = picture(4, 29, 22, channels, dtype)
    image[3:7, 3] = np.iinfo(dtype).max
    expected = [ndimage.median_filter(plane, 3, mode="nearest") for plane in planes(image)]
    np.testing.assert_array_equal(planes(applied(Median(0.5), image, 1)), expected)


@each_form
@pytest.mark.parametrize("factor", [0.0, 0.5, 1.7, 5.0])
def test_sharpness_moves_levels_away_from_the_smooth_image(
    dtype: Any, channels: int, factor: float
) -> None:
    image = picture(5, 29, 22, channels, dtype)
    kernel = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]])
    got, colours = planes(applied(Sharpness(0, 1), image, factor)), 3 if channels > 2 else 1
    for plane, made in zip(planes(image)[:colours], got):
        smooth = np.rint(ndimage.correlate(plane, kernel) / 13)
        expected = np.clip(np.floor(smooth + factor * (plane - smooth)), 0, np.iinfo(dtype).max)
        expected[[0, -1]], expected[:, [0, -1]] = plane[[0, -1]], plane[:, [0, -1]]
        # The factor is rounded to 1/65536, which counts where a result is almost whole.
        assert np.abs(made - expected).max() <= (1 if made.max() < 256 else 2)
        assert (made == expected).mean() > 0.7
    for plane, made in zip(planes(image)[colours:], got[colours:]):
        np.testing.assert_array_equal(made, plane)


def test_sharpness_is_within_a_level_of_pillow_in_large_images_too() -> None:
    image = picture(6, 170, 110)
    for factor in (0.0, 0.4, 1.3, 3.0):
        expected = np.asarray(ImageEnhance.Sharpness(Image.fromarray(image)).enhance(factor))
        assert np.abs(applied(Sharpness(0, 1), image, factor).astype(int) - expected).max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (9, 2)])
def test_all_pixels_of_a_tiny_picture_are_outermost_ones(size: tuple[int, int]) -> None:
    image = picture(7, *size)
    np.testing.assert_array_equal(applied(Sharpness(0, 1), image, 3.0), image)


def overlaps(full: int, reduced: int) -> Any:
    """Return which share each of `full` pixels has in each of `reduced`."""
    step = full / reduced
    shares = np.zeros((reduced, full))
    for small, pixel in np.ndindex(reduced, full):
        shares[small, pixel] = min(pixel + 1, (small + 1) * step) - max(pixel, small * step)
    return shares.clip(0) / step


@each_form
@pytest.mark.parametrize("factor", [0.01, 0.3, 0.5, 0.77])
def test_downscaling_is_means_in_large_pixels(dtype: Any, channels: int, factor: float) -> None:
    image = picture(8, 29, 22, channels, dtype)
    rows, columns = max(1, round(29 * factor)), max(1, round(22 * factor))
    # The pixel below the centre. Where two meet there, OpenCV may take either.
    down = [int((row + 0.5) * rows / 29) for row in range(29)]
    across = [int((column + 0.5) * columns / 22) for column in range(22)]
    clear = np.ix_(
        [row for row in range(29) if (2 * row + 1) * rows % 58],
        [column for column in range(22) if (2 * column + 1) * columns % 44],
    )
    for plane, made in zip(planes(image), planes(applied(Downscale(0, 1), image, factor))):
        small = overlaps(29, rows) @ plane @ overlaps(22, columns).T
        assert np.abs(made - small[np.ix_(down, across)])[clear].max() <= 0.51


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("quality", [5, 40, 90, 100])
def test_jpeg_is_close_to_what_pillow_makes(channels: int, quality: int) -> None:
    image = picture(10, 61, 47, channels)
    data = BytesIO()
    given = Image.fromarray(image[..., ::-1].copy() if channels == 3 else image)
    given.save(data, "JPEG", quality=quality, subsampling=2)
    expected = np.asarray(Image.open(data)).astype(int)
    got = applied(Jpeg(1, 9), image, quality)
    # Both call libjpeg, perhaps of two versions.
    assert np.abs(got - (expected[..., ::-1] if channels == 3 else expected)).mean() < 0.5


def test_a_third_axis_of_one_channel_stays() -> None:
    image = picture(3, 9, 8, 1)[..., np.newaxis]
    assert applied(GaussianBlur(0, 1), image, 1.0).shape == (9, 8, 1)
