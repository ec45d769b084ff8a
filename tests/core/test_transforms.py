"""The family's contract, and every form that ImageDataGenerator takes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augtool.core.geometry import FLAT, IDENTITY, Size
from augtool.core.image_spec import ImageSpec
from augtool.core.pipeline import Pipeline
from augtool.core.resize import Reduction, ResizeGeometries, ResizeGeometry
from augtool.core.stages import apply_steps
from augtool.core.transforms import GEOMETRIC, PHOTOMETRIC, TRANSFORMS, Transform
from augtool.core.transforms.brightness import Brightness
from augtool.core.transforms.channel_shift import ChannelShift
from augtool.core.transforms.flip import HorizontalFlip
from augtool.core.transforms.ranges import ValueRange, WholeRange
from augtool.core.transforms.rotation import Rotation
from augtool.core.transforms.shear import Shear
from augtool.core.transforms.shift import HeightShift, WidthShift
from augtool.core.transforms.zoom import Zoom
from tests.drawing import params_at
from tests.pictures import picture

#: A setting that turns each transform on.
ON: dict[str, Any] = {
    "crop_range": [0.3, 0.9],
    "rotation_range": 20,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 10,
    "zoom_range": 0.2,
    "vertical_shear_range": 10,
    "scale_range": 0.2,
    "rotate_90": 0.5,
    "perspective_range": 0.5,
    "horizontal_flip": True,
    "vertical_flip": True,
    "channel_shift_range": 20,
    "brightness_range": [0.5, 1.5],
    "white_balance_range": 0.2,
    "channel_shuffle": 0.5,
    "saturation_range": 0.5,
    "grayscale": 0.5,
    "hue_range": 0.1,
    "contrast_range": 0.3,
    "gamma_range": 0.3,
    "autocontrast": 0.5,
    "equalize": 0.5,
    "invert": 0.5,
    "solarize_threshold": [100, 200],
    "posterize_bits": [3, 6],
    "clahe": [1, 4],
    "elastic": 0.1,
    "gaussian_blur_range": 2,
    "motion_blur_range": 7,
    "median": 0.5,
    "sharpness_range": 0.5,
    "downscale_range": [0.3, 0.9],
    "gaussian_noise_range": 10,
    "salt_pepper_range": 0.2,
    "jpeg_range": [30, 90],
    "erasing_range": [0.02, 0.33],
    "grid_dropout_range": [0.2, 0.5],
}
each_transform = pytest.mark.parametrize("kind", TRANSFORMS, ids=lambda kind: kind.name)


def made(kind: type[Transform], value: Any = None) -> Any:
    transform = kind.parse(ON[kind.name] if value is None else value)
    assert transform is not None
    return transform


@each_transform
def test_what_the_schema_allows_is_read_and_what_turns_it_on_draws(kind: type[Transform]) -> None:
    """Editors offer what the schema says, so that each of its forms must mean something."""
    examples: dict[str, list[Any]] = {
        "boolean": [True, False],
        "number": [0, 0.25, 0.5],
        "array": [[0.125, 0.375], [0.25, 0.5]],
        "null": [None],
    }
    if issubclass(kind, (ValueRange, WholeRange)):
        ends = [kind.lowest, kind.highest]
        examples |= {"number": ends, "integer": ends, "array": [ends, [kind.lowest] * 2]}
    types = [form["type"] for form in kind.schema.get("anyOf", [kind.schema])]
    forms = [form for each in types for form in ([each] if isinstance(each, str) else each)]
    read = [kind.parse(example) for form in forms for example in examples[form]]
    on = [transform for transform in read if transform is not None]
    assert on
    for transform in on:
        assert isinstance(transform, kind)
        drawn = [params_at(transform, (u,) * kind.uniforms, Size(7, 4)) for u in (0.0, 0.9)]
        assert any(each != kind.identity for each in drawn)


def test_columns_are_unique() -> None:
    columns = [column for kind in TRANSFORMS for column in kind.columns]
    assert len(set(columns)) == len(columns)


@each_transform
def test_each_parameter_has_a_measure_and_an_identity(kind: type[Transform]) -> None:
    assert len(kind.measures) == len(kind.columns) == len(kind.identity)
    assert all(kind.measures)


@each_transform
def test_a_draw_gives_one_number_per_column(kind: type[Transform]) -> None:
    drawn = params_at(made(kind), (0.25,) * kind.uniforms, Size(7, 4))
    assert len(drawn) == len(kind.columns) == len(kind.identity)
    assert all(isinstance(each, (int, float)) for each in drawn)


@each_transform
@given(uniform=st.floats(0, 1, exclude_max=True))
def test_a_draw_lies_between_those_of_the_ends(kind: type[Transform], uniform: float) -> None:
    """Rows of a manifest are held against that."""
    low, drawn, high = (
        params_at(made(kind), (each,) * kind.uniforms, Size(7, 4)) for each in (0.0, uniform, 1.0)
    )
    for one, value, other in zip(low, drawn, high):
        assert min(one, other) <= value <= max(one, other)


@each_transform
def test_wrong_types_are_refused_with_what_to_write(kind: type[Transform]) -> None:
    for wrong in ("20", {"low": 1}, [1, 2, 3], float("nan"), [0, float("inf")]):
        with pytest.raises(ValueError, match=r"got|use|expected"):
            kind.parse(wrong)


@pytest.mark.parametrize("kind", GEOMETRIC, ids=lambda kind: kind.name)
def test_identity_parameters_move_nothing(kind: Any) -> None:
    """To the last bit, also where the image is not of its output's shape."""
    alone = ResizeGeometries.stack([ResizeGeometry.fit(Size(31, 17), Size(7, 4))], [1])
    pipeline = Pipeline((made(kind),))
    params = dict(zip(kind.columns, kind.identity))
    assert pipeline.points.pulls(params, alone) == Pipeline().points.pulls({}, alone)
    assert pipeline.points.tilts(params, alone) == FLAT
    assert pipeline.place(params, IDENTITY, alone).reductions == [Reduction(4, 4)]


