"""Perspective against SciPy, Pillow, and torchvision's four corners."""

from __future__ import annotations

from itertools import product
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from scipy import ndimage

from augtool.core.gates import Gates
from augtool.core.geometry import INTERPOLATIONS, Size, Sizes, WarpOptions
from augtool.core.pipeline import Pipeline, Subject
from augtool.core.resize import ResizeGeometries, ResizeGeometry
from augtool.core.transforms.perspective import Perspective
from augtool.core.transforms.rotation import Rotation
from augtool.core.warp import padded, unpadded
from tests.drawing import one_copy, params_at
from tests.pictures import picture

#: SciPy's names of OpenCV's borders.
MODES = {
    "constant": "grid-constant",
    "nearest": "nearest",
    "reflect": "reflect",
    "wrap": "grid-wrap",
}
each_form = pytest.mark.parametrize(
    ("dtype", "channels"), [*product((np.uint8, np.uint16), (1, 2, 3, 4))]
)


def made(pipeline: Pipeline, image: Any, params: dict[str, float], geometry: Any = None) -> Any:
    """Return an image put through a pipeline with given parameters."""
    geometry = geometry or ResizeGeometry.fit(Size(*image.shape[:2]))
    alone = ResizeGeometries.stack([geometry], [1])
    copies = pipeline.place(params, pipeline.points.pulls(params, alone), alone)
    channels = 1 if image.ndim == 2 else image.shape[2]
    prepared = geometry.prepare(padded(image), reduction=copies.reductions[0])
    return unpadded(copies.make(0, prepared, channels), channels)


def by_scipy(image: Any, points: Any, fill_mode: str, cval: float) -> Any:
    """Return each channel interpolated at points (y, x) of the source."""
    planes = image.reshape(*image.shape[:2], -1).astype(float)
    read = [
        ndimage.map_coordinates(planes[..., k], points, order=1, mode=MODES[fill_mode], cval=cval)
        for k in range(planes.shape[2])
    ]
    return np.stack(read, axis=-1).reshape(*points[0].shape, *image.shape[2:])


def looked_at(size: Size, across: float, down: float) -> Any:
    """Return the points (y, x) that the outputs' points show, by what the parameters mean."""
    y, x = (np.indices(size).T - (np.array(size) - 1) / 2).T
    nearer = 1 + across * x / (size.width / 2) + down * y / (size.height / 2)
    return y / nearer + (size.height - 1) / 2, x / nearer + (size.width - 1) / 2


@each_form
@pytest.mark.parametrize("tilt", [(0.05, 0.0), (0.0, -0.2), (0.3, 0.25), (-0.5, 0.48)])
def test_a_tilt_is_that_of_scipy(dtype: Any, channels: int, tilt: tuple[float, float]) -> None:
    image, size = picture(1, 17, 12, channels, dtype), Size(17, 12)
    options = WarpOptions("constant", (40.0,))
    params = dict(zip(Perspective.columns, tilt))
    got = made(Pipeline((Perspective(0, 1),), (), options), image, params)
    expected = by_scipy(image, looked_at(size, *tilt), "constant", 40.0)
    assert got.dtype == dtype
    # 8 bits are weighed in float32 and rounded, 16 bits to within their own rounding.
    assert np.abs(got - expected).max() <= (1 if dtype == np.uint8 else 3)


@pytest.mark.parametrize("fill_mode", MODES)
@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_beyond_the_edge_is_filled_as_by_any_warp(fill_mode: str, strength: float) -> None:
    """At the most, a corner of the output lies some hundred widths beyond the edge."""
    image, size = picture(2, 21, 16), Size(21, 16)
    transform = Perspective(-strength, strength)
    across, down = params_at(transform, (0.0, 0.0), size)
    params = {"perspective_x": across, "perspective_y": down}
    got = made(Pipeline((transform,), (), WarpOptions(fill_mode, (9.0,))), image, params)
    points = looked_at(size, across, down)
    # Further out, float32 has less of a position than the reference.
    near = np.abs(np.array(points)).max(axis=0) < 200
    assert near.mean() > 0.9
    assert np.abs(got - by_scipy(image, points, fill_mode, 9.0))[near].max() <= 1


@pytest.mark.parametrize("order", INTERPOLATIONS)
@pytest.mark.parametrize("fill_mode", MODES)
def test_next_to_no_tilt_differs_little_from_none(fill_mode: str, order: int) -> None:
    image = picture(6, 40, 31)
    options = WarpOptions(fill_mode, (9.0,), order)
    pipeline = Pipeline((Rotation(0, 1), Perspective(0, 1)), (), options)
    flat, tilted = (
        made(pipeline, image, {"rotation": 17.0, "perspective_x": tilt, "perspective_y": 0.0})
        for tilt in (0.0, 1e-7)
    )
    difference = cv2.absdiff(flat, tilted)
    assert np.mean(difference > 1) < 0.005


