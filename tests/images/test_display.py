from __future__ import annotations

import numpy as np

from augtool.images.display import checkered, shrink, to_display, white_level
from tests.pictures import picture


def test_eight_bit_colour_is_shown_as_it_is() -> None:
    assert np.array_equal(to_display(picture(), white=255), picture())


def test_gray_becomes_three_equal_channels() -> None:
    gray = picture(channels=1)
    assert np.array_equal(to_display(gray, white=255), np.dstack([gray] * 3))


def test_twelve_bits_in_sixteen_use_the_whole_range() -> None:
    deep = np.array([[0, 2048, 4095]], np.uint16)
    assert white_level(deep) == 4095
    assert to_display(deep, white=4095)[0, :, 0].tolist() == [0, 128, 255]


def test_full_sixteen_bits_are_divided_by_257() -> None:
    deep = np.array([[0, 257 * 100, 65535]], np.uint16)
    assert white_level(deep) == 65535
    assert to_display(deep, white=65535)[0, :, 0].tolist() == [0, 100, 255]


def test_a_brighter_copy_is_cut_at_the_white_of_its_original() -> None:
    assert to_display(np.array([[8000]], np.uint16), white=4095).max() == 255


def test_a_black_picture_of_sixteen_bits_is_black() -> None:
    black = np.zeros((2, 2), np.uint16)
    assert to_display(black, white=white_level(black)).max() == 0


def test_what_is_transparent_shows_the_checkerboard() -> None:
    image = picture(channels=4)
    image[..., 3] = 255
    image[4:, :, 3] = 0
    shown = to_display(image, white=255, square_px=4)
    assert np.array_equal(shown[:4], image[:4, :, :3])
    assert np.array_equal(shown[4:, :, 1], checkered(24, 31, 4)[4:])


def test_gray_with_half_alpha_is_laid_halfway() -> None:
    image = np.array([[[0, 128]]], np.uint8)
    assert to_display(image, white=255)[0, 0].tolist() == [127, 127, 127]


def test_shrink_never_enlarges_and_never_loses_a_side() -> None:
    assert shrink(picture(), 100).shape == (24, 31, 3)
    assert shrink(picture(height=2, width=1000), 10).shape == (1, 10, 3)
