"""Drawing and applying recipes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from augtool.core.draws import sample_key
from augtool.core.geometry import IDENTITY, Sampling, Size
from augtool.core.placement import Placement
from augtool.core.recipe import GEOMETRY_COLUMNS, Recipe
from augtool.core.transforms import GEOMETRIC, TRANSFORMS
from tests.core.test_transforms import ON
from tests.pictures import picture

FULL = Recipe.parse(ON, Sampling())
KEY = sample_key(0, "cat/1.png")


@pytest.mark.parametrize("kind", TRANSFORMS, ids=lambda kind: kind.name)
def test_a_transform_alone_fills_its_own_columns_and_the_geometry_is_at_rest(kind: Any) -> None:
    """A manifest always has the geometry, and the level changes that are on."""
    recipe = Recipe.parse({kind.name: ON[kind.name]}, Sampling())
    is_geometric = kind in GEOMETRIC
    assert recipe.photometric_columns == (() if is_geometric else tuple(sorted(kind.columns)))
    params = recipe.draw(KEY, 0, Size(20, 30)).params
    assert set(params) == {*GEOMETRY_COLUMNS, *kind.columns}
    assert is_geometric == (set(kind.columns) <= set(GEOMETRY_COLUMNS))
    others = [each for each in GEOMETRIC if each is not kind]
    rest = {name: at for each in others for name, at in zip(each.columns, each.identity)}
    assert {name: params[name] for name in rest} == rest


@pytest.mark.parametrize("name", ON)
def test_taking_a_transform_out_leaves_the_other_draws(name: str) -> None:
    rest = Recipe.parse({key: value for key, value in ON.items() if key != name}, Sampling())
    full, less = FULL.draw(KEY, 3, Size(20, 30)).params, rest.draw(KEY, 3, Size(20, 30)).params
    changed = {column for column in full if less.get(column) != full[column]}
    own = {
        column
        for transform in (*FULL.geometric, *FULL.photometric)
        if transform.name == name
        for column in transform.columns
    }
    assert changed <= own


def test_no_transforms_return_the_same_pixels() -> None:
    image, placement = picture(), Placement.fit(Size(24, 31))
    recipe = Recipe()
    params, matrix = recipe.draw(KEY, 0, placement.frame)
    assert matrix == IDENTITY
    np.testing.assert_array_equal(recipe.apply(image, placement, matrix, params), image)


def test_level_changes_follow_the_warp_in_keras_order() -> None:
    """Channel shift first, then brightness: (v + c) · f, not v · f + c."""
    recipe = Recipe.parse(
        {"channel_shift_range": [10, 10], "brightness_range": [0.5, 0.5]}, Sampling()
    )
    image = np.array([[[20, 20, 20], [200, 200, 200]]], np.uint8)
    placement = Placement.fit(Size(1, 2))
    params = recipe.draw(KEY, 0, placement.frame).params
    assert (params["channel_shift"], params["brightness"]) == (10, 0.5)
    made = recipe.apply(image, placement, IDENTITY, params)
    assert made[0, 0, 0] == (20 + 10) // 2


def test_a_matrix_from_text_gives_the_same_picture() -> None:
    """What replay relies on: repr and back is exact, and the warp depends on the matrix alone."""
    image = picture(0, 300, 200)
    for placement in (
        Placement.fit(Size(300, 200)),
        Placement.fit(Size(300, 200), Size(40, 50), crop=True),
    ):
        params, within = FULL.draw(KEY, 1, placement.frame)
        assert within == FULL.frame_matrix(params, placement.frame)
        matrix = placement.pull(within)
        prepared = placement.prepare(image)
        first = FULL.apply(prepared, placement, matrix, params)
        read = tuple(float(repr(each)) for each in matrix)
        again = FULL.apply(prepared, placement, read, params)  # type: ignore[arg-type]
        np.testing.assert_array_equal(first, again)
