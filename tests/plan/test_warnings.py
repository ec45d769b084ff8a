from __future__ import annotations

from typing import Any

import pytest

from augtool.config.schema import Config
from augtool.core.geometry import Size
from augtool.plan.warnings import settings_warnings


def said(transforms: dict[str, Any], classes: tuple[str, ...] = (), **more: Any) -> list[str]:
    config = Config.model_validate({"transforms": transforms, **more})
    return settings_warnings(config, classes, lambda: Size(32, 32))


@pytest.mark.parametrize("name", ["7", "six", "Nine", "b", "Z", "digit_3", "class 4"])
@pytest.mark.parametrize("flip", ["horizontal_flip", "vertical_flip"])
def test_a_flip_of_signs_is_warned_of(name: str, flip: str) -> None:
    (warning,) = said({flip: True}, ("cat", name))
    assert warning.startswith(
        f"{flip} mirrors classes that are named like digits or letters ({name})"
    )


@pytest.mark.parametrize("name", ["cat", "bee", "n01440764", "sixpence", "ab", "10_euro"])
def test_other_names_may_be_flipped(name: str) -> None:
    assert said({"horizontal_flip": True}, (name,)) == []


def test_signs_that_are_not_flipped_are_no_matter() -> None:
    own = {"6": {"transforms": {"horizontal_flip": False}}}
    assert said({"rotation_range": 10}, ("6",)) == []
    assert said({"horizontal_flip": True}, ("6", "cat"), per_class=own) == []


def test_many_signs_are_not_all_named() -> None:
    (warning,) = said({"horizontal_flip": True}, tuple("abcdefgh"))
    assert "(a, b, c, d, ...)" in warning


@pytest.mark.parametrize("value", [0.6, [-0.6, 0.1], [0, 0.51]])
def test_a_shift_by_more_than_half_is_warned_of(value: Any) -> None:
    (warning,) = said({"width_shift_range": value})
    assert warning.startswith("width_shift_range moves images by up to")


@pytest.mark.parametrize("value", [0.5, [-0.2, 0.1], 20])
def test_smaller_shifts_are_not(value: Any) -> None:
    assert said({"width_shift_range": value}) == []


def test_a_shift_in_pixels_is_compared_with_the_output() -> None:
    (warning,) = said({"height_shift_range": 60}, output={"resize": "100x300"})
    assert warning.startswith("height_shift_range moves images by up to 60% of their height")


def test_a_shear_below_a_degree_is_said_in_pixels() -> None:
    assert said({"shear_range": 0.2}) == [
        "shear_range 0.2 is 0.2 degrees (0.054 px at the edge of these 32 px images);"
        " 0.2 rad would be 11.46"
    ]


def test_a_crop_of_a_few_pixels_is_warned_of() -> None:
    assert said({"crop_range": [0.08, 1]}) == [
        "crop_range shows as little as 0.08 of the area: 9x9 px of 32x32, enlarged; use a larger"
        " share, e.g. [0.5, 1]"
    ]
    assert said({"crop_range": [0.5, 1]}) == []


@pytest.mark.parametrize("name", ["zoom_range", "scale_range"])
def test_a_crop_that_is_zoomed_is_warned_of(name: str) -> None:
    (warning,) = said({"crop_range": [0.5, 1], name: 0.2})
    assert warning.startswith(f"crop_range and {name} both change how large things are")
