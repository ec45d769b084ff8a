"""CLAHE against its definition in NumPy, at several clip limits."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from augtool.core.image_spec import ImageSpec
from augtool.core.transforms.clahe import Clahe
from tests.core.test_transforms import applied
from tests.pictures import picture


def table(tile: Any, limit: float) -> Any:
    """Return the new level of each: the clipped histogram's running sum."""
    counts = np.bincount(tile.ravel(), minlength=256)
    most = max(int(limit * tile.size / 256), 1)
    excess = int((counts - most).clip(0).sum())
    counts = counts.clip(max=most) + excess // 256
    left = excess % 256
    if left:
        counts[:: max(256 // left, 1)][:left] += 1
    return np.rint(np.cumsum(counts) * 255 / tile.size).clip(0, 255)


def by_tiles(plane: Any, limit: float) -> Any:
    """Return a plane equalized tile by tile, each pixel between the tables of four tiles."""
    counts = [min(max(side // 28, 1), 8) for side in plane.shape]
    wide = plane
    if any(side % count for side, count in zip(plane.shape, counts)):  # OpenCV mirrors both then
        more = [(0, count - side % count) for side, count in zip(plane.shape, counts)]
        wide = np.pad(plane, more, mode="reflect")
    steps = [side // count for side, count in zip(wide.shape, counts)]
    tables = np.array(
        [
            [table(wide[y : y + steps[0], x : x + steps[1]], limit) for x in starts[1]]
            for starts in [[np.arange(n) * step for n, step in zip(counts, steps)]]
            for y in starts[0]
        ]
    )
    at_y, at_x = (np.arange(side) / step - 0.5 for side, step in zip(plane.shape, steps))
    made = np.zeros(plane.shape)
    for down, right in product((0, 1), repeat=2):
        y, x = np.floor(at_y) + down, np.floor(at_x) + right
        shares = np.outer(1 - np.abs(at_y - y), 1 - np.abs(at_x - x))
        rows, columns = (each.clip(0, count - 1).astype(int) for each, count in zip((y, x), counts))
        made += shares * tables[rows[:, np.newaxis], columns, plane]
    return made


#: Linear R, G, B to X, Y, Z of sRGB, by the white point of D65.
_TO_XYZ = np.array(
    [[0.412453, 0.35758, 0.180423], [0.212671, 0.71516, 0.072169], [0.019334, 0.119193, 0.950227]]
) / np.array([[0.950456], [1], [1.088754]])


def to_lab(image: Any) -> Any:
    """Return L, a, b of B, G, R, as levels of 8 bits."""
    share = image[..., ::-1] / 255
    linear = np.where(share > 0.04045, ((share + 0.055) / 1.055) ** 2.4, share / 12.92)
    xyz = linear @ _TO_XYZ.T
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([(116 * y - 16) * 2.55, 500 * (x - y) + 128, 200 * (y - z) + 128], axis=-1)


def from_lab(lab: Any) -> Any:
    level, a, b = np.moveaxis(lab, -1, 0)
    y = (level / 2.55 + 16) / 116
    f = np.stack([y + (a - 128) / 500, y, y - (b - 128) / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, (f - 16 / 116) / 7.787)
    linear = (xyz @ np.linalg.inv(_TO_XYZ).T).clip(0, 1)
    share = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    return share[..., ::-1] * 255


@pytest.mark.parametrize("size", [(224, 231), (90, 61), (56, 33), (20, 27)])
@pytest.mark.parametrize("limit", [1.0, 2.0, 4.0, 40.0])
def test_gray_is_equalized_by_tiles(size: tuple[int, int], limit: float) -> None:
    image = picture(1, *size, 2)
    image[..., 0] //= 3
    got = applied(Clahe(1, 4), image, limit + 1e-9)
    expected = by_tiles(image[..., 0], limit + 1e-9)
    assert np.abs(got[..., 0] - expected).max() <= 0.51
    np.testing.assert_array_equal(got[..., 1], image[..., 1])
    np.testing.assert_array_equal(applied(Clahe(1, 4), image[..., 0], limit + 1e-9), got[..., 0])


@pytest.mark.parametrize("limit", [1.5, 4.0])
def test_of_colours_only_the_lightness_changes(limit: float) -> None:
    image = picture(2, 43, 61, 4)
    image[..., :3] = image[..., :3] // 2 + 60  # far from the ends, where colours are cut
    lab = np.rint(to_lab(image[..., :3]))
    lab[..., 0] = np.rint(by_tiles(lab[..., 0].astype(int), limit))
    got = applied(Clahe(1, 4), image, limit)
    off = np.abs(got[..., :3] - from_lab(lab))
    # Lab of 8 bits is coarse: a level of it is up to three of blue.
    assert off.mean() < 1.5
    assert np.percentile(off, 99) < 6
    np.testing.assert_array_equal(got[..., 3], image[..., 3])
    np.testing.assert_array_equal(applied(Clahe(1, 4), image[..., :3], limit), got[..., :3])


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (7, 7)])
def test_images_smaller_than_the_tiles_are_taken(size: tuple[int, int]) -> None:
    image = picture(3, *size, 3)
    assert applied(Clahe(1, 4), image, 4.0).shape == image.shape


def test_16_bits_are_refused() -> None:
    for channels in (1, 2, 3, 4):
        reason = Clahe(1, 4).unsupported_reason(ImageSpec(9, 9, channels, 16))
        assert reason == "clahe takes 8 bits only, the image has 16; pass --depth 8"
