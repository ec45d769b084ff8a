"""Drawing and applying recipes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from augtool.core.geometry import IDENTITY, Size, WarpOptions
from augtool.core.pipeline import GEOMETRY_COLUMNS, Pipeline
from augtool.core.resize import ResizeGeometry
from augtool.core.rng import sample_key
from augtool.core.transforms import GEOMETRIC, TRANSFORMS
from tests.core.test_transforms import ON
from tests.pictures import picture

FULL = Pipeline.parse(ON, WarpOptions())
KEY = sample_key(0, "cat/1.png")


@pytest.mark.parametrize("kind", TRANSFORMS, ids=lambda kind: kind.name)
def test_a_transform_alone_fills_its_own_columns_and_the_geometry_is_at_rest(kind: Any) -> None:
    """A manifest always has the geometry, and the level changes that are on."""
    pipeline = Pipeline.parse({kind.name: ON[kind.name]}, WarpOptions())
    is_geometric = kind in GEOMETRIC
    assert pipeline.photometric_columns == (() if is_geometric else tuple(sorted(kind.columns)))
    params = pipeline.make_params(KEY, 0, Size(20, 30)).params
    assert set(params) == {*GEOMETRY_COLUMNS, *kind.columns}
    assert is_geometric == (set(kind.columns) <= set(GEOMETRY_COLUMNS))
    others = [each for each in GEOMETRIC if each is not kind]
    rest = {name: at for each in others for name, at in zip(each.columns, each.identity)}
    assert {name: params[name] for name in rest} == rest


@pytest.mark.parametrize("name", ON)
def test_taking_a_transform_out_leaves_the_other_draws(name: str) -> None:
    rest = Pipeline.parse({key: value for key, value in ON.items() if key != name}, WarpOptions())
    full, less = (
        FULL.make_params(KEY, 3, Size(20, 30)).params,
        rest.make_params(KEY, 3, Size(20, 30)).params,
    )
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
    pipeline = Pipeline()
    params, matrix = pipeline.make_params(KEY, 0, geometry.frame)
    assert matrix == IDENTITY
    np.testing.assert_array_equal(pipeline.apply(image, geometry, matrix, params), image)


def test_level_changes_follow_the_warp_in_keras_order() -> None:
    """Channel shift first, then brightness: (v + c) · f, not v · f + c."""
    pipeline = Pipeline.parse(
        {"channel_shift_range": [10, 10], "brightness_range": [0.5, 0.5]}, WarpOptions()
    )
    image = np.array([[[20, 20, 20], [200, 200, 200]]], np.uint8)
    geometry = ResizeGeometry.fit(Size(1, 2))
    params = pipeline.make_params(KEY, 0, geometry.frame).params
    assert (params["channel_shift"], params["brightness"]) == (10, 0.5)
    made = pipeline.apply(image, geometry, IDENTITY, params)
    assert made[0, 0, 0] == (20 + 10) // 2


def test_a_matrix_from_text_gives_the_same_picture() -> None:
    """What replay relies on: repr and back is exact, and the warp depends on the matrix alone."""
    image = picture(0, 300, 200)
    for geometry in (
        ResizeGeometry.fit(Size(300, 200)),
        ResizeGeometry.fit(Size(300, 200), Size(40, 50), crop=True),
    ):
        params, within = FULL.make_params(KEY, 1, geometry.frame)
        assert within == FULL.frame_matrix(params, geometry.frame)
        matrix = geometry.pull(within)
        prepared = geometry.prepare(image)
        first = FULL.apply(prepared, geometry, matrix, params)
        read = tuple(float(repr(each)) for each in matrix)
        again = FULL.apply(prepared, geometry, read, params)  # type: ignore[arg-type]
        np.testing.assert_array_equal(first, again)