def test_with_other_transforms_it_is_one_homography_as_pillow_applies_it() -> None:
    image, size = picture(3, 90, 120), Size(90, 120)
    settings = {"perspective_range": [0.2, 0.4], "rotation_range": [15, 15], "zoom_range": 0.2}
    pipeline = Pipeline.parse(settings, WarpOptions("constant"))
    copies = one_copy(pipeline, "a.png", 0, ResizeGeometry.fit(size))
    params, to_source = copies.params(0), np.array([*copies.matrices[0], 0, 0, 1]).reshape(3, 3)
    centre = np.array([[1, 0, 59.5], [0, 1, 44.5], [0, 0, 1]])
    lean = np.eye(3)
    lean[2, :2] = params["perspective_x"] / 60, params["perspective_y"] / 45
    # Pillow counts from the edges of pixels.
    edges = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    homography = edges @ to_source @ centre @ lean @ np.linalg.inv(centre) @ np.linalg.inv(edges)
    homography /= homography[2, 2]
    expected = Pillow.fromarray(image).transform(
        (size.width, size.height),
        Pillow.Transform.PERSPECTIVE,
        homography.ravel()[:8].tolist(),
        Pillow.Resampling.BILINEAR,
    )
    got = unpadded(copies.make(0, padded(image), 3), 3)
    inside = ndimage.minimum_filter(np.asarray(expected).min(axis=2) > 0, 5)
    assert inside.mean() > 0.5
    assert np.abs(got.astype(int) - np.asarray(expected))[inside].max() <= 1


def test_it_holds_in_the_frame_of_a_resized_image() -> None:
    image, size = picture(4, 61, 47), Size(40, 35)
    geometry = ResizeGeometry.fit(Size(61, 47), size)
    params = {"perspective_x": 0.2, "perspective_y": -0.1}
    got = made(Pipeline((Perspective(0, 1),)), image, params, geometry)
    y, x = looked_at(size, 0.2, -0.1)
    points = (y + 0.5) * 61 / 40 - 0.5, (x + 0.5) * 47 / 35 - 0.5
    assert np.abs(got - by_scipy(image, points, "nearest", 0.0)).max() <= 1


def test_a_copy_that_is_not_tilted_has_the_pixels_that_it_has_without_perspective() -> None:
    """In the same chunk as tilted ones, and to the last bit."""
    settings = {"rotation_range": 20, "perspective_range": 0.3}
    gates = Gates((("perspective_range", 0.5),))
    subject = Subject("cat/1.png", ResizeGeometry.fit(Size(24, 31)), 12)
    image = padded(picture())
    plain = Pipeline.parse({"rotation_range": 20}, WarpOptions()).draw(0, [subject])
    some = Pipeline.parse(settings, WarpOptions(), gates).draw(0, [subject])
    everywhere = Pipeline.parse(settings, WarpOptions()).draw(0, [subject])
    tilted = [some.params(number)["perspective_x"] != 0 for number in range(12)]
    assert 2 < sum(tilted) < 10
    for number, is_tilted in enumerate(tilted):
        assert some.matrices[number] == plain.matrices[number]
        like = everywhere if is_tilted else plain
        np.testing.assert_array_equal(some.make(number, image, 3), like.make(number, image, 3))


@pytest.mark.parametrize("strength", [0.2, 0.5])
def test_a_strength_tilts_as_far_as_the_same_distortion_scale_of_torchvision(
    strength: float,
) -> None:
    """Its corners move inwards by up to that share of half a side, each on its own."""
    rng = np.random.default_rng(0)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    moved = corners * (1 - strength * rng.random((4000, 4, 2)))
    x, y = np.broadcast_to(corners, moved.shape).transpose(2, 0, 1)
    one, none = np.ones_like(x), np.zeros_like(x)
    to_x = [x, y, one, none, none, none, -x * moved[..., 0], -y * moved[..., 0]]
    to_y = [none, none, none, x, y, one, -x * moved[..., 1], -y * moved[..., 1]]
    equations = np.concatenate([np.stack(to_x, axis=-1), np.stack(to_y, axis=-1)], axis=1)
    right = np.concatenate([moved[..., 0], moved[..., 1]], axis=1)[..., np.newaxis]
    theirs = np.linalg.solve(equations, right)[:, 6:, 0]
    drawn = Perspective(-strength, strength).make_params(rng.random((2, 4000)), Sizes(1, 1))
    assert np.std(drawn) == pytest.approx(np.std(theirs), rel=0.05)
    # The nearest of two opposite corners is at most 1 / (1 - strength) times as close.
    most = max(abs(np.asarray(column)).max() for column in drawn)
    assert (1 - 2 * most) / (1 + 2 * most) == pytest.approx(1 - strength, abs=0.01)
