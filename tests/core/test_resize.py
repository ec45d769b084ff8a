"""Resize, crop and reduction around one warp."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augtool.core.geometry import IDENTITY, Size, WarpOptions
from augtool.core.resize import Reduction, ResizeGeometries, ResizeGeometry
from augtool.core.warp import padded, unpadded
from tests.pictures import picture

sides = st.integers(1, 400)


def pull(geometry: ResizeGeometry) -> Any:
    alone = ResizeGeometries.stack([geometry], [1])
    return alone.pulls(IDENTITY, alone.whole)


def resized(geometry: ResizeGeometry, image: Any) -> Any:
    channels = 1 if image.ndim == 2 else image.shape[2]
    prepared = geometry.prepare(padded(image))
    return unpadded(geometry.resizing_warp().pull(0, prepared, WarpOptions()), channels)


def test_without_resize_nothing_is_mapped() -> None:
    geometry = ResizeGeometry.fit(Size(7, 4))
    assert geometry.frame == (7, 4)
    assert pull(geometry) == IDENTITY


@given(sides, sides, sides, sides, st.booleans())
def test_the_region_lies_within_the_source(a: int, b: int, c: int, d: int, crop: bool) -> None:
    geometry = ResizeGeometry.fit(Size(a, b), Size(c, d), crop=crop)
    assert 0 <= geometry.left <= b - geometry.region.width
    assert 0 <= geometry.top <= a - geometry.region.height
    assert geometry.region.height >= 1
    assert geometry.region.width >= 1


@given(sides, sides, sides, sides)
def test_after_reduction_less_than_twice_the_frame_is_left(a: int, b: int, c: int, d: int) -> None:
    geometry = ResizeGeometry.fit(Size(a, b), Size(c, d))
    assert a / geometry.reduction.y < 2 * c + 2 * c / a or geometry.reduction.y * 2 * c > a
    assert b / geometry.reduction.x < 2 * d or geometry.reduction.x * 2 * d > b
    assert geometry.reduction.y == 1 or a >= geometry.reduction.y * c


def test_a_crop_keeps_the_aspect_ratio_and_the_centre() -> None:
    geometry = ResizeGeometry.fit(Size(100, 200), Size(50, 50), crop=True)
    assert (geometry.left, geometry.top, geometry.region) == (50, 0, (100, 100))


def test_growing_equals_a_linear_resize() -> None:
    image = picture(0, 20, 30)
    geometry = ResizeGeometry.fit(Size(20, 30), Size(33, 47))
    got = resized(geometry, image)
    expected = cv2.resize(image, (47, 33), interpolation=cv2.INTER_LINEAR_EXACT)
    # The exact resize works in fixed point of 16 bits: one level.
    assert np.abs(got.astype(int) - expected).max() <= 1


def test_shrinking_by_a_power_of_two_averages_blocks() -> None:
    image = picture(0, 64, 96)
    geometry = ResizeGeometry.fit(Size(64, 96), Size(16, 24))
    got = resized(geometry, image)
    blocks = image.reshape(16, 4, 24, 4, 3).mean(axis=(1, 3))
    assert np.abs(got - blocks).max() <= 0.5 + 1e-9


@pytest.mark.parametrize("axis", [0, 1], ids=["y", "x"])
@pytest.mark.parametrize("size", [Size(65, 97), Size(67, 99)])
def test_a_block_that_is_not_whole_moves_nothing(size: Size, axis: int) -> None:
    """A picture whose level is twice its y, or its x: after reduction each point still has it."""
    image = (2 * np.indices(size)[axis]).astype(np.uint8)
    frame = Size(16, 24)
    geometry = ResizeGeometry.fit(size, frame)
    got = resized(geometry, image)
    middle = got[:, 12] if axis == 0 else got[8]
    expected = 2 * ((np.arange(frame[axis]) + 0.5) * size[axis] / frame[axis] - 0.5)
    # Rounded twice (blocks, warp); the last block repeats the edge.
    assert np.abs(middle[:-1] - expected[:-1]).max() <= 1.01


def test_the_manifests_matrix_maps_to_the_source_whatever_is_reduced() -> None:
    geometry = ResizeGeometry.fit(Size(400, 800), Size(50, 50), crop=True)
    matrix = pull(geometry)
    centre = (matrix[0] * 24.5 + matrix[2], matrix[4] * 24.5 + matrix[5])
    assert centre == pytest.approx((399.5, 199.5))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [(), (1,), (3,), (4,)])
@pytest.mark.parametrize("by", [Reduction(2, 1), Reduction(1, 2)])
def test_halving_one_side_gives_the_levels_of_opencv(
    dtype: Any, channels: tuple[int, ...], by: Reduction
) -> None:
    size, rng = Size(46, 50), np.random.default_rng(7)
    image = rng.integers(0, np.iinfo(dtype).max, (*size, *channels), dtype, endpoint=True)
    halved = ResizeGeometry.fit(size).prepare(image, reduction=by)
    dsize = (size.width // by.x, size.height // by.y)
    expected = cv2.resize(image, dsize, interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(halved, expected.reshape(halved.shape))
