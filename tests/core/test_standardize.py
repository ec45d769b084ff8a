from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from augtool.core.standardize import Standardization

#: float32 holds seven digits; sums and divisions take one or two of them.
CLOSE = {"rtol": 2e-5, "atol": 2e-5}


def images(count: int = 60, seed: int = 0, shape: tuple[int, ...] = (4, 5, 3)) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)


def applied(settings: dict[str, Any], train: Any, block: Any, cuts: int = 1) -> Any:
    steps = Standardization.parse(settings)
    fitted = steps.fit(lambda: np.array_split(train, cuts), np.float32)
    return steps.apply(block, fitted, np.float32)


def test_nothing_on_is_the_identity() -> None:
    assert Standardization.parse({}).is_identity
    assert Standardization.parse({"samplewise_center": False, "rescale": 0}).is_identity


def test_rescale_multiplies() -> None:
    x = images()
    np.testing.assert_allclose(applied({"rescale": 1 / 255}, x, x), x / 255, **CLOSE)


def test_samplewise_std_implies_center() -> None:
    x = images()
    made = applied({"samplewise_std_normalization": True}, x, x)
    np.testing.assert_allclose(made.mean(axis=(1, 2, 3)), 0, **CLOSE)
    np.testing.assert_allclose(made.std(axis=(1, 2, 3)), 1, **CLOSE)


def test_featurewise_std_implies_center() -> None:
    x = images()
    made = applied({"featurewise_std_normalization": True, "rescale": 1 / 255}, x, x)
    np.testing.assert_allclose(made.mean(axis=(0, 1, 2)), 0, **CLOSE)
    np.testing.assert_allclose(made.std(axis=(0, 1, 2)), 1, **CLOSE)


def test_statistics_are_the_training_sets() -> None:
    train, other = images(seed=1), images(seed=2)
    made = applied({"featurewise_center": True}, train, other)
    expected = other - train.mean(axis=(0, 1, 2))
    np.testing.assert_allclose(made, expected, **CLOSE)


@pytest.mark.parametrize("cuts", [2, 7, 60])
def test_statistics_do_not_depend_on_blocks(cuts: int) -> None:
    x = images()
    settings = {"featurewise_std_normalization": True, "rescale": 1 / 255}
    np.testing.assert_array_equal(applied(settings, x, x, cuts), applied(settings, x, x))


def test_whitened_features_are_uncorrelated() -> None:
    x = images(400, shape=(3, 2, 2))
    made = applied({"zca_whitening": True}, x, x).reshape(400, -1)
    # Not exactly: the matrix is float32.
    np.testing.assert_allclose(made.T @ made / 400, np.eye(12), atol=1e-3)


def test_whitening_switches_featurewise_std_off() -> None:
    x = images(100, shape=(2, 2, 1))
    both = {"zca_whitening": True, "featurewise_std_normalization": True}
    np.testing.assert_array_equal(applied(both, x, x), applied({"zca_whitening": True}, x, x))


def test_sixteen_bits_do_not_overflow() -> None:
    x = np.full((3000, 2, 2, 1), 65535, np.uint16)
    steps = Standardization.parse({"featurewise_center": True})
    fitted = steps.fit(lambda: [x], np.float64)
    assert fitted.mean is not None
    assert fitted.mean.tolist() == [65535.0]
