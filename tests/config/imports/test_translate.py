"""Chances, choices and repetitions."""

from __future__ import annotations

import ast
import contextlib
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from augtool.config.imports.frameworks import FRAMEWORKS
from augtool.config.imports.importer import import_config
from augtool.config.imports.vocabulary import Vocabulary
from augtool.core.transforms import TRANSFORMS
from augtool.errors import ConfigError
from tests.config.imports.importing import (
    NAMES,
    check,
    config,
    everything,
    run,
    said,
    transforms,
)

HEAD = "import albumentations as A\n"
CHANCES = everything(policy=False)
PLAIN = everything(probability=False, policy=False)


def test_a_probability_is_kept_where_there_is_one_and_said_where_not() -> None:
    code = f"{HEAD}t = A.Compose([A.Rotate(5, p=0.3)])"
    assert config(code)["transforms"]["probability"] == {"rotation_range": 0.3}
    assert "probability" not in config(code, PLAIN)["transforms"]
    assert "# approximate: on every copy; originally on 30 %\n  rotation_range: 5" in said(
        code, PLAIN
    )


def test_chances_multiply_on_the_way_in() -> None:
    code = f"{HEAD}t = A.Compose([A.Sequential([A.Rotate(5, p=0.5), A.HorizontalFlip()], p=0.4)])"
    found = config(code)["transforms"]
    assert found["probability"] == {"rotation_range": 0.2}
    assert found["horizontal_flip"] == 0.2
    assert "drawn apart; originally all or none" in said(code)


def test_parts_that_share_a_chance_are_said_to_be_drawn_apart() -> None:
    code = f"{HEAD}t = A.Compose([A.RandomBrightnessContrast(p=0.3)])"
    assert "its parts are drawn apart; originally together" in said(code)
    assert "apart" not in said(code.replace("0.3", "1"))


def test_one_of_applies_what_it_chose() -> None:
    """Its members' probabilities are weights there."""
    code = f"{HEAD}t = A.Compose([A.OneOf([A.MotionBlur(5, p=0.2), A.GaussNoise(p=0.2)], p=0.3)])"
    found = config(code)
    assert found["policy"] == [
        {"one_of": ["motion_blur_range", "gaussian_noise_range"], "probability": 0.3}
    ]
    assert "probability" not in found["transforms"]
    assert "chosen alike" not in said(code)
    unequal = code.replace("(5, p=0.2", "(5, p=0.1")
    assert "equal chances; originally unequal" in said(unequal)


def test_one_of_leaves_the_share_of_what_is_missing() -> None:
    code = f"""{HEAD}
t = A.Compose([A.OneOf([A.Blur(3), A.GaussNoise(), A.RandomFog(), A.RandomRain()], p=0.4)])
"""
    assert config(code)["policy"][0]["probability"] == 0.2
    alone = f"{HEAD}t = A.Compose([A.OneOf([A.Blur(3), A.RandomFog()], p=0.4)])"
    assert config(alone)["transforms"]["probability"] == {"gaussian_blur_range": 0.2}
    assert "policy" not in config(alone)
    switch = f"{HEAD}t = A.Compose([A.OneOf([A.HorizontalFlip(), A.RandomFog()], p=0.4)])"
    assert config(switch)["transforms"] == {"horizontal_flip": 0.2}


def test_one_of_with_a_member_of_several_parts_says_that_one_is_chosen() -> None:
    code = f"{HEAD}t = A.Compose([A.OneOf([A.RandomBrightnessContrast(), A.Blur(3)], p=1)])"
    assert config(code)["policy"] == [
        {"one_of": ["channel_shift_range", "brightness_range", "gaussian_blur_range"]}
    ]
    assert "RandomBrightnessContrast has 2 parts, of which one is chosen" in said(code)


def test_without_policies_each_of_a_choice_gets_its_share() -> None:
    code = f"{HEAD}t = A.Compose([A.OneOf([A.Blur(3, p=0.1), A.GaussNoise(p=0.3)], p=0.4)])"
    found = config(code, CHANCES)["transforms"]
    assert found["probability"] == {"gaussian_blur_range": 0.1, "gaussian_noise_range": 0.3}
    assert "drawn on its own; originally one of 2" in said(code, CHANCES)


