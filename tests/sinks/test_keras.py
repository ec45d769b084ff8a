"""Against ImageDataGenerator itself: the same arrays in, the same numbers out."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.pictures import make_tree
from tests.sinks.test_arrays import run

pytestmark = pytest.mark.optional

SETTINGS: list[dict[str, Any]] = [
    {"rescale": 1 / 255},
    {"samplewise_center": True},
    {"samplewise_std_normalization": True},
    {"featurewise_center": True},
    {"featurewise_center": True, "featurewise_std_normalization": True},
    {"featurewise_std_normalization": True, "rescale": 1 / 255},
    {"samplewise_std_normalization": True, "featurewise_std_normalization": True, "rescale": 0.01},
    {"zca_whitening": True, "rescale": 1 / 255},
    {"zca_whitening": True, "featurewise_std_normalization": True},
    {"zca_whitening": True, "zca_epsilon": 0.1, "rescale": 1 / 255},
]


@pytest.fixture(scope="module")
def generator() -> Any:
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = pytest.importorskip("keras.src.legacy.preprocessing.image")
    return image.ImageDataGenerator


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda each: "+".join(each))
def test_numbers_are_imagedatagenerators(
    tmp_path: Path, generator: Any, settings: dict[str, Any]
) -> None:
    # More pictures than numbers in one: whitening is then well defined.
    make_tree(tmp_path / "data/train", {"cat": 45, "dog": 45}, height=5, width=4)
    make_tree(tmp_path / "data/val", {"cat": 4, "dog": 4}, height=5, width=4)
    raw = run(tmp_path / "data", tmp_path / "raw", per_image=1)
    originals = run(tmp_path / "data", tmp_path / "originals", per_image=0)["x_train"]
    keyed = {f"transforms.{key}": value for key, value in settings.items()}
    made = run(tmp_path / "data", tmp_path / "made", per_image=1, **keyed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keras = generator(**settings)
        keras.fit(originals.astype(np.float32))
        for name in ("x_train", "x_val"):
            expected = [keras.standardize(each.astype(np.float32)) for each in raw[name]]
            # float32 on both sides, Keras' statistics and SVD too; whitening divides by singular
            # values a thousand times smaller than the largest.
            loose = 2e-2 if "zca_whitening" in settings else 2e-4
            np.testing.assert_allclose(made[name], expected, rtol=loose, atol=loose)
