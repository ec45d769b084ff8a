"""Structural similarity, against its definition."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy.ndimage import correlate

from augtool.core.ssim import ssim
from tests.pictures import photo


def gray(seed: int) -> np.ndarray:
    return cv2.cvtColor(photo(seed, 60, 70), cv2.COLOR_BGR2GRAY)


def slow(one: np.ndarray, other: np.ndarray) -> float:
    """Return the mean of formula 13 of the paper, with its window of equation 14."""
    at = np.arange(11) - 5
    window = np.exp(-(at[:, None] ** 2 + at**2) / (2 * 1.5**2))
    window /= window.sum()
    x, y = one.astype(float), other.astype(float)

    def mean(values: np.ndarray) -> np.ndarray:
        return correlate(values, window, mode="reflect")

    mu_x, mu_y = mean(x), mean(y)
    var_x, var_y = mean(x * x) - mu_x**2, mean(y * y) - mu_y**2
    cov = mean(x * y) - mu_x * mu_y
    c1, c2 = 2.55**2, 7.65**2
    top = (2 * mu_x * mu_y + c1) * (2 * cov + c2)
    return float((top / ((mu_x**2 + mu_y**2 + c1) * (var_x + var_y + c2))).mean())


def test_it_is_the_papers_formula() -> None:
    noisy = np.clip(gray(0) + np.random.default_rng(0).normal(0, 20, gray(0).shape), 0, 255)
    for other in (gray(1), noisy.astype(np.uint8), 255 - gray(0)):
        assert ssim(gray(0), other) == pytest.approx(slow(gray(0), other), abs=1e-9)


def test_equal_images_are_1_and_more_noise_is_less() -> None:
    image, noise = gray(3), np.random.default_rng(1).normal(0, 1, gray(3).shape)
    found = [
        ssim(image, np.clip(image + noise * sigma, 0, 255).astype(np.uint8)) for sigma in (0, 5, 20)
    ]
    assert found[0] == 1
    assert found[0] > found[1] > found[2] > 0


def test_it_does_not_matter_which_comes_first() -> None:
    assert ssim(gray(0), gray(1)) == pytest.approx(ssim(gray(1), gray(0)), abs=1e-12)