def test_without_chances_a_choice_is_missing_but_for_switches() -> None:
    """To blur every copy and put noise on it is not a choice between the two."""
    code = f"{HEAD}t = A.Compose([A.OneOf([A.Blur(3), A.HorizontalFlip(p=0.5)], p=0.4)])"
    done = run(code, PLAIN)
    assert "gaussian_blur_range is one of a choice, which augtool can't make" in done.missing[0]
    assert transforms(code, PLAIN) == {"horizontal_flip": 0.2}


def test_some_of_gives_each_its_share() -> None:
    code = f"{HEAD}t = A.Compose([A.SomeOf([A.Blur(3, p=1), A.GaussNoise(p=1)], n=1, p=0.5)])"
    found = config(code)["transforms"]
    assert found["probability"] == {"gaussian_blur_range": 0.25, "gaussian_noise_range": 0.25}
    assert "drawn on its own; originally 1 of 2 are chosen" in said(code)


def test_a_choice_in_a_choice_is_drawn_apart() -> None:
    code = f"""{HEAD}
t = A.Compose([A.OneOf([A.OneOf([A.Blur(3), A.GaussNoise()]), A.MotionBlur(3)], p=1)])
"""
    assert set(transforms(code)) == {
        "gaussian_blur_range",
        "gaussian_noise_range",
        "motion_blur_range",
    }
    assert "drawn on its own; originally one of 2" in said(code)


def test_two_of_a_kind_become_one_wider_range() -> None:
    code = f"{HEAD}t = A.Compose([A.Rotate(10, p=0.5), A.Rotate((-5, 20), p=0.5)])"
    found = config(code)["transforms"]
    assert found["rotation_range"] == [-10, 20]
    assert found["probability"] == {"rotation_range": 0.75}
    assert "one draw from the wider range of two; originally two draws" in said(code)
    assert "# Rotate, line 2; Rotate, line 2" in run(code).yaml


def test_two_mirrors_undo_each_other() -> None:
    code = f"{HEAD}t = A.Compose([A.HorizontalFlip(p=0.5), A.HorizontalFlip(p=0.2)])"
    assert transforms(code) == {"horizontal_flip": True}
    code = f"{HEAD}t = A.Compose([A.HorizontalFlip(p=1), A.HorizontalFlip(p=0.2)])"
    assert transforms(code) == {"horizontal_flip": 0.8}


def test_shifts_in_pixels_and_in_shares_need_a_size_to_be_mixed() -> None:
    code = f"""{HEAD}
t = A.Compose([A.Affine(translate_px={{"x": (-4, 4)}}, p=1),
               A.Affine(translate_percent={{"x": (-0.1, 0.1)}}, p=1)])
"""
    done = run(code)
    assert "width_shift_range is set by Affine, line 3" in done.missing[0]
    assert transforms(code)["width_shift_range"] == 4
    known = code.replace("Compose([", "Compose([A.Resize(80, 100), ")
    assert transforms(known)["width_shift_range"] == 10


def test_what_is_only_there_sometimes_says_when() -> None:
    code = f"""{HEAD}
def get(cfg):
    ops = [A.HorizontalFlip()]
    if cfg.rotate:
        ops.append(A.Rotate(5, p=1))
    return A.Compose(ops)
"""
    assert "# approximate: originally only if cfg.rotate\n  rotation_range: 5" in said(code)


def test_what_a_list_holds_besides_is_named() -> None:
    code = f"{HEAD}t = A.Compose([A.HorizontalFlip(), *more_of_them])"
    assert run(code).missing == ("*more_of_them: what it holds can't be told from the code",)


@pytest.mark.parametrize("framework", FRAMEWORKS, ids=lambda each: each.title)
def test_every_rule_gives_only_transforms_that_are_known_or_planned(framework: object) -> None:
    """A misspelt setting would be reported as missing for ever."""
    folder = Path(__file__).parents[3] / "augtool" / "config" / "imports"
    known = {*NAMES, *(kind.name for kind in TRANSFORMS)}
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in ("Setting", "switch") and isinstance(node.args[0], ast.Constant):
                assert node.args[0].value in known, f"{path}: {node.args[0].value}"
    assert framework.rules  # type: ignore[attr-defined]


