"""The warp against a slow loop, and what padding and borders may not change."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augtool.core.geometry import (
    BORDERS,
    IDENTITY,
    INTERPOLATIONS,
    Affine,
    Size,
    Sizes,
    WarpOptions,
    centred,
    translation,
)
from augtool.core.transforms.rotation import Rotation
from augtool.core.transforms.shift import HeightShift, WidthShift
from augtool.core.warp import Warps, padded, unpadded
from tests.pictures import picture

DEFAULT = WarpOptions()


def warp(image: npt.NDArray[Any], matrix: Any, size: Size, options: WarpOptions) -> Any:
    channels = 1 if image.ndim == 2 else image.shape[2]
    warps = Warps.prepare(matrix, Sizes(*image.shape[:2]), Sizes(*size), 1)
    return unpadded(warps.pull(0, padded(image), options), channels)


def slow_warp(
    image: npt.NDArray[Any], matrix: Affine, size: Size, fill_mode: str, cval: float
) -> npt.NDArray[np.float64]:
    """Pull every pixel by bilinear interpolation, in Python."""
    height, width = image.shape[:2]

    def at(column: int, row: int) -> Any:
        if fill_mode == "constant" and not (0 <= column < width and 0 <= row < height):
            return np.full(image.shape[2:], cval)
        return image[wrap_index(row, height, fill_mode), wrap_index(column, width, fill_mode)]

    result = np.empty((*size, *image.shape[2:]))
    for row in range(size.height):
        for column in range(size.width):
            x = matrix[0] * column + matrix[1] * row + matrix[2]
            y = matrix[3] * column + matrix[4] * row + matrix[5]
            left, top = math.floor(x), math.floor(y)
            u, v = x - left, y - top
            upper = (1 - u) * at(left, top) + u * at(left + 1, top)
            lower = (1 - u) * at(left, top + 1) + u * at(left + 1, top + 1)
            result[row, column] = (1 - v) * upper + v * lower
    return result


def wrap_index(index: int, length: int, fill_mode: str) -> int:
    if fill_mode == "wrap":
        return index % length
    if fill_mode == "reflect":
        index %= 2 * length
        return min(index, 2 * length - 1 - index)
    return min(max(index, 0), length - 1)


@pytest.mark.parametrize("fill_mode", ["nearest", "reflect", "wrap", "constant"])
@pytest.mark.parametrize(("channels", "dtype"), [(1, np.uint8), (3, np.uint8), (4, np.uint16)])
def test_the_warp_equals_a_slow_loop(fill_mode: str, channels: int, dtype: Any) -> None:
    """7 x 4 is neither square nor even-sided: swapped axes and half-pixel slips can't hide."""
    image = picture(1, 7, 4, channels, dtype)
    size = Size(7, 4)
    parts = [Rotation(0, 1).matrix((30.0,)), translation(1.3, -2.2), (1.2, 0.1, 0, 0.3, 0.9, 0)]
    matrix = centred(parts, size)
    got = warp(image, matrix, size, WarpOptions(fill_mode, (37.0,)))
    expected = slow_warp(image, matrix, size, fill_mode, 37.0)
    # OpenCV 5's linear warp works in float32: one level of 255, and 65535 has 16 bits of its 24.
    tolerance = 1 if dtype == np.uint8 else 8
    assert got.dtype == dtype
    assert np.abs(got - expected).max() <= tolerance


def test_a_quarter_turn_of_a_square_equals_rot90() -> None:
    """Rotation > 0 turns counter-clockwise as seen, which is what np.rot90 does."""
    image = picture(0, 9, 9)
    matrix = centred([Rotation(0, 1).matrix((90.0,))], Size(9, 9))
    np.testing.assert_array_equal(warp(image, matrix, Size(9, 9), WarpOptions()), np.rot90(image))


def test_a_positive_shift_moves_right_and_down() -> None:
    image = picture(0, 7, 4)
    parts = [
        WidthShift(0, 1, "pixels").matrix((1.0,)),
        HeightShift(0, 1, "pixels").matrix((2.0,)),
    ]
    moved = warp(image, centred(parts, Size(7, 4)), Size(7, 4), WarpOptions())
    np.testing.assert_array_equal(moved[2:, 1:], image[:-2, :-1])


