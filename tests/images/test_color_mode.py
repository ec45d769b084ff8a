"""Colour modes, against Pillow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from augtool.core.warp import padded
from augtool.errors import InputError
from augtool.images.color_mode import convert
from tests.pictures import picture

PILLOWS = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}


def swapped(image: Any) -> Any:
    """Return an image with red and blue swapped, which leads to Pillow's order and back."""
    channels = 1 if image.ndim == 2 else image.shape[2]
    return image if channels < 3 else image[..., [2, 1, 0, 3][:channels]]


def opaque(image: Any) -> Any:
    image[..., -1] = np.iinfo(image.dtype).max
    return image


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("channels", PILLOWS)
def test_the_levels_are_pillows(channels: int, mode: str) -> None:
    image = np.random.default_rng(channels).integers(0, 256, (300, 900, channels), np.uint8)
    image = image[..., 0] if channels == 1 else image
    image = opaque(image) if channels in (2, 4) and mode != "rgba" else image
    made = convert(image, channels, mode)
    pillow = Image.fromarray(swapped(image), PILLOWS[channels]).convert(MODES[mode])
    np.testing.assert_array_equal(swapped(made), np.asarray(pillow))
    assert made.flags.c_contiguous


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("channels", PILLOWS)
def test_16_bits_keep_their_depth(channels: int, mode: str) -> None:
    """8-bit levels times 257 become what the 8-bit levels become, times 257, but for rounding."""
    image = picture(3, channels=channels)
    image = opaque(image) if channels in (2, 4) else image
    made = convert(image.astype(np.uint16) * 257, channels, mode)
    assert made.dtype == np.uint16
    assert np.abs(made.astype(int) - 257 * convert(image, channels, mode).astype(int)).max() <= 129


@pytest.mark.parametrize(
    ("channels", "mode"), [(1, "grayscale"), (3, "rgb"), (4, "rgba"), (2, "keep"), (4, "keep")]
)
def test_nothing_to_do_returns_the_same_array(channels: int, mode: str) -> None:
    image = picture(channels=channels)
    assert convert(image, channels, mode) is image


@pytest.mark.parametrize("mode", ["rgb", "grayscale"])
@pytest.mark.parametrize("channels", [2, 4])
def test_transparent_pixels_are_not_dropped(channels: int, mode: str) -> None:
    image = opaque(picture(channels=channels))
    image[3, 4, -1] = 254
    with pytest.raises(InputError, match=f"{mode} has no alpha channel; pass --flatten white"):
        convert(image, channels, mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("channels", [2, 3])
def test_padding_does_not_count(channels: int, mode: str) -> None:
    image = picture(4, channels=channels)
    image = opaque(image) if channels == 2 else image
    wide = padded(image)
    made = convert(wide, channels, mode)
    expected = wide if mode == "rgb" and channels == 3 else convert(image, channels, mode)
    np.testing.assert_array_equal(made, expected)