def applied(transform: Any, image: Any, *params: float) -> Any:
    return apply_steps(image, [(transform, params)])


@pytest.mark.parametrize("kind", PHOTOMETRIC, ids=lambda kind: kind.name)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_photometric_ones_keep_form_and_identity_and_make_the_same_again(
    kind: Any, dtype: Any, channels: int
) -> None:
    image = picture(0, 7, 4, channels, dtype)
    before = image.copy()
    transform = made(kind)
    reason = transform.unsupported_reason(ImageSpec(7, 4, channels, 8 * image.itemsize))
    if reason is not None:
        assert re.fullmatch(rf"{kind.name} .*; pass --.*", reason)
        return
    np.testing.assert_array_equal(applied(transform, image, *kind.identity), image)
    params = params_at(transform, (0.75,) * kind.uniforms, Size(7, 4))
    changed = applied(transform, image, *params)
    assert (changed.shape, changed.dtype) == (image.shape, image.dtype)
    np.testing.assert_array_equal(image, before, "the input was overwritten")
    np.testing.assert_array_equal(applied(transform, image, *params), changed)
    if channels in (2, 4) and kind.stage not in ("filter", "displace"):
        np.testing.assert_array_equal(changed[..., -1], image[..., -1])


@pytest.mark.parametrize("kind", PHOTOMETRIC, ids=lambda kind: kind.name)
def test_only_what_knows_colours_minds_their_order(kind: Any) -> None:
    image, transform = picture(1, 9, 8), made(kind)
    params = params_at(transform, (0.75,) * kind.uniforms, Size(9, 8))
    swapped = applied(transform, np.ascontiguousarray(image[..., ::-1]), *params)[..., ::-1]
    minds = not np.array_equal(applied(transform, image, *params), swapped)
    assert kind.knows_colours or not minds


@pytest.mark.parametrize("kind", [Rotation, Shear, ChannelShift], ids=lambda kind: kind.name)
def test_a_number_is_symmetric_and_a_pair_is_a_range(kind: Any) -> None:
    assert (kind.parse(20).low, kind.parse(20).high) == (-20, 20)
    assert kind.parse(-20) == kind.parse(20)
    assert (kind.parse([5, 10]).low, kind.parse([5, 10]).high) == (5, 10)
    assert kind.parse(0) is None
    with pytest.raises(ValueError, match="low 10 is greater than high 5; swap the two numbers"):
        kind.parse([10, 5])


