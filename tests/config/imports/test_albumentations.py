"""What becomes of Albumentations' operations, argument by argument."""

from __future__ import annotations

from typing import Any

import pytest

from tests.config.imports.importing import config, everything, run, said, small, transforms

HEAD = "import albumentations as A\nimport cv2\n"


def one(operation: str, size: str = "") -> dict[str, Any]:
    """Return the transforms of one operation that is always applied."""
    return transforms(f"{HEAD}t = A.Compose([{size}{operation}])")


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("A.HorizontalFlip(p=0.3)", {"horizontal_flip": 0.3}),
        ("A.HorizontalFlip()", {"horizontal_flip": True}),
        ("A.VerticalFlip(p=1)", {"vertical_flip": 1}),
        ("A.Flip(p=0.3)", {"horizontal_flip": 0.2, "vertical_flip": 0.2}),
        ("A.RandomRotate90(p=1)", {"rotate_90": 0.75}),
        ("A.D4()", {"horizontal_flip": True, "rotate_90": 0.75}),
        ("A.RandomGamma((80, 120), p=1)", {"gamma_range": [0.8, 1.2]}),
        ("A.GaussNoise(var_limit=(9, 25), p=1)", {"gaussian_noise_range": [3, 5]}),
        ("A.GaussNoise(std_range=(0.1, 0.2), p=1)", {"gaussian_noise_range": [25.5, 51]}),
        ("A.GaussianBlur(blur_limit=(3, 7), p=1)", {"gaussian_blur_range": [0.8, 1.4]}),
        ("A.GaussianBlur(sigma_limit=(0.5, 2), p=1)", {"gaussian_blur_range": [0.5, 2]}),
        ("A.Blur(blur_limit=(5, 7), p=1)", {"gaussian_blur_range": [1.4142, 2]}),
        ("A.MotionBlur(blur_limit=9, p=1)", {"motion_blur_range": [3, 9]}),
        ("A.MedianBlur(blur_limit=3, p=0.2)", {"median": 0.2}),
        ("A.ToGray(p=0.1)", {"grayscale": 0.1}),
        ("A.Solarize(threshold=100, p=1)", {"solarize_threshold": 100}),
        ("A.Posterize(num_bits=3, p=1)", {"posterize_bits": 3}),
        ("A.ImageCompression(quality_lower=40, quality_upper=80, p=1)", {"jpeg_range": [40, 80]}),
        ("A.ImageCompression(quality_range=(40, 80), p=1)", {"jpeg_range": [40, 80]}),
        ("A.Erasing(scale=(0.1, 0.2), p=1)", {"erasing_range": [0.1, 0.2]}),
        ("A.GridDropout(ratio=0.4, p=1)", {"grid_dropout_range": [0.4, 0.4]}),
        (
            "A.RandomCropFromBorders(0.2, 0.3, 0, 0, p=1)",
            {"crop_range": [0.5, 1], "crop_ratio": [0.5, 1]},
        ),
        ("A.MultiplicativeNoise(multiplier=(0.8, 1.1), p=1)", {"brightness_range": [0.8, 1.1]}),
        (
            "A.RandomBrightnessContrast(0.2, (-0.1, 0.3), p=1)",
            {"channel_shift_range": 51, "brightness_range": [0.9, 1.3]},
        ),
        (
            "A.RandomBrightnessContrast(brightness_limit=(-0.1, 0.2), contrast_limit=0, p=1)",
            {"channel_shift_range": [-25.5, 51]},
        ),
        (
            "A.ColorJitter(brightness=0.1, contrast=(0.5, 2), saturation=0, hue=0.1, p=1)",
            {"brightness_range": [0.9, 1.1], "contrast_range": [0.5, 2], "hue_range": 0.1},
        ),
        (
            "A.HueSaturationValue(18, 32, 20, p=1)",
            {"hue_range": 0.1, "saturation_range": [0.75, 1.25], "channel_shift_range": 20},
        ),
    ],
)
def test_levels_and_switches(operation: str, expected: dict[str, Any]) -> None:
    assert one(operation) == expected


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("A.Rotate(limit=30, p=1)", {"rotation_range": 30}),
        ("A.Rotate((-10, 20), p=1)", {"rotation_range": [-10, 20]}),
        ("A.Affine(rotate=15, p=1)", {"rotation_range": [15, 15]}),
        ("A.Affine(translate_px=(-3, 3), p=1)", {"width_shift_range": 3, "height_shift_range": 3}),
        ("A.Affine(translate_percent={'x': (-0.1, 0.1)}, p=1)", {"width_shift_range": 0.1}),
        # Its shear moves the lower part to the left, augtool's to the right.
        ("A.Affine(shear={'x': (0, 10), 'y': 0}, p=1)", {"shear_range": [-10, 0]}),
        ("A.Affine(shear=(-5, 5), p=1)", {"shear_range": 5, "vertical_shear_range": 5}),
        ("A.Affine(scale=(0.8, 1.25), p=1)", {"scale_range": [0.8, 1.25]}),
        (
            "A.ShiftScaleRotate(0.1, 0.2, 25, p=1)",
            {
                "rotation_range": 25,
                "width_shift_range": 0.1,
                "height_shift_range": 0.1,
                "scale_range": [0.8, 1.2],
            },
        ),
        (
            "A.ShiftScaleRotate(shift_limit_x=0.1, shift_limit_y=0, scale_limit=0, p=1)",
            {"rotation_range": 45, "width_shift_range": 0.1},
        ),
    ],
)
def test_geometry_fills_beyond_the_edge_as_there(operation: str, expected: dict[str, Any]) -> None:
    assert one(operation) == {**expected, "fill_mode": "constant"}


