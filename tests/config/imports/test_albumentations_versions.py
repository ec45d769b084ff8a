"""What 1.x and 2.x do otherwise, and how code of one is told from code of the other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.config.imports.importing import config, run, said, transforms

HEAD = "import albumentations as A\n"
OLD = "A.Transpose(p=0, always_apply=False), "
NEW = "A.AutoContrast(p=0), "


@pytest.mark.parametrize(
    ("operation", "once", "now"),
    [
        ("A.Rotate(5, p=1)", {"fill_mode": "reflect"}, {"fill_mode": "constant"}),
        ("A.GaussNoise(p=1)", {"gaussian_noise_range": [3.1623, 7.0711]}, {}),
        ("A.GaussianBlur(p=1)", {"gaussian_blur_range": [0.8, 1.4]}, {}),
        ("A.ColorJitter(p=1)", {"hue_range": 0.2}, {"hue_range": 0.5}),
        ("A.Affine(shear=(0, 10), p=1)", {"shear_range": [0, 10]}, {"shear_range": [-10, 0]}),
        ("A.Affine(p=1)", {"rotation_range": 15, "scale_range": [0.9, 1.1]}, {}),
        ("A.CoarseDropout(p=1)", {"erasing_range": [0.0512, 0.0512]}, {}),
        ("A.GridDistortion(p=1)", {"elastic": [0.19773] * 2}, {"elastic": [0.11416] * 2}),
    ],
)
def test_defaults_are_those_of_the_version(
    operation: str, once: dict[str, Any], now: dict[str, Any]
) -> None:
    code = f"{HEAD}t = A.Compose([A.Resize(100, 100), {{}}A.HorizontalFlip(), {operation}])"
    old, new = (transforms(code.format(each)) for each in (OLD, NEW))
    assert once.items() <= old.items()
    assert now.items() <= new.items()
    assert "of 2.x" not in run(code.format(NEW)).yaml + run(code.format(OLD)).yaml
    either = said(code.format(""))
    assert "2.x; in 1.x" in either or operation in ("A.Affine(p=1)", "A.GaussNoise(p=1)")


@pytest.mark.parametrize(
    "sign",
    [
        "from albumentations import IAAPerspective\n",
        "u = A.Compose([A.RandomResizedCrop(64, 64)])\n",
        "u = A.OneOf([A.GaussNoise(var_limit=(10, 50))])\nv = A.Compose([u])\n",
    ],
)
def test_a_sign_of_1x_may_stand_elsewhere_in_the_code(sign: str) -> None:
    code = f"{HEAD}{sign}train = A.Compose([A.Rotate(5, p=1), A.HorizontalFlip(), A.Flip(p=0)])"
    plain = code.replace(", A.Flip(p=0)", "")
    assert transforms(plain, None)["fill_mode"] == "reflect"
    torn = plain.replace("A.Rotate(5", "A.Rotate(5, fill=0")
    assert "the default of 2.x; in 1.x it is reflect" in said(torn)


def test_some_of_draws_as_its_version_does() -> None:
    """1.x draws twice by weights of 3/4 and 1/4, and applies; 2.x draws both, by their chances."""
    some = "A.SomeOf([A.Blur(3, p=0.9), A.MotionBlur(3, p=0.3)], n=2, p=0.5)"
    chances = [
        config(f"{HEAD}t = A.Compose([{sign}{some}])")["transforms"]["probability"]
        for sign in (OLD, NEW, "")
    ]
    assert chances[0] == {"gaussian_blur_range": 0.46875, "motion_blur_range": 0.21875}
    assert chances[1] == chances[2] == {"gaussian_blur_range": 0.45, "motion_blur_range": 0.15}
    one = some.replace("n=2", "n=1")
    assert "as in 2.x; 1.x applies what it chose" in said(f"{HEAD}t = A.Compose([{one}])")


def test_always_means_always_whatever_the_probability() -> None:
    code = f"{HEAD}t = A.Compose([A.Rotate(5, always_apply=True, p=0.3)])"
    assert "probability" not in config(code)["transforms"]


def test_a_deformation_that_is_too_strong_is_said() -> None:
    code = f"{HEAD}t = A.Compose([{OLD}A.GridDistortion(distort_limit=0.9, p=1)])"
    assert transforms(code)["elastic"] == [0.5, 0.5]
    assert "originally it is stronger" in said(code)


def test_a_cutout_has_holes_of_pixels() -> None:
    code = f"{HEAD}t = A.Compose([A.Resize(32, 64), A.Cutout(num_holes=2, p=1)])"
    assert transforms(code) == {"erasing_range": [0.0625, 0.0625]}
    unknown = f"{HEAD}t = A.Compose([A.Cutout(p=1)])"
    assert "holes in pixels of pictures whose size is not in the code" in run(unknown).missing[0]
