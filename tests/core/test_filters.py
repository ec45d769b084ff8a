"""Filters against SciPy, Pillow and loops, at several strengths."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from augtool.core.transforms.gaussian_blur import GaussianBlur
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


def test_a_third_axis_of_one_channel_stays() -> None:
    image = picture(3, 9, 8, 1)[..., np.newaxis]
    assert applied(GaussianBlur(0, 1), image, 1.0).shape == (9, 8, 1)
