"""What becomes of ImageDataGenerator, and of Keras' preprocessing layers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.config.imports.importing import config, run, transforms

GENERATOR = "from tensorflow.keras.preprocessing.image import ImageDataGenerator\n"
LAYERS = "from tensorflow import keras\nfrom tensorflow.keras import layers\n"


def test_the_generators_arguments_stay_as_they_are() -> None:
    code = f"""{GENERATOR}
train = ImageDataGenerator(
    rotation_range=40, width_shift_range=0.2, height_shift_range=0.2, shear_range=15,
    zoom_range=(0.8, 1.1), horizontal_flip=True, vertical_flip=False, brightness_range=[0.5, 1.5],
    channel_shift_range=20.0, fill_mode="constant", cval=127)
"""
    assert transforms(code) == {
        "rotation_range": 40,
        "width_shift_range": 0.2,
        "height_shift_range": 0.2,
        "shear_range": 15,
        "zoom_range": [0.8, 1.1],
        "horizontal_flip": True,
        "vertical_flip": False,
        "brightness_range": [0.5, 1.5],
        "channel_shift_range": 20.0,
        "fill_mode": "constant",
        "cval": 127,
    }
    assert "approximate" not in run(code).yaml


def test_positional_arguments_are_told_by_keras_order() -> None:
    code = f"{GENERATOR}g = ImageDataGenerator(False, False, False, False, False, 1e-6, 25)"
    assert transforms(code) == {"rotation_range": 25}


def test_shifts_that_differ_are_said_to_be_swapped_there() -> None:
    code = f"{GENERATOR}g = ImageDataGenerator(width_shift_range=0.2, height_shift_range=0.1)"
    assert "Keras' code swaps the two" in run(code).yaml


def test_a_shear_in_radians_is_said_to_do_almost_nothing() -> None:
    assert "almost nothing" in run(f"{GENERATOR}g = ImageDataGenerator(shear_range=0.2)").yaml


def test_the_size_comes_from_the_flow_of_this_generator() -> None:
    code = f"""{GENERATOR}
SIZE = 150
train_gen = ImageDataGenerator(rescale=1. / 255, horizontal_flip=True, validation_split=0.2)
test_gen = ImageDataGenerator(rescale=1. / 255)
test_gen.flow_from_directory("test", target_size=(32, 32))
train_gen.flow_from_directory("data", target_size=(SIZE, SIZE), batch_size=20)
"""
    found, done = config(code), run(code)
    assert found["output"] == {"resize": "150x150"}
    assert found["split"] == {"val": 0.2}
    assert "rescale=1/255: do it when you load" in done.yaml
    assert done.missing == ()
    assert done.others == (
        "also found: Keras ImageDataGenerator: 'test_gen' (train.py, line 5),"
        " which does not augment",
    )


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("preprocessing_function=blur", "YAML can't hold a function"),
        ("width_shift_range=[-4, 0, 4]", "augtool draws from a range, not from a list"),
        ("rotation_range=angle", "rotation_range=angle can't be resolved"),
        ("zoom_range=1.5", "factors down to -0.5"),
    ],
)
def test_what_can_t_be_said_is_named_and_the_rest_stays(argument: str, reason: str) -> None:
    done = run(f"{GENERATOR}g = ImageDataGenerator(horizontal_flip=True, {argument})")
    assert "horizontal_flip: true" in done.yaml
    assert len(done.missing) == 1
    assert reason in done.missing[0]


def test_preprocess_input_is_the_loaders_work() -> None:
    code = f"""{GENERATOR}from keras.applications.resnet import preprocess_input
