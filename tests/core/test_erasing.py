"""Boxes that are filled with cval."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augtool.core.geometry import Size, WarpOptions
from augtool.core.stages import apply_steps
from augtool.core.transforms.erasing import Erasing
from augtool.core.transforms.grid_dropout import GridDropout
from tests.drawing import params_at
from tests.pictures import picture

share = st.floats(0, 1)


@pytest.mark.parametrize(("dtype", "channels"), [*product((np.uint8, np.uint16), (1, 2, 3, 4))])
@pytest.mark.parametrize("params", [(0.1, 1.0, 0.5, 0.25), (0.3, 0.3, 0.0, 1.0), (1.0, 3.3, 0, 0)])
def test_the_box_is_that_of_a_loop_over_pixels(
    dtype: Any, channels: int, params: tuple[float, ...]
) -> None:
    image = picture(1, 20, 30, channels, dtype)
    cval = (7.0, 8.0, 300.0) if channels > 2 else (300.0,)
    area, shape, x, y = params
    height = min(20, round(math.sqrt(area * 600 * shape)))
    width = min(30, round(math.sqrt(area * 600 / shape)))
    expected = image.copy()
    for row, column in np.ndindex(20, 30):
        top, left = min(int(y * (21 - height)), 20 - height), min(int(x * (31 - width)), 30 - width)
        if top <= row < top + height and left <= column < left + width:
            for channel in range(3 if channels > 2 else 1):
                level = min(cval[channel], np.iinfo(dtype).max)
                if channels == 1:
                    expected[row, column] = level
                else:
                    expected[row, column, channel] = level
    got = apply_steps(image, [(Erasing(0, 1), params)], WarpOptions("constant", cval))
    np.testing.assert_array_equal(got, expected)
    assert not np.array_equal(got, image)


@given(share, share, share, share, st.integers(1, 50), st.integers(1, 50))
def test_a_box_lies_within_the_image(
    area: float, shape: float, x: float, y: float, height: int, width: int
) -> None:
    erasing, size = Erasing(0, 1), Size(height, width)
    ((rows, columns),) = erasing.boxes(params_at(erasing, (area, shape, x, y), size), size)
    assert 0 <= rows.start <= rows.stop <= height
    assert 0 <= columns.start <= columns.stop <= width


def test_shapes_are_even_on_a_logarithmic_scale() -> None:
    drawn = [params_at(Erasing(0.1, 0.1), (0, u, 0, 0), Size(9, 9))[1] for u in (0, 0.5, 1)]
    assert drawn == pytest.approx([0.3, math.sqrt(0.3 * 3.3), 3.3])


def test_the_share_of_the_area_is_what_was_drawn() -> None:
    ((rows, columns),) = Erasing(0, 1).boxes((0.25, 2.0, 0.3, 0.3), Size(400, 500))
    height, width = rows.stop - rows.start, columns.stop - columns.start
    assert height * width == pytest.approx(0.25 * 400 * 500, rel=0.01)
    assert height / width == pytest.approx(2, rel=0.01)


@given(
    share, st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True), st.integers(1, 64)
)
def test_the_grid_is_that_of_a_loop_over_pixels(
    part: float, x: float, y: float, height: int
) -> None:
    size = Size(height, 47)
    cell = max(min(size) // 10, 2)
    side = round(part * cell)
    erased = np.zeros(size, bool)
    for rows, columns in GridDropout(0, 1).boxes((part, x, y), size):
        assert rows.stop > rows.start
        assert columns.stop > columns.start
        erased[rows, columns] = True
    expected = [
        [
            (row - int(y * cell)) % cell < side and (column - int(x * cell)) % cell < side
            for column in range(size.width)
        ]
        for row in range(size.height)
    ]
    np.testing.assert_array_equal(erased, expected)


def test_boxes_of_a_grid_hide_the_square_of_their_share() -> None:
    image = np.full((400, 500, 3), 200, np.uint8)
    got = apply_steps(image, [(GridDropout(0, 1), (0.5, 0.3, 0.6))])
    assert (got == 0).mean() == pytest.approx(0.25, abs=0.01)
