"""Pipelines are found, named, and told apart."""

from __future__ import annotations

import json

import pytest

from augtool.config.imports.importer import import_config
from augtool.errors import ConfigError
from tests.config.imports.importing import config, everything, run, transforms

TRAIN = "A.Compose([A.Resize(8, 8), A.HorizontalFlip(), A.Normalize()])"
PLAIN = "A.Compose([A.Resize(8, 8), A.Normalize()])"
HEAD = "import albumentations as A\n"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (f"val = {PLAIN}\ntrain = {TRAIN}", "train"),
        (f"t = {{'val': {PLAIN}, 'train': {TRAIN}}}", "t['train']"),
        (f"def get_train():\n    return {TRAIN}", "get_train"),
        (f"class D:\n    def __init__(self):\n        self.t = {TRAIN}", "D.__init__: self.t"),
        (f"ds = Data('x', transform={TRAIN})", "ds transform"),
        (f"valid_tta = {TRAIN}\nstrong = {TRAIN}", "strong"),
        (
            f"def get(data):\n    if data == 'valid':\n        return {PLAIN}\n"
            f"    elif data == 'train':\n        return {TRAIN}",
            "get if data == 'train'",
        ),
        (
            f"def get(is_test):\n    if is_test:\n        return {PLAIN}\n"
            f"    else:\n        return {TRAIN}",
            "get if not (is_test)",
        ),
        (f"t = {TRAIN} if train else {PLAIN}", "t if train"),
        ("ops = [A.HorizontalFlip()]\nt = A.Compose(ops)", "t"),
    ],
)
def test_the_training_pipeline_is_chosen_and_named(code: str, name: str) -> None:
    done = run(HEAD + code)
    assert done.title.startswith(f"Albumentations: {name!r} (") or (
        done.title.startswith(f'Albumentations: "{name}" (')
    )
    assert transforms(HEAD + code) == {"horizontal_flip": True}


def test_the_others_are_listed_with_what_they_are_for() -> None:
    code = f"{HEAD}weak = {TRAIN}\nval = {PLAIN}\ntest_tta = {TRAIN}\nstrong = A.Compose([A.D4()])"
    done = run(code + "\n")
    assert done.title == "Albumentations: 'strong' (train.py, line 5)"
    assert done.others == (
        "also found: Albumentations: 'weak' (train.py, line 2); choose it with --name",
        "also found: Albumentations: 'val' (train.py, line 3), which does not augment",
        "also found: Albumentations: 'test_tta' (train.py, line 4), which is for evaluation",
    )


def test_a_name_chooses_one_even_for_evaluation() -> None:
    code = f"{HEAD}train = {TRAIN}\nval = {PLAIN}\n"
    done = run(code, name="val")
    assert done.title == "Albumentations: 'val' (train.py, line 3)"
    assert "transforms: {}\noutput:\n  resize: 8x8" in done.yaml


def test_an_unknown_name_lists_those_that_are_there() -> None:
    with pytest.raises(ConfigError, match=r"--name tran: .*; there are 'first', 'val'"):
        run(f"{HEAD}first = {TRAIN}\nval = {PLAIN}\n", name="tran")


def test_pipelines_for_evaluation_alone_are_said_to_be_so() -> None:
    with pytest.raises(ConfigError, match="nothing there augments for training; found 'val'"):
        run(f"{HEAD}val = {PLAIN}\n")


def test_a_pipeline_that_another_one_holds_is_part_of_that() -> None:
    code = f"""{HEAD}
geometry = A.Compose([A.HorizontalFlip()])
colour = A.OneOf([A.Blur(3), A.GaussNoise()], p=0.5)
train = A.Compose([geometry, colour])
"""
    done = run(code)
    assert done.title == "Albumentations: 'train' (train.py, line 5)"
    assert done.others == ()
    assert "horizontal_flip: true" in done.yaml
    assert "one_of: [gaussian_blur_range, gaussian_noise_range]" in done.yaml


def test_a_pipeline_may_come_from_a_function_of_the_text() -> None:
    code = f"""{HEAD}
class CFG:
    size = 16
    p = 0.25

def flips(p):
    return [A.HorizontalFlip(p=p), A.VerticalFlip(p=p)]

train = A.Compose([A.Resize(CFG.size, CFG.size)] + flips(CFG.p))
"""
    assert transforms(code) == {"horizontal_flip": 0.25, "vertical_flip": 0.25}


def test_a_parameter_is_what_all_calls_pass() -> None:
    code = f"""{HEAD}
def get_train(size, angle=5):
    return A.Compose([A.Resize(size, size), A.Rotate(angle, p=1)])

data = get_train(32)
"""
    assert "resize: 32x32" in run(code).yaml
    assert "rotation_range: 5" in run(code).yaml


def test_what_is_put_into_a_pipeline_later_is_part_of_it() -> None:
    code = """
from torchvision import transforms as T
from elsewhere import RandAugment
t = T.Compose([T.RandomHorizontalFlip()])
t.transforms.insert(0, T.RandomVerticalFlip())
t.transforms.append(RandAugment(2, 9))
"""
    assert transforms(code) == {"horizontal_flip": True, "vertical_flip": True}
    assert run(code).missing == (
        "line 6: RandAugment(2, 9): it comes from elsewhere, which is not read",
    )


def test_a_constant_of_another_file_is_named_with_that_file() -> None:
    code = """
from torchvision import transforms as T
from settings import SIZE
t = T.Compose([T.RandomResizedCrop(SIZE, scale=(0.5, 1))])
"""
    assert transforms(code) == {"crop_range": [0.5, 1]}
    assert "size=SIZE stands in settings, another file" in run(code).missing[0]