g = ImageDataGenerator(horizontal_flip=True, preprocessing_function=preprocess_input)
"""
    done = run(code)
    assert done.missing == ()
    assert "preprocess_input: do it when you load" in done.yaml


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (
            "layers.RandomRotation((-0.1, 0.05))",
            {"rotation_range": [-36, 18], "fill_mode": "reflect"},
        ),
        (
            "layers.RandomTranslation(0.1, 0.2, fill_mode='nearest')",
            {"width_shift_range": 0.2, "height_shift_range": 0.1, "fill_mode": "nearest"},
        ),
        (
            "layers.RandomZoom((-0.2, 0.1), (-0.2, 0.1))",
            {"zoom_range": [0.8, 1.1], "fill_mode": "reflect"},
        ),
        ("layers.RandomZoom(0.25)", {"scale_range": [0.8, 1.3333], "fill_mode": "reflect"}),
        (
            "layers.RandomPerspective(scale=0.3, fill_value=7)",
            {"perspective_range": 0.36, "fill_mode": "constant", "cval": 7},
        ),
        ("layers.GaussianNoise(0.02)", {"gaussian_noise_range": [5.1, 5.1]}),
        ("layers.RandomBrightness(0.2)", {"channel_shift_range": 51}),
        ("layers.RandomContrast(0.3)", {"contrast_range": [0.7, 1.3]}),
        ("layers.RandomContrast((0.1, 0.3))", {"contrast_range": [0.9, 1.3]}),
        ("layers.RandomSaturation((0.4, 0.6))", {"saturation_range": [0.8, 1.2]}),
    ],
)
def test_layers(layer: str, expected: dict[str, Any]) -> None:
    code = f"{LAYERS}aug = keras.Sequential([layers.RandomFlip('vertical'), {layer}])"
    assert {"vertical_flip": True, **expected} == transforms(code)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("'horizontal'", {"horizontal_flip": True}),
        ("mode='vertical'", {"vertical_flip": True}),
        ("", {"horizontal_flip": True, "vertical_flip": True}),
    ],
)
def test_flip_layers(mode: str, expected: dict[str, Any]) -> None:
    assert transforms(f"{LAYERS}aug = keras.Sequential([layers.RandomFlip({mode})])") == expected


def test_the_factor_of_a_perspective_is_its_probability() -> None:
    """It is drawn between 0 and the factor itself."""
    code = f"{LAYERS}m = keras.Sequential([layers.RandomPerspective(0.5)])"
    assert config(code)["transforms"]["probability"] == {"perspective_range": 0.25}


def test_sizes_of_layers() -> None:
    code = f"""{LAYERS}
aug = keras.Sequential([layers.Resizing(64, 48), layers.Rescaling(1 / 255),
                        layers.RandomFlip("vertical")])
"""
    assert config(code)["output"] == {"resize": "64x48"}
    assert run(code).missing == ()


@pytest.mark.parametrize(
    "code",
    [
        "inputs = keras.Input((8, 8, 3))\nx = layers.RandomFlip('horizontal')(inputs)\n"
        "x = layers.RandomRotation(0.1)(x)\nx = layers.Conv2D(8, 3)(x)",
        "aug = [layers.RandomFlip('horizontal'), layers.RandomRotation(0.1)]",
        "flip = layers.RandomFlip('horizontal')\nturn = layers.RandomRotation(0.1)\n"
        "aug = keras.Sequential([flip, turn])",
        "aug = keras.Sequential()\naug.add(layers.RandomFlip('horizontal'))\n"
        "aug.add(layers.RandomRotation(0.1))",
        "def net():\n    return keras.Sequential([layers.RandomFlip('horizontal'),"
        " layers.RandomRotation(0.1), layers.Conv2D(8, 3), layers.Dense(2)])",
    ],
)
def test_layers_are_found_however_they_are_put_together(code: str) -> None:
    assert transforms(LAYERS + code) == {
        "rotation_range": 36,
        "horizontal_flip": True,
        "fill_mode": "reflect",
    }


def test_a_size_of_the_flow_that_is_not_in_the_text_is_missing() -> None:
    code = f"""{GENERATOR}
g = ImageDataGenerator(horizontal_flip=True)
g.flow_from_directory("data", target_size=(HEIGHT, 50))
"""
    assert "target_size=HEIGHT can't be resolved, set output.resize" in run(code).missing[0]
    assert transforms(code) == {"horizontal_flip": True}


def test_a_cutout_is_a_box_of_its_sides() -> None:
    code = "import keras_cv\nt = keras.Sequential([keras_cv.layers.RandomCutout((0.1, 0.5), 0.2)])"
    assert transforms(code) == {"erasing_range": [0, 0.1]}
