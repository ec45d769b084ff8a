from __future__ import annotations

import pytest

from augtool.core.transforms import TRANSFORMS
from augtool.views.captions import all_words, short_number, words

REST = {column: value for kind in TRANSFORMS for column, value in zip(kind.columns, kind.identity)}


def test_parameters_at_rest_are_not_said() -> None:
    assert words(REST) == ()


def test_the_caption_of_the_issue() -> None:
    params = {**REST, "rotation": -12.2, "zoom_x": 1.1, "zoom_y": 1.1, "flip_horizontal": 1}
    assert "  ".join(words(params)) == "rot -12  zoom 1.1  flip"


@pytest.mark.parametrize("axis", ["zoom_x", "zoom_y"])
def test_a_zoom_of_one_axis_is_said(axis: str) -> None:
    expected = {"zoom_x": "zoom 0.95 x 1", "zoom_y": "zoom 1 x 0.95"}[axis]
    assert words({**REST, axis: 0.95}) == (expected,)


def test_every_other_parameter_is_said_by_its_name() -> None:
    assert words({"noise_sigma": 3.0}) == ("noise sigma 3",)


def test_a_change_too_small_to_see_is_not_said_to_be_none() -> None:
    assert words({**REST, "shear": 0.0032}) == ("shear 0.003",)
    assert short_number(-0.0004) == "-0.0004"


def test_all_words_names_each_parameter_once() -> None:
    said = all_words(REST)
    assert {"rot 0", "x 0", "y 0", "shear 0", "zoom 1", "no flip", "no flip v"} < set(said)
    assert {"level 0", "light 1", "contrast 1", "no invert"} < set(said)
    shown = [measure for kind in TRANSFORMS for measure in kind.measures if measure != "key"]
    assert len(set(said)) == len(said) == len(shown) - 1  # one word for both axes of a zoom
