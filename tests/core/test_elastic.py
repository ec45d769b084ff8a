"""Elastic deformation against SciPy's splines and its resampling, at several strengths."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from augtool.core.displacement import Displacement
from augtool.core.geometry import Size, WarpOptions
from augtool.core.image_spec import ImageSpec
from augtool.core.stages import apply_steps
from augtool.core.transforms.elastic import Elastic
from tests.pictures import picture

each_form = pytest.mark.parametrize(
    ("dtype", "channels"), [*product((np.uint8, np.uint16), (1, 2, 3, 4))]
)
MODES = {"nearest": "nearest", "reflect": "reflect", "wrap": "grid-wrap"}


def words16(key: int, count: int) -> list[int]:
    """Return numbers of 16 bits from SplitMix64, made one by one."""
    made: list[int] = []
    state = key
    while len(made) < count:
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        z = state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        z ^= z >> 31
        made += [(z >> shift) & 0xFFFF for shift in (0, 16, 32, 48)]
    return made[:count]


def moves(size: Size, share: float, key: int) -> Any:
    """Return how far each pixel comes, x and y: splines through random vectors, by SciPy."""
    cell = min(size) / 5
    ends = [np.floor((side - 0.5) / cell) for side in size]
    shape = (2, *(int(end) + 4 for end in ends))
    units = np.array(words16(key, int(np.prod(shape))), float).reshape(shape)
    vectors = (2 * units - 65535) / 65536 * share * min(size)
    at = np.stack(
        np.meshgrid(*((np.arange(side) + 0.5) / cell + 1 for side in size), indexing="ij")
    )
    return [ndimage.map_coordinates(each, at, order=3, prefilter=False) for each in vectors]


def by_scipy(image: Any, share: float, key: int, mode: str) -> Any:
    size = Size(*image.shape[:2])
    x, y = (np.rint(32 * each) / 32 for each in moves(size, share, key))
    rows, columns = np.meshgrid(*map(np.arange, size), indexing="ij")
    planes = image.reshape(*size, -1).astype(float)
    made = [
        ndimage.map_coordinates(planes[..., k], [rows + y, columns + x], order=1, mode=mode)
        for k in range(planes.shape[2])
    ]
    return np.stack(made, axis=-1).reshape(image.shape)


@each_form
@pytest.mark.parametrize("share", [0.01, 0.06, 0.3])
def test_it_is_splines_and_linear_resampling(dtype: Any, channels: int, share: float) -> None:
    image = ndimage.gaussian_filter(picture(1, 43, 61, channels, dtype), 1, axes=(0, 1))
    got = apply_steps(image, [(Elastic(0, 1), (share, 12345))])
    off = np.abs(got - by_scipy(image, share, 12345, "nearest"))
    # Where SciPy's place is close to the middle of two of 1/32, the other one may be taken.
    assert np.mean(off <= 0.51 + np.iinfo(dtype).max * 1e-4) > 0.98
    assert off.max() <= np.ptp(image) / 16


@pytest.mark.parametrize("mode", MODES)
def test_what_lies_beyond_the_edge_is_filled_as_in_the_warp(mode: str) -> None:
    image = picture(2, 31, 40, 3)
    step = [(Elastic(0, 1), (0.3, 7))]
    got = apply_steps(image, step, WarpOptions(mode))
    off = np.abs(got - by_scipy(image, 0.3, 7, MODES[mode]))
    assert np.mean(off <= 1) > 0.99
    filled = apply_steps(image, step, WarpOptions("constant", (1.0, 2.0, 250.0)))
    x, y = moves(Size(31, 40), 0.3, 7)
    rows, columns = np.meshgrid(np.arange(31), np.arange(40), indexing="ij")
    outside = (rows + y < -1.1) | (columns + x < -1.1) | (rows + y > 31.1) | (columns + x > 40.1)
    assert outside.sum() > 20
    assert (filled[outside] == [1, 2, 250]).all()


def test_without_interpolation_the_nearest_pixel_is_taken() -> None:
    image = picture(3, 37, 41, 1)
    got = apply_steps(image, [(Elastic(0, 1), (0.1, 9))], WarpOptions(interpolation_order=0))
    x, y = moves(Size(37, 41), 0.1, 9)
    rows, columns = np.meshgrid(np.arange(37), np.arange(41), indexing="ij")
    nearest = image[
        np.rint(rows + y).clip(0, 36).astype(int), np.rint(columns + x).clip(0, 40).astype(int)
    ]
    assert (got == nearest).mean() > 0.93  # the rest is halfway, to 1/32


def test_pixels_move_as_far_as_is_said_and_the_same_share_at_any_size() -> None:
    for size in (Size(50, 50), Size(60, 200)):
        found = []
        for key in range(60):
            for rows, places in Displacement.draw(size, 0.1, key).places():
                start = np.stack(np.meshgrid(np.arange(size.width), np.arange(size.height)[rows]))
                found.append((places / 32 - start) / min(size))
        drawn = np.concatenate([each.ravel() for each in found])
        assert np.abs(drawn).max() <= 0.1 + 1 / 32 / min(size)
        assert drawn.std() == pytest.approx(0.0277, rel=0.05)
        assert drawn.mean() == pytest.approx(0, abs=0.002)


def test_below_a_twentieth_nothing_is_folded_over() -> None:
    for key in range(20):
        ((_, places),) = Displacement.draw(Size(120, 120), 0.05, key).places()
        x, y = places.astype(float) / 32
        turned = np.diff(x, axis=1)[:-1] * np.diff(y, axis=0)[:, :-1]
        turned -= np.diff(x, axis=0)[:, :-1] * np.diff(y, axis=1)[:-1]
        assert turned.min() > 0


def test_bands_of_a_large_image_are_those_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    image = picture(5, 90, 47, 3)
    whole = apply_steps(image, [(Elastic(0, 1), (0.2, 3))])
    monkeypatch.setattr("augtool.core.displacement._BLOCK", 300)
    np.testing.assert_array_equal(apply_steps(image, [(Elastic(0, 1), (0.2, 3))]), whole)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 3)])
def test_tiny_images_are_taken(size: tuple[int, int]) -> None:
    image = picture(4, *size, 2)
    assert apply_steps(image, [(Elastic(0, 1), (0.5, 3))]).shape == image.shape


def test_sides_beyond_fixed_point_maps_are_refused() -> None:
    assert Elastic(0, 1).unsupported_reason(ImageSpec(32_767, 1, 3, 8)) is None
    reason = Elastic(0, 1).unsupported_reason(ImageSpec(1, 32_768, 3, 8))
    assert reason == "elastic takes no sides above 32,767 pixels; pass --resize"
