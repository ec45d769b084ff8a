"""Laws of the matrices."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augtool.core.geometry import (
    IDENTITY,
    Affine,
    Size,
    WarpOptions,
    centred,
    compose,
    resize_matrix,
)
from augtool.core.transforms.rotation import Rotation
from augtool.core.transforms.shear import Shear
from augtool.core.transforms.shift import HeightShift, WidthShift
from augtool.core.transforms.zoom import Zoom

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
