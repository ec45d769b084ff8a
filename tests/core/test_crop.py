"""Crops: the window, its place, and the detail that it keeps, against SciPy and Pillow."""

from __future__ import annotations

from itertools import product
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from scipy import ndimage

from augtool.core.geometry import Size, Sizes, WarpOptions
from augtool.core.pipeline import Pipeline
from augtool.core.resize import Reduction, ResizeGeometries, ResizeGeometry
from augtool.core.transforms.crop import Crop
from augtool.core.warp import padded, unpadded
from tests.drawing import params_at
from tests.pictures import photo, picture

shares = st.floats(0, 1)


def made(image: Any, params: tuple[float, ...], frame: Size, **fit: bool) -> Any:
    """Return an image cropped and brought to the size of a frame."""
    geometry = ResizeGeometry.fit(Size(*image.shape[:2]), frame, **fit)
    alone = ResizeGeometries.stack([geometry], [1])
    pipeline = Pipeline((Crop(0.1, 1),), (), WarpOptions())
    named = dict(zip(Crop.columns, params))
    copies = pipeline.place(named, pipeline.points.pulls(named, alone), alone)
    prepared = geometry.prepare(padded(image), reduction=copies.reductions[0])
    channels = 1 if image.ndim == 2 else image.shape[2]
    return unpadded(copies.make(0, prepared, channels), channels)


def window(params: tuple[float, ...], region: Size, frame: Size) -> tuple[float, ...]:
    """Return left, top, width and height."""
    left, top, size = Crop(0.1, 1).window(params, Sizes(*region), Sizes(*frame))
    return float(left), float(top), float(size.width), float(size.height)


@pytest.mark.parametrize(("dtype", "channels"), [*product((np.uint8, np.uint16), (1, 2, 3, 4))])
@pytest.mark.parametrize("area", [0.05, 0.12, 0.3])
def test_a_window_is_resized_as_by_scipy(dtype: Any, channels: int, area: float) -> None:
    image, frame = picture(1, 30, 40, channels, dtype), Size(12, 16)
    width = (area * 1200 * 0.8 * 16 / 12) ** 0.5
    height = area * 1200 / width
    y = 0.7 * (30 - height) + (np.arange(12) + 0.5) * height / 12 - 0.5
    x = 0.25 * (40 - width) + (np.arange(16) + 0.5) * width / 16 - 0.5
    points = np.meshgrid(y, x, indexing="ij")
    planes = image.reshape(30, 40, -1).astype(float)
    expected = [
        ndimage.map_coordinates(planes[..., k], points, order=1, mode="nearest")
        for k in range(planes.shape[2])
    ]
    got = made(image, (area, 0.8, 0.25, 0.7), frame).reshape(12, 16, -1)
    # 8 bits are weighed in float32 and rounded, 16 bits to within their own rounding.
    assert np.abs(got - np.stack(expected, axis=-1)).max() <= (1 if dtype == np.uint8 else 3)


@pytest.mark.parametrize("ratio", [0.75, 1.0, 4 / 3])
def test_of_a_square_output_the_ratio_is_that_of_torchvision(ratio: float) -> None:
    """There width = sqrt(area · ratio) and height = sqrt(area / ratio), in pixels of the source."""
    _, _, width, height = window((0.2, ratio, 0.0, 0.0), Size(300, 500), Size(224, 224))
    assert width == pytest.approx((0.2 * 150_000 * ratio) ** 0.5)
    assert height == pytest.approx((0.2 * 150_000 / ratio) ** 0.5)


@given(
    st.tuples(st.floats(0.001, 1), st.floats(0.2, 5), shares, shares),
    *[st.builds(Size, st.integers(1, 400), st.integers(1, 400))] * 2,
)
def test_a_window_has_its_area_and_lies_within(
    params: tuple[float, ...], region: Size, frame: Size
) -> None:
    left, top, width, height = window(params, region, frame)
    assert width * height == pytest.approx(params[0] * region.height * region.width)
    assert left >= 0
    assert top >= 0
    assert left + width <= region.width * (1 + 1e-12)
    assert top + height <= region.height * (1 + 1e-12)


def test_a_window_that_would_be_too_wide_takes_the_whole_width() -> None:
    box = window((0.5, 4 / 3, 0.5, 1.0), Size(400, 100), Size(50, 50))
    assert box == pytest.approx((0, 200, 100, 200))


@pytest.mark.parametrize(
    ("value", "ratio", "expected"),
    [
        (0.3, None, Crop(0.3, 1)),
        ([0.08, 0.5], None, Crop(0.08, 0.5)),
        (0.3, 1, Crop(0.3, 1, 1, 1)),
        (0.3, [0.5, 2], Crop(0.3, 1, 0.5, 2)),
        (1, [0.5, 2], None),
    ],
)
def test_a_number_is_the_smallest_share_and_a_ratio_may_be_fixed(
    value: Any, ratio: Any, expected: Crop | None
) -> None:
    assert Crop.parse(value, ratio) == expected


def test_ratios_are_drawn_evenly_on_a_logarithmic_scale() -> None:
    drawn = [params_at(Crop(0.1, 1), (0, u, 0, 0), Size(1, 1))[1] for u in (0.0, 0.5, 1.0)]
    assert drawn == pytest.approx([3 / 4, 1, 4 / 3])
    assert params_at(Crop(0.1, 1, 1, 1), (0, 0.3, 0, 0), Size(1, 1))[1] == 1


def detail(image: Any) -> float:
    return float(np.abs(cv2.Laplacian(image.astype(np.float32), cv2.CV_32F)).mean())


@pytest.mark.parametrize("area", [0.04, 0.08, 0.25, 0.5])
def test_a_crop_has_the_detail_of_one_that_is_cut_out_first(area: float) -> None:
    """Were the source reduced for its whole frame, the smallest would have a third of it."""
    image, frame = photo(3, 600, 600), Size(64, 64)
    params = (area, 1.0, 0.3, 0.6)
    left, top, width, height = window(params, Size(600, 600), frame)
    cut_out = Pillow.fromarray(image).resize(
        (64, 64), Pillow.Resampling.BILINEAR, (left, top, left + width, top + height)
    )
    assert detail(made(image, params, frame)) > 0.9 * detail(np.asarray(cut_out))


def test_a_smaller_window_is_reduced_by_less_along_each_axis() -> None:
    geometry = ResizeGeometry.fit(Size(800, 1700), Size(100, 100))
    assert geometry.reduction == Reduction(8, 16)
    alone = ResizeGeometries.stack([geometry], [1])
    pipeline = Pipeline((Crop(0.1, 1),))
    for area, reduction in ((1.0, (8, 16)), (0.5, (8, 8)), (0.05, (2, 2)), (0.004, (1, 1))):
        params = dict(zip(Crop.columns, (area, 1.0, 0.0, 0.0)))
        placed = pipeline.place(params, pipeline.points.pulls(params, alone), alone)
        assert placed.reductions == [reduction]
