"""Drawing and applying recipes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from augtool.core.geometry import IDENTITY, Size, WarpOptions
from augtool.core.pipeline import GEOMETRY_COLUMNS, Pipeline, Subject
from augtool.core.resize import ResizeGeometries, ResizeGeometry
from augtool.core.transforms import ALWAYS_LISTED, TRANSFORMS
from augtool.core.warp import padded
from tests.core.test_transforms import ON
from tests.drawing import one_copy
from tests.pictures import picture

FULL = Pipeline.parse(ON, WarpOptions())
ID = "cat/1.png"
GEOMETRY = ResizeGeometry.fit(Size(20, 30))


@pytest.mark.parametrize("kind", TRANSFORMS, ids=lambda kind: kind.name)
def test_a_transform_alone_fills_its_own_columns_and_the_geometry_is_at_rest(kind: Any) -> None:
    """A manifest always has the geometry, and the level changes that are on."""
    pipeline = Pipeline.parse({kind.name: ON[kind.name]}, WarpOptions())
    is_listed = kind in ALWAYS_LISTED
    assert pipeline.photometric_columns == (() if is_listed else tuple(sorted(kind.columns)))
    params = one_copy(pipeline, ID, 0, GEOMETRY).params(0)
    assert set(params) == {*GEOMETRY_COLUMNS, *kind.columns}
    assert is_listed == (set(kind.columns) <= set(GEOMETRY_COLUMNS))
    others = [each for each in ALWAYS_LISTED if each is not kind]
    rest = {name: at for each in others for name, at in zip(each.columns, each.identity)}
    assert {name: params[name] for name in rest} == rest


@pytest.mark.parametrize("name", ON)
def test_taking_a_transform_out_leaves_the_other_draws(name: str) -> None:
    rest = Pipeline.parse({key: value for key, value in ON.items() if key != name}, WarpOptions())
    full, less = (one_copy(each, ID, 3, GEOMETRY).params(3) for each in (FULL, rest))
    changed = {column for column in full if less.get(column) != full[column]}
    own = {
        column
        for transform in (*FULL.geometric, *FULL.photometric)
        if transform.name == name
        for column in transform.columns
    }
    assert changed <= own


def test_no_transforms_return_the_same_pixels() -> None:
    image, geometry = picture(), ResizeGeometry.fit(Size(24, 31))
    copies = one_copy(Pipeline(), ID, 0, geometry)
    assert copies.matrices[0] == IDENTITY
    np.testing.assert_array_equal(copies.make(0, image, 3), image)


def test_level_changes_follow_the_warp_in_keras_order() -> None:
    """Channel shift first, then brightness: (v + c) · f, not v · f + c."""
    pipeline = Pipeline.parse(
        {"channel_shift_range": [10, 10], "brightness_range": [0.5, 0.5]}, WarpOptions()
    )
    image = np.array([[[20, 20, 20], [200, 200, 200]]], np.uint8)
    copies = one_copy(pipeline, ID, 0, ResizeGeometry.fit(Size(1, 2)))
    params = copies.params(0)
    assert (params["channel_shift"], params["brightness"]) == (10, 0.5)
    made = copies.make(0, padded(image), 3)
    assert made.shape == image.shape
    assert made[0, 0, 0] == (20 + 10) // 2


def test_a_matrix_from_text_gives_the_same_picture() -> None:
    """What replay relies on: repr and back is exact, and the warp depends on the matrix alone."""
    image = padded(picture(0, 300, 200))
    for geometry in (
        ResizeGeometry.fit(Size(300, 200)),
        ResizeGeometry.fit(Size(300, 200), Size(40, 50), crop=True),
    ):
        copies = one_copy(FULL, ID, 1, geometry)
        prepared = geometry.prepare(image, reduction=copies.reductions[1])
        alone = ResizeGeometries.stack([geometry], [1])
        params, matrix = copies.params(1), copies.matrices[1]
        read = tuple(float(repr(each)) for each in matrix)
        again = FULL.place(params, read, alone)  # type: ignore[arg-type]
        assert again.rows[0] == copies.rows[1]
        np.testing.assert_array_equal(again.make(0, prepared, 3), copies.make(1, prepared, 3))
        from_params = FULL.points.pulls(params, alone)
        assert tuple(map(float, from_params)) == matrix


def test_a_copy_is_drawn_alone_as_among_others() -> None:
    """Sizes, samples and numbers may be mixed: one copy is the n = 1 case of the same code."""
    sizes = [Size(20, 30), Size(31, 17), Size(20, 30)]
    subjects = [
        Subject(f"cat/{number}.png", ResizeGeometry.fit(size), 1 + number)
        for number, size in enumerate(sizes)
    ]
    together = FULL.draw(7, subjects)
    alone = [row for subject in subjects for row in FULL.draw(7, [subject]).rows]
    assert together.rows == alone


def test_rows_hold_plain_numbers_and_no_negative_zero() -> None:
    for row in one_copy(FULL, ID, 200, GEOMETRY).rows:
        assert all(type(each) in (int, float) for each in row)
        assert "-0.0" not in map(repr, row)
