from __future__ import annotations

from typing import Any

import pytest

from augtool.config.schema import Config
from augtool.core.geometry import Size
from augtool.plan.lint import settings_warnings


def said(transforms: dict[str, Any], classes: tuple[str, ...] = (), **more: Any) -> list[str]:
    config = Config.model_validate({"transforms": transforms, **more})
    return settings_warnings(config, classes, lambda: Size(32, 32))


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
        "shear_range 0.2 is 0.2 degrees (0.054 px at the edge of these 32 px images), which changes"
        " next to nothing; if it was meant in radians, set it to 11.46, otherwise to 5 or more, or"
        " leave it out"
    ]


def test_small_shears_of_every_form_are_warned_of() -> None:
    (warning,) = said({"shear_range": [-0.1, 0.3]})
    assert warning.startswith("shear_range 0.3 is 0.3 degrees")
    own = {"cat": {"transforms": {"vertical_shear_range": 0.5}}}
    (warning,) = said({}, ("cat",), per_class=own)
    assert warning.startswith("vertical_shear_range 0.5 is 0.5 degrees")
    assert said({"shear_range": [0.2, 5]}) == said({"shear_range": 1}) == []


def test_brightness_that_clips_most_levels_is_warned_of() -> None:
    assert said({"brightness_range": [0.01, 3]}) == [
        "brightness_range: at 0.01, 98% of all levels turn black; move that end closer to 1",
        "brightness_range: at 3, 66% of all levels turn white; move that end closer to 1",
    ]
    assert said({"brightness_range": [0.3, 1.9]}) == []


def test_boxes_that_hide_everything_are_warned_of() -> None:
    (warning,) = said({"erasing_range": [0.1, 0.95]})
    assert warning.startswith("erasing_range hides up to 95% of an image")
    assert warning.endswith("[0.02, 0.33] is usual")
    assert said({"erasing_range": [0.02, 0.33]}) == []


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
