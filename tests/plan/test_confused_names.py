from __future__ import annotations

from typing import Any

import pytest

from augtool.config.schema import Config
from augtool.plan.confused_names import confused_names


def said(transforms: dict[str, Any], classes: tuple[str, ...], **more: Any) -> list[str]:
    return confused_names(Config.model_validate({"transforms": transforms, **more}), classes)


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


@pytest.mark.parametrize(
    ("transforms", "names"),
    [
        ({"horizontal_flip": True}, ("left", "right")),
        ({"horizontal_flip": True}, ("TurnLeft", "TurnRight")),
        ({"horizontal_flip": True}, ("counter-clockwise", "clockwise")),
        ({"horizontal_flip": True}, ("pushing left to right", "pushing right to left")),
        ({"vertical_flip": 0.2}, ("arrow_up", "arrow_down")),
        ({"vertical_flip": True}, ("turn_clockwise", "turn_anticlockwise")),
        ({"rotate_90": True}, ("left", "down")),
        ({"rotation_range": [0, 90]}, ("looks_up", "looks_down")),
    ],
)
def test_a_transform_that_changes_directions_is_warned_of(
    transforms: dict[str, Any], names: tuple[str, str]
) -> None:
    (warning,) = said(transforms, ("cat", *names))
    (key,) = transforms
    assert warning.startswith(
        f"{key} changes directions that classes are named after ({', '.join(names)}): "
    )
    fix = "=false" if key != "rotation_range" else " below 45 degrees"
    assert warning.endswith(f"if they are directions, set transforms.{key}{fix}")


@pytest.mark.parametrize(
    ("transforms", "names"),
    [
        ({"vertical_flip": True}, ("left", "right")),
        ({"horizontal_flip": True}, ("up", "down")),
        ({"rotate_90": True}, ("clockwise", "anticlockwise")),
        ({"rotation_range": 20}, ("left", "right", "up")),
        ({"horizontal_flip": True}, ("right_whale", "pickup", "leftover", "upright")),
        ({"horizontal_flip": True}, ("right_whale", "blue_whale", "make up")),
    ],
)
def test_other_names_and_transforms_are_no_matter(
    transforms: dict[str, Any], names: tuple[str, ...]
) -> None:
    assert said(transforms, names) == []


def test_a_class_may_turn_its_flip_off() -> None:
    own = {name: {"transforms": {"horizontal_flip": False}} for name in ("left", "right")}
    assert said({"horizontal_flip": True}, ("left", "right", "cat"), per_class=own) == []
