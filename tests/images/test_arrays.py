"""Augmentation of arrays draws what expand would."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from augtool import Config, InputError, augment, expand
from augtool.run.options import Options
from tests.pictures import make_tree, picture


@pytest.mark.parametrize("shape", [(3, 24, 31), (3, 24, 31, 1), (3, 24, 31, 3), (3, 24, 31, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_forms_are_kept(shape: tuple[int, ...], dtype: Any) -> None:
    images = np.zeros(shape, dtype)
    made = augment(images, copies=2)
    assert (made.images.shape, made.images.dtype) == ((6, *shape[1:]), dtype)
    assert made.source.tolist() == [0, 0, 1, 1, 2, 2]
    assert len(made.params) == 6


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {
            "transforms": {"crop_range": 0.05, "perspective_range": 0.4},
            "output": {"resize": "5x6"},
        },
    ],
    ids=["defaults", "crops"],
)
def test_it_draws_what_expand_draws(tmp_path: Path, settings: dict[str, Any]) -> None:
    make_tree(tmp_path / "data", {"cat": 2})
    config = Config.model_validate({"per_image": 2, "seed": 5, **settings})
    expand(tmp_path / "data", tmp_path / "out", config=config, options=Options(engine="serial"))
    images = np.stack([picture(0), picture(1)])
    made = augment(images, config, copies=2, ids=["cat/00.png", "cat/01.png"])
    for index, name in enumerate(["00__aug0", "00__aug1", "01__aug0", "01__aug1"]):
        written = cv2.imread(str(tmp_path / "out" / "cat" / f"{name}.png"))
        np.testing.assert_array_equal(made.images[index], written)


def test_expand_is_the_function_whatever_was_imported_before() -> None:
    module = importlib.import_module("augtool.run.expand")
    assert importlib.import_module("augtool").expand is module.expand


def test_resize_gives_the_new_size() -> None:
    made = augment(picture()[np.newaxis], Config.model_validate({"output": {"resize": "5x6"}}))
    assert made.images.shape == (1, 5, 6, 3)


@pytest.mark.parametrize(
    ("images", "ids", "said"),
    [
        (np.zeros((4, 4), np.uint8), None, r"shape \(4, 4\); expected \(n, h, w\)"),
        (np.zeros((1, 4, 4, 5), np.uint8), None, "expected"),
        (np.zeros((1, 4, 4), np.int64), None, "image 0: got int64; expected uint8, uint16, or fl"),
        (np.full((1, 4, 4), 255.0), None, "floats from 255 to 255; expected 0 to 1, so divide"),
        (np.full((1, 4, 4), np.nan), None, "floats from nan to nan; expected 0 to 1"),
        (np.full((1, 4, 4), -0.1), None, "floats from -0.1 to -0.1"),
        ([np.zeros((4, 4), np.uint8), np.zeros(4, np.uint8)], None, r"image 1: got shape \(4,\)"),
        (np.zeros((1, 0, 4), np.uint8), None, "has no pixels"),
        ([[[1, 2], [3, 4]]], None, "image 0: got list; expected a NumPy array"),
        (np.zeros((2, 4, 4), np.uint8), ["a"], "got 1 ids for 2 images"),
    ],
)
def test_other_arrays_are_refused(images: Any, ids: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        augment(images, ids=ids)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_become_what_the_levels_become(dtype: Any) -> None:
    config = Config.model_validate(
        {"transforms": {"rotation_range": 20, "channel_shift_range": 30, "cval": 255}}
    )
    images = np.stack([picture(0), picture(1)])
    of_levels = augment(images, config, copies=2)
    of_floats = augment((images / 255).astype(dtype), config, copies=2)
    assert of_floats.images.dtype == dtype
    np.testing.assert_array_equal(np.rint(of_floats.images.astype(float) * 255), of_levels.images)
    assert of_floats.params == of_levels.params


def test_a_list_becomes_a_list_as_if_each_image_were_alone() -> None:
    images = [picture(0), picture(1, channels=1), picture(2, height=9, dtype=np.uint16)]
    made = augment(images, copies=2, ids=["a", "b", "c"])
    assert isinstance(made.images, list)
    assert made.source.tolist() == [0, 0, 1, 1, 2, 2]
    for index, (image, name) in enumerate(zip(images, "abc")):
        alone = augment(image[np.newaxis], copies=2, ids=[name])
        for number in range(2):
            np.testing.assert_array_equal(made.images[2 * index + number], alone.images[number])


def test_copies_that_are_unchanged_are_arrays_of_their_own() -> None:
    image = picture(0, channels=1)
    made = augment([image], Config.model_validate({"transforms": {}}), copies=2).images
    made[0][:] = 0
    assert image.any()
    assert made[1].any()


@pytest.mark.parametrize("none", [np.zeros((0, 4, 4, 3), np.uint8), []])
def test_no_images_become_none(none: Any) -> None:
    made = augment(none, copies=3)
    assert (len(made.images), type(made.images)) == (0, type(none))


def test_the_package_lists_its_names_and_its_version() -> None:
    package = importlib.import_module("augtool")
    assert dir(package) == sorted(package.__all__)
    assert isinstance(package.__version__, str)
    for name in package.__all__:
        getattr(package, name)


def test_what_a_transform_does_not_take_is_refused() -> None:
    config = Config.model_validate({"transforms": {"equalize": True}})
    with pytest.raises(InputError, match="equalize takes 8 bits only, the image has 16"):
        augment(np.zeros((1, 4, 5, 3), np.uint16), config)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("name", ["saturation_range", "hue_range", "contrast_range"])
def test_colours_are_red_green_and_blue_as_expand_reads_them(
    tmp_path: Path, name: str, channels: int
) -> None:
    """An array of R, G, B becomes what its file becomes."""
    settings = {name: 0.4, "erasing_range": [0.1, 0.3]}
    config = Config.model_validate({"transforms": settings, "per_image": 2})
    make_tree(tmp_path / "data", {"cat": 1}, channels=channels)
    expand(tmp_path / "data", tmp_path / "out", config=config, options=Options(engine="serial"))
    order = [2, 1, 0, 3][:channels]
    original = cv2.imread(str(tmp_path / "data" / "cat" / "00.png"), cv2.IMREAD_UNCHANGED)
    made = augment(original[np.newaxis, ..., order], config, copies=2, ids=["cat/00.png"]).images
    for number in range(2):
        path = tmp_path / "out" / "cat" / f"00__aug{number}.png"
        expected = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(made[number][..., order], expected)


def test_a_fill_by_channel_stays_in_the_order_of_the_array() -> None:
    settings = {"width_shift_range": [5, 5], "fill_mode": "constant", "cval": [10, 20, 30]}
    images = np.zeros((1, 6, 7, 3), np.uint8)
    for more in ({}, {"grayscale": 1e-9}):
        config = Config.model_validate({"transforms": {**settings, **more}})
        assert augment(images, config).images[0, 0, 0].tolist() == [10, 20, 30]