@pytest.mark.parametrize(
    ("mode", "fill_mode"),
    [
        ("cv2.BORDER_REPLICATE", "nearest"),
        ("cv2.BORDER_REFLECT_101", "reflect"),
        ("4", "reflect"),
        ("cv2.BORDER_WRAP", "wrap"),
    ],
)
def test_borders(mode: str, fill_mode: str) -> None:
    assert one(f"A.Rotate(5, border_mode={mode}, p=1)")["fill_mode"] == fill_mode


def test_the_fill_is_kept() -> None:
    assert one("A.Rotate(5, border_mode=0, value=(1, 2, 3), p=1)")["cval"] == [1, 2, 3]


def test_without_scale_range_zoom_range_is_its_inverse() -> None:
    vocabulary = small("zoom_range")
    code = f"{HEAD}A.Compose([A.ShiftScaleRotate(0, (-0.5, 0), 0, border_mode=0, p=1)])"
    assert transforms(code, vocabulary) == {"zoom_range": [1, 2], "fill_mode": "constant"}
    assert "width and height are drawn separately" in said(code, vocabulary)


@pytest.mark.parametrize("size", ["64, 48", "(64, 48)", "size=(64, 48)", "height=64, width=48"])
def test_a_resized_crop_gives_a_size_and_a_share(size: str) -> None:
    code = f"{HEAD}t = A.Compose([A.RandomResizedCrop({size}, scale=(0.25, 1))])"
    found = config(code)
    assert found["output"] == {"resize": "64x48"}
    # Their ratio is that of the window; ours, to the shape of the output, which is 3/4.
    assert found["transforms"] == {"crop_range": [0.25, 1], "crop_ratio": [1, 1.7778]}
    assert "approximate" not in run(code).yaml


def test_a_crop_of_a_known_size_is_a_window_of_its_share() -> None:
    """From 80 x 100 to 40 x 50 is a quarter of the area."""
    code = f"{HEAD}t = A.Compose([A.Resize(80, 100), A.RandomCrop(40, 50)])"
    found = config(code)
    assert found["output"] == {"resize": "40x50"}
    assert found["transforms"] == {"crop_range": [0.25, 0.25], "crop_ratio": 1}
    assert "originally, pictures of another shape than 80x100 are stretched to it first" in said(
        code
    )


def test_a_crop_of_some_heights_is_a_range_of_shares() -> None:
    """Heights of 20 to 40, half as wide, out of 50 x 100, brought to 32 x 64."""
    crop = "A.RandomSizedCrop((20, 40), 32, 64, w2h_ratio=0.5)"
    code = f"{HEAD}t = A.Compose([A.Resize(50, 100), {crop}])"
    assert config(code)["output"] == {"resize": "32x64"}
    assert config(code)["transforms"] == {"crop_range": [0.04, 0.16], "crop_ratio": 0.25}
    assert "its area is drawn evenly; originally its height" in said(code)


@pytest.mark.parametrize(
    ("scale", "strength"), [("", 0.31), ("(0.02, 0.05), ", 0.15), ("0.5, ", 0.6)]
)
def test_a_perspective_tilts_as_far_on_average(scale: str, strength: float) -> None:
    assert one(f"A.Perspective({scale}p=1)") == {"perspective_range": strength}


def test_a_crop_of_pixels_of_unknown_pictures_is_not_guessed() -> None:
    done = run(f"{HEAD}t = A.Compose([A.RandomCrop(40, 50), A.HorizontalFlip()])")
    assert len(done.missing) == 1
    assert "cuts 40x50 pixels out of pictures whose size is not in the code" in done.missing[0]


def test_letterboxes_are_said_to_be_stretched() -> None:
    code = f"""{HEAD}
t = A.Compose([A.LongestMaxSize(64), A.PadIfNeeded(64, 64, border_mode=0), A.HorizontalFlip()])
"""
    done = run(code)
    assert config(code)["output"] == {"resize": "64x64"}
    assert done.missing == ()
    assert "# approximate: stretched; originally its shape is kept and the rest filled" in done.yaml
    assert "PadIfNeeded, line 4: not needed" in done.yaml


def test_padding_alone_is_missing() -> None:
    done = run(f"{HEAD}t = A.Compose([A.PadIfNeeded(64, 64), A.HorizontalFlip()])")
    assert "augtool never pads" in done.missing[0]


def test_the_shorter_side_with_a_centre_crop_is_a_cropped_size() -> None:
    code = "t = A.Compose([A.SmallestMaxSize(80), A.CenterCrop(64, 64), A.HorizontalFlip()])"
    assert config(HEAD + code)["output"] == {"resize": "64x64", "crop": True}


