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


def test_it_draws_what_expand_draws(tmp_path: Path) -> None:
    make_tree(tmp_path / "data", {"cat": 2})
    config = Config(per_image=2, seed=5)
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
        (np.zeros((1, 4, 4), np.float32), None, "float32; expected uint8 or uint16"),
        (np.zeros((2, 4, 4), np.uint8), ["a"], "got 1 ids for 2 images"),
    ],
)
def test_other_arrays_are_refused(images: Any, ids: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        augment(images, ids=ids)