def test_a_scale_enlarges_as_in_the_libraries_that_it_comes_from() -> None:
    """augtool's pull matrix of a larger picture is smaller; zoom_range is the inverse."""
    kinds = {kind.name: kind for kind in TRANSFORMS}
    if "scale_range" in kinds:
        matrix = kinds["scale_range"].parse([2, 2]).matrix((2.0,))  # type: ignore[union-attr]
        assert matrix[0] == pytest.approx(0.5)


SAMPLES = [
    f"""{HEAD}
t = A.Compose([A.RandomResizedCrop(32, 32), A.HorizontalFlip(p=0.5), A.Rotate(20, p=0.5),
               A.ShiftScaleRotate(), A.OneOf([A.Blur(), A.GaussNoise()], p=0.3), A.ColorJitter(),
               A.RandomBrightnessContrast(), A.HueSaturationValue(), A.CoarseDropout()])
""",
    """
from torchvision import transforms as T
t = T.Compose([T.Resize(40), T.RandomCrop(32), T.RandomAffine(10, (0.1, 0.1), (0.9, 1.1), 5),
               T.RandomApply([T.ColorJitter(0.2, 0.2, 0.2, 0.1)], p=0.8), T.RandAugment(),
               T.RandomHorizontalFlip(), T.ToTensor(), T.RandomErasing()])
""",
    """
from keras.preprocessing.image import ImageDataGenerator
g = ImageDataGenerator(rotation_range=20, shear_range=0.2, zoom_range=[0.8, 1.2], rescale=1/255,
                       brightness_range=(0.5, 1.5), horizontal_flip=True, validation_split=0.1)
g.flow_from_directory("data", target_size=(64, 64))
""",
    """
from keras import Sequential, layers
s = Sequential([layers.Resizing(32, 32), layers.RandomFlip(), layers.RandomRotation(0.1),
                layers.RandomZoom(0.2), layers.RandomTranslation(0.1, 0.1),
                layers.RandomBrightness(0.1), layers.RandomContrast(0.2)])
""",
    """
import Augmentor
p = Augmentor.Pipeline("data")
p.rotate(probability=0.7, max_left_rotation=10, max_right_rotation=10)
p.zoom(probability=0.5, min_factor=1.1, max_factor=1.5)
p.flip_left_right(probability=0.5)
""",
]


@pytest.mark.parametrize("code", SAMPLES)
def test_what_is_printed_passes_the_check(code: str, tmp_path: Path) -> None:
    check(code, tmp_path / "recipe.yaml")


@pytest.mark.parametrize("code", SAMPLES)
def test_nothing_that_this_version_has_not_is_printed(code: str) -> None:
    here = Vocabulary.of_this_version()
    found = yaml.safe_load(import_config(code, "train.py").yaml)
    keys = set(found["transforms"]) - {"fill_mode", "cval"}
    keys -= {"crop_ratio"} | ({"probability"} if here.has_probability else set())
    assert keys <= set(here.transforms)
    assert here.has_policy or "policy" not in found


@given(st.sampled_from(SAMPLES), st.data())
def test_damaged_code_is_translated_or_is_one_error(code: str, data: st.DataObject) -> None:
    """And what is printed is YAML in any case."""
    start = data.draw(st.integers(0, len(code)))
    length = data.draw(st.integers(0, 12))
    put = data.draw(st.sampled_from(["", "x", "None", "*a", "[]", "(1,)", "-1", "'", ",", "\n"]))
    damaged = code[:start] + put + code[start + length :]
    with contextlib.suppress(ConfigError):
        done = import_config(damaged, "x", vocabulary=everything())
        assert "transforms" in yaml.safe_load(done.yaml)


@pytest.mark.parametrize("value", ["float('nan')", "1e999", "10**400", "-1e13"])
def test_a_number_that_cannot_be_meant_is_not_translated(value: str) -> None:
    code = f"{HEAD}t = A.Compose([A.HorizontalFlip(), A.Rotate({value})])"
    assert transforms(code) == {"horizontal_flip": True}
    assert "limit=" in run(code).missing[0]


@pytest.mark.parametrize("choice", ["OneOf([])", "SomeOf([], 1, replace=True)"])
def test_a_choice_of_nothing_is_named(choice: str) -> None:
    done = run(f"{HEAD}t = A.Compose([A.HorizontalFlip(), A.{choice}])")
    assert [each.rpartition(": ")[2] for each in done.missing] == ["holds nothing"]