def test_a_mirror_equals_numpys() -> None:
    image = picture(0, 7, 4)
    matrix = centred([(-1.0, 0.0, 0.0, 0.0, 1.0, 0.0)], Size(7, 4))
    np.testing.assert_array_equal(warp(image, matrix, Size(7, 4), WarpOptions()), image[:, ::-1])


@pytest.mark.parametrize("order", INTERPOLATIONS)
def test_identity_returns_the_same_pixels(order: int) -> None:
    image = picture(0, 7, 4)
    warp_options = WarpOptions(interpolation_order=order)
    np.testing.assert_array_equal(warp(image, IDENTITY, Size(7, 4), warp_options), image)


@pytest.mark.parametrize("order", INTERPOLATIONS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_mirrors_are_what_the_warp_gives(order: int, dtype: Any) -> None:
    size, options = Size(41, 30), WarpOptions(interpolation_order=order)
    for channels in (1, 3, 4):
        image = picture(2, *size, channels, dtype)
        for x, y, axes in ((-1.0, 1.0, 1), (1.0, -1.0, 0), (-1.0, -1.0, (0, 1))):
            matrix = centred([(x, 0.0, 0.0, 0.0, y, 0.0)], size)
            made = warp(image, matrix, size, options)
            np.testing.assert_array_equal(made, direct(image, matrix, size, options))
            np.testing.assert_array_equal(made, np.flip(image, axes))


def test_a_mirror_that_is_moved_or_resized_is_warped() -> None:
    image, size = picture(2, 8, 8), Size(8, 8)
    mirror = centred([(-1.0, 0.0, 0.0, 0.0, 1.0, 0.0)], size)
    moved = (*mirror[:2], mirror[2] - 1, *mirror[3:])
    made = warp(image, moved, size, WarpOptions())
    np.testing.assert_array_equal(made[:, :-1], image[:, -2::-1])
    assert warp(image, mirror, Size(8, 6), WarpOptions()).shape == (8, 6, 3)


def direct(image: Any, matrix: Any, size: Size, options: WarpOptions) -> Any:
    """OpenCV's own warp, which makes up what is beyond the edge."""
    channels = 1 if image.ndim == 2 else image.shape[2]
    return cv2.warpAffine(
        image,
        np.reshape(np.array(matrix, float), (2, 3)),
        size[::-1],
        flags=INTERPOLATIONS[options.interpolation_order] | cv2.WARP_INVERSE_MAP,
        borderMode=BORDERS[options.fill_mode],
        borderValue=options.border_value(channels),
    )


TURNED = [Rotation(0, 1).matrix((33.0,)), (1.3, 0.1, 2.7, 0.2, 0.8, -3.1)]


@pytest.mark.parametrize("fill_mode", BORDERS)
@pytest.mark.parametrize("order", INTERPOLATIONS)
def test_the_fourth_channel_that_makes_it_fast_changes_no_pixel(fill_mode: str, order: int) -> None:
    image, size = picture(3, 61, 47), Size(61, 47)
    matrix = centred(TURNED, size)
    options = WarpOptions(fill_mode, (10.0, 20.0, 30.0), order)
    warps = Warps.prepare(matrix, Sizes(*size), Sizes(*size), 1)
    wide = warps.pull(0, padded(image), options)
    assert wide.shape == (61, 47, 4)
    np.testing.assert_array_equal(wide[..., :3], warps.pull(0, image, options))


@pytest.mark.parametrize("fill_mode", BORDERS)
@pytest.mark.parametrize("order", INTERPOLATIONS)
@pytest.mark.parametrize(("channels", "dtype"), [(1, np.uint8), (3, np.uint8), (3, np.uint16)])
def test_a_border_made_first_is_the_edge_that_opencv_makes_up(
    fill_mode: str, order: int, channels: int, dtype: Any
) -> None:
    """Positions are rounded after another sum: seldom by one level, of 65535 by some."""
    image, size = picture(3, 200, 150, channels, dtype), Size(180, 170)
    matrix = centred(TURNED, size)
    options = WarpOptions(fill_mode, (37.0,), order)
    got = warp(image, matrix, size, options).astype(int)
    difference = np.abs(got - direct(image, matrix, size, options))
    assert difference.max() <= (1 if dtype == np.uint8 else 40) or order == 0
    assert np.mean(difference > (0 if dtype == np.uint8 else 8)) < 1e-3


@given(
    st.integers(1, 12),
    st.integers(1, 12),
    st.tuples(*[st.floats(-3, 3)] * 2, st.floats(-60, 60), *[st.floats(-3, 3)] * 2)
    .map(lambda each: (*each, 0.0))
    .filter(lambda each: abs(each[0] * each[4] - each[1] * each[3]) > 0.05),
    st.sampled_from(list(BORDERS)),
)
@settings(max_examples=100)
def test_a_warp_of_any_matrix_equals_a_slow_loop(
    height: int, width: int, matrix: Affine, fill_mode: str
) -> None:
    """Also where the border would be so large that it does not pay."""
    image, size = picture(5, height, width), Size(6, 9)
    got = warp(image, matrix, size, WarpOptions(fill_mode, (37.0,)))
    expected = slow_warp(image, matrix, size, fill_mode, 37.0)
    assert np.abs(got - expected).max() <= 1


def test_a_border_that_would_take_much_memory_is_not_made() -> None:
    sources, frames = Sizes(5000, 5000), Sizes(5000, 5000)
    warps = Warps.prepare((1.0, 0.0, 400.0, 0.0, 1.0, 0.0), sources, frames, 1)
    assert warps.borders == [[0, 0, 0, 0]]


def test_a_border_that_is_much_larger_than_the_output_is_not_made() -> None:
    """Of a small crop it would cost more than the warp."""
    warps = Warps.prepare((2.0, 0.0, -5.0, 0.0, 2.0, 0.0), Sizes(900, 900), Sizes(99, 99), 1)
    assert warps.borders == [[0, 0, 0, 0]]


def test_each_of_many_warps_is_that_of_its_own_matrix_and_size() -> None:
    heights, widths = np.array([9.0, 12.0, 7.0]), np.array([8.0, 5.0, 7.0])
    pulls = (1.0, 0.0, np.array([0.0, 2.5, -1.5]), 0.0, 1.0, np.array([0.0, 0.0, 4.0]))
    warps = Warps.prepare(pulls, Sizes(heights, widths), Sizes(heights, widths), 3)
    for index in range(3):
        image = picture(index, int(heights[index]), int(widths[index]))
        size = Size(*image.shape[:2])
        alone = warp(image, (1.0, 0.0, pulls[2][index], 0.0, 1.0, pulls[5][index]), size, DEFAULT)
        together = unpadded(warps.pull(index, padded(image), DEFAULT), 3)
        np.testing.assert_array_equal(together, alone)
    assert warps.leave_unchanged == [True, False, False]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("fill_mode", BORDERS)
@pytest.mark.parametrize("order", INTERPOLATIONS)
def test_gray_with_alpha_is_warped_as_each_channel_alone(
    dtype: Any, fill_mode: str, order: int
) -> None:
    """OpenCV warps two channels less exactly than one, three or four."""
    rng = np.random.default_rng(5)
    image = rng.integers(0, np.iinfo(dtype).max, (37, 23, 2), dtype, endpoint=True)
    matrix = (0.93, -0.31, 4.3, 0.28, 1.07, -2.6)
    both = warp(image, matrix, Size(29, 31), WarpOptions(fill_mode, (7.0, 9.0), order))
    for channel, cval in enumerate((7.0, 9.0)):
        options = WarpOptions(fill_mode, (cval,), order)
        alone = warp(np.ascontiguousarray(image[..., channel]), matrix, Size(29, 31), options)
        np.testing.assert_array_equal(both[..., channel], alone)
