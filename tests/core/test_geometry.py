"""Laws of the matrices, and the warp against a slow loop."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augtool.core.geometry import (
    BORDERS,
    IDENTITY,
    INTERPOLATIONS,
    Affine,
    Size,
    WarpOptions,
    centred,
    compose,
    resize_matrix,
    translation,
    warp,
)
from augtool.core.transforms.rotation import Rotation
from augtool.core.transforms.shear import Shear
from augtool.core.transforms.shift import HeightShift, WidthShift
from augtool.core.transforms.zoom import Zoom
from tests.pictures import picture

angles = st.floats(-89, 89)
factors = st.floats(0.2, 5)
matrices = st.tuples(*[st.floats(-10, 10)] * 6)


def as_array(matrix: Affine) -> npt.NDArray[np.float64]:
    return np.vstack([np.reshape(matrix, (2, 3)), [0, 0, 1]])


@given(matrices, matrices)
def test_compose_is_the_matrix_product(outer: Affine, inner: Affine) -> None:
    product = as_array(outer) @ as_array(inner)
    # Six sums of three products each: a few ulps of numbers up to 200.
    np.testing.assert_allclose(as_array(compose(outer, inner)), product, rtol=0, atol=1e-12)


def test_centred_identity_is_exactly_the_identity() -> None:
    assert centred([IDENTITY, IDENTITY], Size(7, 4)) == IDENTITY


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_a_mirror_is_exact_and_an_involution(height: int, width: int) -> None:
    mirror = centred([(-1.0, 0.0, 0.0, 0.0, -1.0, 0.0)], Size(height, width))
    assert mirror == (-1.0, 0.0, width - 1.0, 0.0, -1.0, height - 1.0)
    assert compose(mirror, mirror) == IDENTITY


@given(angles, angles, factors, factors)
def test_the_determinant_is_that_of_shear_and_zoom(
    rotation: float, shear: float, zoom_x: float, zoom_y: float
) -> None:
    """det R = 1, det S = cos s, det Z = zoom_x · zoom_y."""
    parts = [
        Rotation(0, 1).matrix((rotation,)),
        Shear(0, 1).matrix((shear,)),
        Zoom(0, 1).matrix((zoom_x, zoom_y)),
    ]
    matrix = as_array(centred(parts, Size(7, 4)))
    expected = math.cos(math.radians(shear)) * zoom_x * zoom_y
    assert np.linalg.det(matrix) == pytest.approx(expected, rel=1e-9)


@given(angles)
def test_turning_back_undoes_a_turn(angle: float) -> None:
    there = centred([Rotation(0, 1).matrix((angle,))], Size(7, 4))
    back = centred([Rotation(0, 1).matrix((-angle,))], Size(7, 4))
    np.testing.assert_allclose(compose(there, back), IDENTITY, atol=1e-12)


def test_the_formula_of_the_design_to_the_letter() -> None:
    """pull = C · R · T · S · Z · C⁻¹ · F, multiplied out by NumPy."""
    size, rotation, shear = Size(7, 4), 20.0, 11.0
    shift_x, shift_y, zoom_x, zoom_y = 1.5, -2.5, 1.25, 0.75
    r, s = math.radians(rotation), math.radians(shear)
    x, y = (size.width - 1) / 2, (size.height - 1) / 2
    to_centre = np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])
    turn = np.array([[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]])
    shift = np.array([[1, 0, -shift_x], [0, 1, -shift_y], [0, 0, 1]])
    slant = np.array([[1, -math.sin(s), 0], [0, math.cos(s), 0], [0, 0, 1]])
    zoom = np.diag([zoom_x, zoom_y, 1])
    flip = np.array([[-1, 0, size.width - 1], [0, 1, 0], [0, 0, 1]])
    expected = to_centre @ turn @ shift @ slant @ zoom @ np.linalg.inv(to_centre) @ flip
    parts = [
        Rotation(0, 1).matrix((rotation,)),
        WidthShift(0, 1, "pixels").matrix((shift_x,)),
        HeightShift(0, 1, "pixels").matrix((shift_y,)),
        Shear(0, 1).matrix((shear,)),
        Zoom(0, 1).matrix((zoom_x, zoom_y)),
        (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    ]
    np.testing.assert_allclose(as_array(centred(parts, size)), expected, atol=1e-12)


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


@pytest.mark.parametrize("fill_mode", ["nearest", "reflect", "wrap", "constant"])
@pytest.mark.parametrize("order", INTERPOLATIONS)
def test_the_fourth_channel_that_makes_it_fast_changes_no_pixel(fill_mode: str, order: int) -> None:
    image, size = picture(3, 61, 47), Size(61, 47)
    matrix = centred([Rotation(0, 1).matrix((33.0,)), (1.3, 0.1, 2.7, 0.2, 0.8, -3.1)], size)
    warp_options = WarpOptions(fill_mode, (10.0, 20.0, 30.0), order)
    direct = cv2.warpAffine(
        image,
        np.reshape(matrix, (2, 3)),
        (47, 61),
        flags=INTERPOLATIONS[order] | cv2.WARP_INVERSE_MAP,
        borderMode=BORDERS[fill_mode],
        borderValue=(10, 20, 30),
    )
    np.testing.assert_array_equal(warp(image, matrix, size, warp_options), direct)
    padded = warp(image, matrix, size, warp_options, may_pad=True)
    assert padded.shape == (61, 47, 4)
    np.testing.assert_array_equal(padded[..., :3], direct)


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


def test_one_channel_keeps_its_axis() -> None:
    image = picture(0, 7, 4, 1)[..., np.newaxis]
    shifted = warp(image, translation(1, 0), Size(7, 4), WarpOptions())
    assert shifted.shape == (7, 4, 1)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 300), st.integers(1, 300))
def test_resizing_maps_edges_on_edges(a: int, b: int, c: int, d: int) -> None:
    matrix = resize_matrix(Size(a, b), Size(c, d))
    left = matrix[0] * -0.5 + matrix[2]
    right = matrix[0] * (d - 0.5) + matrix[2]
    bottom = matrix[4] * (c - 0.5) + matrix[5]
    assert (left, right, bottom) == pytest.approx((-0.5, b - 0.5, a - 0.5))


def test_cval_fits_the_channels() -> None:
    assert WarpOptions(cval=(7.0,)).border_value(3) == (7.0, 7.0, 7.0)
    assert WarpOptions(cval=(1.0, 2.0, 3.0)).border_value(4) == (1.0, 2.0, 3.0, 0.0)
    with pytest.raises(ValueError, match="cval has 3 numbers, the image has 1 channels"):
        WarpOptions(cval=(1.0, 2.0, 3.0)).border_value(1)
