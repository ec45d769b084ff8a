"""What becomes of torchvision's transforms, of both versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.config.imports.importing import check, config, run, said, small, transforms

HEAD = "from torchvision import transforms as T\nfrom torchvision.transforms import v2\n"


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("T.RandomHorizontalFlip(0.2)", {"horizontal_flip": 0.2}),
        ("v2.RandomVerticalFlip(p=1)", {"vertical_flip": 1}),
        ("T.RandomGrayscale()", {"grayscale": 0.1}),
        ("T.RandomInvert(p=0.2)", {"invert": 0.2}),
        ("T.RandomEqualize()", {"equalize": 0.5}),
        ("T.RandomAutocontrast(p=0.4)", {"autocontrast": 0.4}),
        ("T.RandomSolarize(threshold=192, p=1)", {"solarize_threshold": 192}),
        ("T.RandomPosterize(4, p=1)", {"posterize_bits": 4}),
        ("T.RandomAdjustSharpness(2, p=1)", {"sharpness_range": [2, 2]}),
        ("T.RandomErasing(p=1, scale=(0.1, 0.2))", {"erasing_range": [0.1, 0.2]}),
        ("T.GaussianBlur(5)", {"gaussian_blur_range": [0.1, 2]}),
        ("T.GaussianBlur((3, 3), sigma=1.5)", {"gaussian_blur_range": [1.5, 1.5]}),
        ("v2.GaussianNoise(sigma=0.1)", {"gaussian_noise_range": [25.5, 25.5]}),
        ("v2.JPEG((30, 90))", {"jpeg_range": [30, 90]}),
        ("T.ColorJitter(0.4)", {"brightness_range": [0.6, 1.4]}),
        ("T.ColorJitter(contrast=2)", {"contrast_range": [0, 3]}),
        (
            "T.ColorJitter(0.1, (0.5, 1.5), saturation=0.2, hue=(-0.1, 0.2))",
            {
                "brightness_range": [0.9, 1.1],
                "contrast_range": [0.5, 1.5],
                "saturation_range": [0.8, 1.2],
                "hue_range": [-0.1, 0.2],
            },
        ),
    ],
)
def test_levels_and_switches(operation: str, expected: dict[str, Any]) -> None:
    assert transforms(f"{HEAD}t = v2.Compose([{operation}])") == expected


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("T.RandomRotation(15)", {"rotation_range": 15}),
        ("T.RandomRotation((0, 90))", {"rotation_range": [0, 90]}),
        # An affine angle is clockwise there, and counter-clockwise in augtool.
        ("T.RandomAffine((0, 30))", {"rotation_range": [-30, 0]}),
        (
            "T.RandomAffine(0, translate=(0.1, 0.2))",
            {"width_shift_range": 0.1, "height_shift_range": 0.2},
        ),
        ("T.RandomAffine(0, scale=(0.8, 1.2))", {"scale_range": [0.8, 1.2]}),
        ("T.RandomAffine(0, shear=10)", {"shear_range": 10}),
        ("T.RandomAffine(0, shear=[-5, 5, -3, 3])", {"shear_range": 5, "vertical_shear_range": 3}),
    ],
)
def test_geometry(operation: str, expected: dict[str, Any]) -> None:
    assert transforms(f"{HEAD}t = T.Compose([{operation}])") == {
        **expected,
        "fill_mode": "constant",
    }


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("T.RandomResizedCrop(32)", {"crop_range": [0.08, 1]}),
        ("T.RandomResizedCrop(32, (0.2, 0.6))", {"crop_range": [0.2, 0.6]}),
        ("T.RandomResizedCrop(32, ratio=(1, 1))", {"crop_range": [0.08, 1], "crop_ratio": 1}),
        (
            "v2.RandomResizedCrop(32, ratio=(0.1, 2))",
            {"crop_range": [0.08, 1], "crop_ratio": [0.2, 2]},
        ),
        (
            "T.Resize((80, 80)), T.RandomCrop(40)",
            {"crop_range": [0.25, 0.25], "crop_ratio": 1},
        ),
        (
            "T.RandomPerspective(0.4, p=1, fill=9)",
            {"perspective_range": 0.4, "fill_mode": "constant", "cval": 9},
        ),
        (
            "T.RandomPerspective()",
            {"perspective_range": 0.5, "fill_mode": "constant"},
        ),
    ],
)
def test_crops_and_perspective(operation: str, expected: dict[str, Any], tmp_path: Path) -> None:
    code = f"{HEAD}t = T.Compose([{operation}])"
    assert transforms(code) == expected
    check(code, tmp_path / "recipe.yaml")


def test_a_crop_of_what_was_stretched_is_approximate_and_others_are_exact() -> None:
    said = "another shape than 80x80 are stretched to it first"
    for before, is_exact in (("", True), ("T.Resize(80), ", True), ("T.Resize((80, 80)), ", False)):
        code = f"{HEAD}t = T.Compose([{before}T.RandomResizedCrop(32)])"
        text = run(code).yaml
        above = text.partition("crop_range")[0].partition("transforms:")[2]
        assert ("approximate" not in above) is is_exact
        assert (said in " ".join(above.replace("#", "").split())) is not is_exact


@pytest.mark.parametrize(
    ("operations", "output"),
    [
        ("T.Resize((64, 48))", {"resize": "64x48"}),
        ("T.Resize(64)", {"resize": "64x64", "crop": True}),
        ("T.Resize(80), T.CenterCrop(64)", {"resize": "64x64", "crop": True}),
        ("T.Resize([64]), T.RandomResizedCrop(32)", {"resize": "32x32"}),
    ],
)
def test_sizes(operations: str, output: dict[str, Any]) -> None:
    code = f"{HEAD}t = T.Compose([{operations}, T.RandomHorizontalFlip()])"
    assert config(code)["output"] == output


def test_the_padded_crop_of_cifar_is_a_shift_of_whole_pixels() -> None:
    found = config(f"{HEAD}t = T.Compose([T.RandomCrop(32, padding=4)])")
    assert found["transforms"] == {
        "width_shift_range": 4,
        "height_shift_range": 4,
        "fill_mode": "constant",
    }
    reflected = f"{HEAD}t = T.Compose([T.RandomCrop(32, 4, padding_mode='reflect')])"
    assert config(reflected)["transforms"]["fill_mode"] == "reflect"


def test_random_apply_multiplies_chances() -> None:
    code = f"{HEAD}t = T.Compose([T.RandomApply([T.GaussianBlur(3)], p=0.4)])"
    assert config(code)["transforms"]["probability"] == {"gaussian_blur_range": 0.4}
    both = f"{HEAD}t = T.Compose([T.RandomApply([T.RandomHorizontalFlip(0.5)], p=0.4)])"
    assert config(both)["transforms"] == {"horizontal_flip": 0.2}


def test_random_choice_is_one_of() -> None:
    code = f"{HEAD}t = T.Compose([T.RandomChoice([T.ColorJitter(0.1), T.GaussianBlur(3)])])"
    assert config(code)["policy"] == [{"one_of": ["brightness_range", "gaussian_blur_range"]}]


@pytest.mark.parametrize(
    ("operation", "policy"),
    [
        ("T.TrivialAugmentWide()", "trivialaugment"),
        ("T.RandAugment(num_ops=3)", {"randaugment": {"num_ops": 3, "magnitude": 9}}),
        ("T.AutoAugment(T.AutoAugmentPolicy.CIFAR10)", {"autoaugment": "cifar10"}),
        ("v2.AutoAugment()", {"autoaugment": "imagenet"}),
    ],
)
def test_policies(operation: str, policy: object) -> None:
    code = f"{HEAD}t = T.Compose([{operation}])"
    assert config(code)["policy"] == policy
    assert "augtool has no such policy" in run(code, small()).missing[0]


def test_the_alpha_of_an_elastic_deformation_is_two_pixels_here() -> None:
    found = config(f"{HEAD}t = T.Compose([T.Resize((128, 160)), v2.ElasticTransform(240.0, 6.0)])")
    share = 3.257 / 0.277 / 128
    assert found["transforms"]["elastic"] == [pytest.approx(share, rel=1e-3)] * 2
    assert found["transforms"]["fill_mode"] == "constant"


def test_a_policy_fills_with_black_and_keeps_its_strength_on_another_scale() -> None:
    found = config(f"{HEAD}t = T.RandomApply([T.RandAugment(3, 5, num_magnitude_bins=11)], p=0.4)")
    assert found == {
        "policy": {"randaugment": {"num_ops": 3, "magnitude": 15}, "probability": 0.4},
        "transforms": {"fill_mode": "constant"},
    }


def test_what_a_policy_draws_is_not_set_as_well() -> None:
    operations = "T.RandomEqualize(), T.TrivialAugmentWide(), T.ColorJitter(0.2, hue=0.1)"
    code = f"{HEAD}t = T.Compose([{operations}, T.RandomHorizontalFlip()])"
    found = run(code)
    assert set(config(code)["transforms"]) == {
        *("brightness_range", "hue_range", "horizontal_flip", "fill_mode")
    }
    assert [each.partition(": ")[2] for each in found.missing] == [
        "equalize: trivialaugment draws it"
    ]
    late = run(f"{HEAD}t = T.Compose([T.TrivialAugmentWide(), T.RandomEqualize()])")
    assert late.missing[0].endswith("RandomEqualize(): equalize: trivialaugment draws it")


@pytest.mark.parametrize(
    ("policy", "shift"), [("T.TrivialAugmentWide()", 4), ("T.RandAugment()", [-0.125, 0.125])]
)
def test_a_padded_crop_is_moved_in_the_unit_of_the_policy(policy: str, shift: object) -> None:
    for operations in (
        f"T.RandomCrop(32, padding=4), {policy}",
        f"{policy}, T.RandomCrop(32, padding=4)",
    ):
        found = run(f"{HEAD}t = T.Compose([{operations}])")
        assert found.missing == ()
        transforms = yaml.safe_load(found.yaml)["transforms"]
        assert transforms["width_shift_range"] == transforms["height_shift_range"] == shift


def test_a_policy_may_stand_beside_a_choice() -> None:
    choice = "T.RandomChoice([T.GaussianBlur(3), T.ColorJitter(hue=0.1)])"
    code = f"{HEAD}t = T.Compose([{choice}, T.TrivialAugmentWide()])"
    assert config(code)["policy"] == [
        {"one_of": ["gaussian_blur_range", "hue_range"]},
        {"trivialaugment": True},
    ]


def test_a_sequential_of_torch_may_hold_them() -> None:
    code = (
        "import torch.nn as nn\nfrom torchvision.transforms import v2\n"
        "net = nn.Sequential(nn.Linear(3, 4), nn.ReLU())\n"
        "aug = nn.Sequential(v2.RandomHorizontalFlip(), v2.RandomRotation(5))"
    )
    done = run(code)
    assert done.title == "torchvision: 'aug' (train.py, line 4)"
    assert done.others == ()


def test_what_is_no_transform_of_torchvision_is_not_taken_for_one_of_another_library() -> None:
    code = f"{HEAD}t = T.Compose([T.RandomHorizontalFlip(), Cutout(n_holes=1), T.Lambda(f)])"
    assert [each.split(": ")[1] for each in run(code).missing] == [
        "Cutout(n_holes=1)",
        "T.Lambda(f)",
    ]


def test_a_tensor_conversion_of_albumentations_is_known() -> None:
    code = (
        f"{HEAD}from albumentations.pytorch import ToTensorV2\n"
        "t = T.Compose([T.RandomHorizontalFlip(), ToTensorV2()])"
    )
    assert run(code).missing == ()


@pytest.mark.parametrize("between", ["", "T.RandomHorizontalFlip(), ", "T.ToTensor(), "])
def test_a_padding_before_a_crop_is_the_crops_own(between: str) -> None:
    """As older code of CIFAR has it."""
    apart = config(f"{HEAD}t = T.Compose([T.Pad(4, fill=9), {between}T.RandomCrop(32)])")
    assert apart["output"] == {"resize": "32x32"}
    assert {**apart["transforms"], "horizontal_flip": 0} == {
        "width_shift_range": 4,
        "height_shift_range": 4,
        "horizontal_flip": 0,
        "fill_mode": "constant",
        "cval": 9,
    }


@pytest.mark.parametrize(
    "operations",
    [
        "T.Pad(4), T.Resize(32), T.RandomHorizontalFlip()",
        "T.Pad((1, 2, 3, 4)), T.RandomCrop(32)",
        "T.Resize((64, 64)), T.RandomCrop(32, padding=4)",
    ],
)
def test_a_padding_that_is_no_shift_is_missing(operations: str) -> None:
    assert len(run(f"{HEAD}t = T.Compose([{operations}])").missing) == 1


def test_a_crop_after_the_shorter_sides_size_is_one_of_the_centre() -> None:
    code = f"{HEAD}t = T.Compose([T.Resize(64), T.RandomCrop(32)])"
    assert transforms(code) == {"crop_range": [0.25, 0.25], "crop_ratio": 1}
    assert config(code)["output"] == {"resize": "32x32", "crop": True}
    assert "in the largest centred part; originally anywhere along the longer side" in said(code)


def test_a_resized_crop_after_the_shorter_sides_size_is_one_of_all_the_picture() -> None:
    """As scripts have it that keep the resize of the evaluation."""
    code = f"{HEAD}t = T.Compose([T.Resize(64), T.RandomResizedCrop(32)])"
    assert config(code)["output"] == {"resize": "32x32"}
    assert "approximate" not in said(code)
    centred = code.replace("T.Resize(64)", "T.CenterCrop(64)")
    assert config(centred)["output"] == {"resize": "32x32", "crop": True}


def test_trivialaugment_does_without_its_number_of_magnitudes() -> None:
    code = f"{HEAD}t = T.Compose([T.TrivialAugmentWide(num_magnitude_bins=args.bins)])"
    assert config(code)["policy"] == "trivialaugment"
    assert "31 steps; originally args.bins" in said(code)


def test_a_list_of_modules_may_be_applied_together() -> None:
    held = "torch.nn.ModuleList([T.RandomRotation(5)])"
    code = f"{HEAD}import torch\nt = T.Compose([T.RandomApply({held}, p=0.3)])"
    assert config(code)["transforms"]["probability"] == {"rotation_range": 0.3}