def test_holes_become_one_rectangle_of_their_area() -> None:
    holes = "A.CoarseDropout(num_holes_range=(1, 4), hole_height_range=(0.1, 0.2), p=1)"
    assert one(holes) == {"erasing_range": [0.01, 0.16]}
    pixels = "A.CoarseDropout(max_holes=2, max_height=20, max_width=10, min_holes=1, p=1)"
    assert one(pixels, "A.Resize(100, 200), ") == {"erasing_range": [0.01, 0.02]}
    done = run(f"{HEAD}t = A.Compose([{pixels}])")
    assert "holes in pixels of pictures whose size is not in the code" in done.missing[0]


def test_clahe_and_elastic_deformations() -> None:
    assert one("A.CLAHE(p=1)") == {"clahe": [1, 4]}
    assert one("A.CLAHE(clip_limit=(2, 6), p=0.3)") == {"clahe": [2, 6]}
    tiles = said(f"{HEAD}t = A.Compose([A.CLAHE(3, tile_grid_size=(4, 4), p=1)])")
    assert "8 x 8 tiles; originally 4 x 4" in tiles
    # It moves pixels by 120 / sqrt(3) / (12 sqrt(pi)) = 3.257 px, in root mean square.
    found = one("A.ElasticTransform(alpha=120, sigma=6, p=1)", "A.Resize(128, 160), ")
    assert found["elastic"] == [pytest.approx(3.257 / 0.277 / 128, rel=1e-3)] * 2
    weak = run(f"{HEAD}t = A.Compose([A.ElasticTransform(p=1)])").yaml
    assert "note: moves almost nothing, as in the original" in weak
    assert "strength for\n  #   sides of 256 pixels, which the code doesn't say" in weak


def test_defaults_that_changed_between_versions_are_said() -> None:
    for operation in ("A.GaussNoise(p=1)", "A.ColorJitter(p=1)", "A.GaussianBlur(p=1)"):
        assert "in 1.x it is" in said(f"{HEAD}t = A.Compose([{operation}])")


def test_normalisation_and_tensors_are_the_loaders_work() -> None:
    done = run(
        HEAD + "from albumentations.pytorch import ToTensorV2\n"
        "t = A.Compose([A.HorizontalFlip(), A.Normalize(), ToTensorV2()])"
    )
    assert done.missing == ()
    assert "#   Normalize, line 4: do it when you load the pictures" in done.yaml
    assert "#   ToTensorV2, line 4: the loader's work" in done.yaml


def test_unknown_operations_are_named_with_their_lines() -> None:
    done = run(f"{HEAD}t = A.Compose([A.HorizontalFlip(),\n    A.RandomFog(p=0.1)])")
    assert done.missing == ("line 4: A.RandomFog(p=0.1): augtool has nothing like it",)
    assert "# Not translated:\n#   line 4: A.RandomFog(p=0.1)" in done.yaml


def test_an_argument_that_is_not_in_the_text_is_named() -> None:
    done = run(f"{HEAD}t = A.Compose([A.Rotate(limit=cfg.angle), A.HorizontalFlip()])")
    assert done.missing == ("line 3: A.Rotate(limit=cfg.angle): limit=cfg.angle can't be resolved",)
    assert "horizontal_flip: true" in done.yaml


def test_an_operation_with_probability_0_is_off() -> None:
    assert one("A.Rotate(5, p=0), A.HorizontalFlip()") == {"horizontal_flip": True}
    assert one("A.Rotate(5, always_apply=True)")["rotation_range"] == 5
    assert "probability" not in config(f"{HEAD}A.Compose([A.Rotate(5, always_apply=True)])")


def test_what_augtool_does_not_have_yet_is_missing_until_it_has_it() -> None:
    code = f"{HEAD}t = A.Compose([A.RandomGamma(p=1), A.HorizontalFlip()])"
    assert "augtool has no gamma_range" in run(code, small("horizontal_flip")).missing[0]
    assert run(code, small("horizontal_flip", "gamma_range")).missing == ()


def test_a_value_that_augtool_refuses_is_missing_with_the_reason() -> None:
    done = run(f"{HEAD}t = A.Compose([A.Rotate(limit=400, p=1), A.HorizontalFlip()])", everything())
    assert "rotation_range: 400 is out of range" in done.missing[0]


def test_a_crop_of_a_letterbox_may_hold_bars_there() -> None:
    fit = "A.LongestMaxSize(80), A.PadIfNeeded(80, 80)"
    code = f"{HEAD}t = A.Compose([{fit}, A.RandomCrop(40, 40)])"
    assert config(code)["transforms"] == {"crop_range": [0.25, 0.25], "crop_ratio": 1}
    assert "originally, pictures of another shape than 80x80 are padded to it first" in said(code)


def test_points_of_a_grid_become_an_elastic_deformation() -> None:
    assert one("A.PiecewiseAffine(scale=(0.06, 0.06), p=1)") == {
        "elastic": [pytest.approx(0.04 / 0.277, rel=1e-3)] * 2
    }