@given(st.sampled_from([Rotation, Shear, ChannelShift]), st.floats(0.001, 89), st.floats(0, 1))
def test_draws_stay_in_their_range(kind: Any, radius: float, uniform: float) -> None:
    (drawn,) = params_at(kind.parse(radius), (uniform,), Size(7, 4))
    assert -radius <= drawn <= radius


@pytest.mark.parametrize(
    ("value", "uniform", "expected"),
    [
        (0.2, 0.0, -0.2 * 40),
        (0.2, 0.75, 0.1 * 40),
        ([0.1, 0.3], 0.5, 0.2 * 40),
        (1.0, 0.75, 0.5),
        (3.0, 0.0, -3.0),
        (1, 0.0, -1),
        (1, 0.5, 0),
        (1, 0.99, 1),
        (2, 0.999, 2),
        ([-1, 5], 0.0, -1),
        ([-10.0, -5.0], 0.5, -7.5),
    ],
)
def test_shifts_are_fractions_pixels_or_whole_pixels(
    value: Any, uniform: float, expected: float
) -> None:
    (drawn,) = params_at(made(WidthShift, value), (uniform,), Size(20, 40))
    assert drawn == pytest.approx(expected)
    assert float(HeightShift.parse(value).distance(uniform, 40)) == drawn  # type: ignore[union-attr]


def test_whole_shifts_are_equally_likely() -> None:
    shift = made(WidthShift, 2)
    drawn = [params_at(shift, (step / 1000,), Size(1, 1))[0] for step in range(1000)]
    assert {value: drawn.count(value) for value in sorted(set(drawn))} == dict.fromkeys(
        [-2, -1, 0, 1, 2], 200
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([-10, 0, 10], "a list of choices is not supported"),
        ([0.5, 3], r"mixes a fraction \(0.5\) with pixels"),
        (1e9, "out of range"),
        (True, "expected a number"),
    ],
)
def test_shifts_that_would_surprise_are_refused(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        WidthShift.parse(value)


def test_zoom_takes_a_span_or_both_ends() -> None:
    assert Zoom.parse(0.2) == Zoom(0.8, 1.2)
    assert Zoom.parse([0.5, 0.7]) == Zoom(0.5, 0.7)
    assert Zoom.parse(0) is None
    assert params_at(Zoom(0.5, 1.5), (0.0, 0.5), Size(7, 4)) == (0.5, 1.0)
    with pytest.raises(ValueError, match="use a number below 1"):
        Zoom.parse(1)


def test_flips_take_a_bool_or_a_probability() -> None:
    assert HorizontalFlip.parse(True) == HorizontalFlip(0.5)
    assert HorizontalFlip.parse(0.25) == HorizontalFlip(0.25)
    assert HorizontalFlip.parse(False) is None
    assert params_at(HorizontalFlip(0.5), (0.49,), Size(7, 4)) == (1,)
    assert params_at(HorizontalFlip(0.5), (0.5,), Size(7, 4)) == (0,)
    with pytest.raises(ValueError, match="from 0 to 1"):
        HorizontalFlip.parse(2)


def test_brightness_is_within_a_level_of_pillow() -> None:
    from PIL import Image, ImageEnhance

    image = picture(0, 40, 40)
    for factor in (0.0, 0.3, 0.99, 1.0, 1.01, 1.7, 3.0):
        expected = np.asarray(ImageEnhance.Brightness(Image.fromarray(image)).enhance(factor))
        got = applied(Brightness(0, 1), image, factor)
        assert np.abs(got.astype(int) - expected).max() <= 1


def test_channel_shift_is_cut_to_the_pictures_own_extremes() -> None:
    image = np.array([[10, 100, 200]], np.uint8)
    np.testing.assert_array_equal(applied(ChannelShift(0, 1), image, 50.4), [[60, 150, 200]])
    np.testing.assert_array_equal(applied(ChannelShift(0, 1), image, -95.0), [[10, 10, 105]])
