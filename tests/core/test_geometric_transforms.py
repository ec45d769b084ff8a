"""Geometric transforms beyond Keras' against NumPy and SciPy, at several strengths."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from augtool.core.geometry import Size, WarpOptions
from augtool.core.pipeline import Pipeline
from augtool.core.resize import ResizeGeometries, ResizeGeometry
from augtool.core.transforms.rotate_90 import Rotate90
from augtool.core.transforms.scale import Scale
from augtool.core.transforms.shear import Shear, VerticalShear
from augtool.core.warp import padded, unpadded
from tests.pictures import picture

each_form = pytest.mark.parametrize(
    ("dtype", "channels"), [*product((np.uint8, np.uint16), (1, 2, 3, 4))]
)
PLAIN = WarpOptions("constant", (0.0,))


def warped(transform: Any, image: Any, param: float) -> Any:
    """Return an image put through one transform, beyond whose edge it is 0."""
    alone = ResizeGeometries.stack([ResizeGeometry.fit(Size(*image.shape[:2]))], [1])
    pipeline = Pipeline((transform,), (), PLAIN)
    params = dict(zip(transform.columns, (param,)))
    pulls = pipeline.points.pulls(params, alone)
    channels = 1 if image.ndim == 2 else image.shape[2]
    made = pipeline.place(params, pulls, alone).make(0, padded(image), channels)
    return unpadded(made, channels)


def by_scipy(image: Any, matrix: list[list[float]]) -> Any:
    """Return each channel pulled through a matrix in (y, x) about the centre."""
    planes = image.reshape(*image.shape[:2], -1).astype(float)
    centre = (np.array(image.shape[:2]) - 1) / 2
    offset = centre - np.array(matrix) @ centre
    made = [
        ndimage.affine_transform(planes[..., k], matrix, offset, order=1, mode="grid-constant")
        for k in range(planes.shape[2])
    ]
    return np.stack(made, axis=-1).reshape(image.shape)


def require_close(got: Any, expected: Any) -> None:
    """8 bits are weighed in float32 and rounded, 16 bits to within their own rounding."""
    assert np.abs(got - expected).max() <= (1 if got.itemsize == 1 else 3)


@each_form
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_quarter_turns_of_a_square_are_those_of_numpy(
    dtype: Any, channels: int, turns: int
) -> None:
    image = picture(1, 13, 13, channels, dtype)
    np.testing.assert_array_equal(warped(Rotate90(1), image, turns), np.rot90(image, turns))


@each_form
@pytest.mark.parametrize("factor", [0.5, 0.8, 1.3, 4.0])
def test_scaling_is_that_of_scipy(dtype: Any, channels: int, factor: float) -> None:
    image = picture(2, 17, 12, channels, dtype)
    expected = by_scipy(image, [[1 / factor, 0], [0, 1 / factor]])
    require_close(warped(Scale(0, 1), image, factor), expected)


@each_form
@pytest.mark.parametrize("angle", [-30.0, 7.0, 60.0])
def test_vertical_shear_is_that_of_scipy(dtype: Any, channels: int, angle: float) -> None:
    image = picture(3, 17, 12, channels, dtype)
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    require_close(warped(VerticalShear(0, 1), image, angle), by_scipy(image, [[1, -sin], [0, cos]]))


def test_vertical_shear_is_shear_of_the_transposed_image() -> None:
    image = picture(4, 17, 12, 1)
    across = warped(Shear(0, 1), np.ascontiguousarray(image.T), 20.0)
    down = warped(VerticalShear(0, 1), image, 20.0)
    assert np.abs(across.T.astype(int) - down).max() <= 1


def test_a_scale_above_one_shows_less() -> None:
    image = np.zeros((21, 21), np.uint8)
    image[8:13, 8:13] = 255
    assert (warped(Scale(0, 1), image, 2.0) > 127).sum() > 2 * (image > 127).sum()