def test_operations_without_a_pipeline_are_one() -> None:
    code = f"{HEAD}ops = [A.HorizontalFlip(), A.Rotate(5, p=1)]"
    assert transforms(code) == {
        "horizontal_flip": True,
        "rotation_range": 5,
        "fill_mode": "constant",
    }


@pytest.mark.parametrize(
    "head",
    [
        "from albumentations import *\n",
        "from albumentations import Compose, Rotate, HorizontalFlip\n",
        "import albumentations\n",
        "",
    ],
)
def test_names_are_known_however_they_are_imported(head: str) -> None:
    prefix = "albumentations." if head.startswith("import") else ""
    code = f"{head}t = {prefix}Compose([{prefix}Rotate(5, p=1), {prefix}HorizontalFlip()])"
    assert transforms(code)["rotation_range"] == 5


@pytest.mark.parametrize(
    "code",
    ["x = 1", "", "from monai.transforms import Compose\nt = Compose([RandFlip()])"],
)
def test_code_without_a_pipeline_says_what_was_looked_for(code: str) -> None:
    with pytest.raises(ConfigError, match=r"no pipeline found; expected ImageDataGenerator\("):
        run(code)


def test_expressions_that_are_nested_too_deeply_are_one_error() -> None:
    with pytest.raises(ConfigError, match="nested too deeply to be read"):
        run(f"{HEAD}t = {TRAIN}\nx = {'+'.join(['1'] * 900)}")


def test_functions_that_call_each_other_end() -> None:
    lines = [f"def f{n}():\n    return [f{n + 1}(), f{n + 1}()]" for n in range(40)]
    code = "\n".join([HEAD, *lines, "def f40():\n    return A.HorizontalFlip()"])
    run(f"{code}\nt = A.Compose([A.HorizontalFlip(), f0()])")


SAVED = {
    "__version__": "2.0.8",
    "transform": {
        "__class_fullname__": "Compose",
        "transforms": [
            {
                "__class_fullname__": "albumentations.augmentations.geometric.Rotate",
                "limit": [-9, 9],
            },
            {
                "__class_fullname__": "OneOf",
                "p": 0.5,
                "transforms": [
                    {"__class_fullname__": "Blur", "blur_limit": [3, 3], "p": 1.0},
                    {"__class_fullname__": "GaussNoise", "var_limit": [9, 9], "p": 1.0},
                ],
            },
            {"__class_fullname__": "Mystery", "p": 0.1},
        ],
    },
}


def test_albumentations_own_json_and_yaml_are_read() -> None:
    done = import_config(json.dumps(SAVED), "aug.json", vocabulary=everything())
    assert done.title == "Albumentations: aug.json"
    assert "rotation_range: 9" in done.yaml
    assert "one_of: [gaussian_blur_range, gaussian_noise_range], probability: 0.5" in done.yaml
    assert done.missing == ("Mystery(p=0.1): augtool has nothing like it",)


def test_a_pipeline_in_a_larger_yaml_is_found_by_its_key() -> None:
    text = """
data:
  train_transforms:
    transform:
      __class_fullname__: Compose
      transforms:
      - {__class_fullname__: HorizontalFlip, p: 0.5}
  test_transforms:
    - _target_: albumentations.Resize
      height: 8
      width: 8
"""
    done = import_config(text, "config.yaml", vocabulary=everything())
    assert done.title == "Albumentations: 'train_transforms' (config.yaml)"
    assert done.others == (
        "also found: Albumentations: 'test_transforms' (config.yaml), which does not augment",
    )


def test_a_pipeline_may_hold_what_had_its_name_before() -> None:
    code = """
import torchvision.transforms as T
t = T.Compose([T.RandomRotation(5)])
if augment:
    t = T.Compose([
        T.RandomHorizontalFlip(),
        t,
    ])
"""
    done = run(code)
    assert transforms(code)["rotation_range"] == 5
    assert done.missing == ()
    assert "draws" not in done.yaml


def test_a_list_passed_to_a_function_is_a_pipeline_for_each_call() -> None:
    code = """
import albumentations as A
def pair(steps, size=8):
    return Pair(A.Compose(steps + [A.Resize(size, size)]))
def train(angle):
    return pair([A.Rotate(limit=7, p=1)], size=16)
def test():
    return pair([A.Normalize()])
"""
    found = config(code)
    assert found["transforms"]["rotation_range"] == 7
    assert found["output"] == {"resize": "16x16"}
    assert run(code).title == "Albumentations: 'train' (train.py, line 6)"
    assert len(run(code).others) == 1


def test_a_generators_arguments_may_go_to_another_file() -> None:
    code = """
from data import trainGenerator
settings = dict(epochs=3, zoom_range=0.5)
more = {"rotation_range": 3, "epochs": 3}
args = dict(rotation_range=20, zoom_range=0.1, horizontal_flip=True)
gen = trainGenerator(2, "data", args)
"""
    assert run(code).title == "Keras ImageDataGenerator: 'args' (train.py, line 5)"
    assert run(code).others == ()
    assert transforms(code) == {"rotation_range": 20, "zoom_range": 0.1, "horizontal_flip": True}
    with_one = code + "g = ImageDataGenerator(rotation_range=5)\n"
    assert transforms(with_one) == {"rotation_range": 5}


def test_the_size_of_the_data_set_is_that_of_the_layers() -> None:
    code = """
import tensorflow as tf
train = tf.keras.utils.image_dataset_from_directory("data", image_size=(48, 64))
aug = tf.keras.Sequential([tf.keras.layers.RandomFlip("horizontal")])
"""
    assert config(code)["output"] == {"resize": "48x64"}
    assert "output" not in config(code + 'tf.keras.utils.image_dataset_from_directory("test")')
