from __future__ import annotations

from typing import Any

import pytest

from augtool.config.schema import Config
from augtool.core.geometry import Size
from augtool.core.pipeline import Subject
from augtool.core.records import Record
from augtool.core.resize import ResizeGeometry
from augtool.core.transforms import TRANSFORMS
from augtool.views.report.histograms import Histogram, histograms, largest_move
from tests.core.test_transforms import ON


def asked(transforms: dict[str, object], **more: object) -> dict[str, Histogram]:
    config = Config.model_validate({"transforms": transforms, **more})
    return {each.column: each for each in histograms(config)}


def record(width: int = 100, height: int = 50, **params: float) -> Record:
    return Record("p", "train", "c", 0, "s", 0, width, height, "", "", None, params)


def test_ranges_are_those_of_the_config() -> None:
    found = asked({"rotation_range": [5, 15], "zoom_range": 0.2, "brightness_range": [0.5, 2]})
    ends = {name: each.ends for name, each in found.items()}
    assert ends == {
        "rotation": pytest.approx((5, 15)),
        "zoom_x": pytest.approx((0.8, 1.2)),
        "zoom_y": pytest.approx((0.8, 1.2)),
        "brightness": pytest.approx((0.5, 2)),
    }


def test_shifts_of_a_fraction_are_told_as_shares_of_their_side() -> None:
    found = asked({"width_shift_range": 0.2, "height_shift_range": 0.2})
    for column, value in (("shift_x", 19.9), ("shift_y", 9.9)):
        found[column].add(record(**{column: value}))
        assert found[column].counts[-1] == 1
    assert found["shift_x"].unit == "of the width"


def test_whole_pixels_have_a_bar_each() -> None:
    shift = asked({"width_shift_range": 2})["shift_x"]
    for value in (-2, -1, 0, 1, 2, 2):
        shift.add(record(shift_x=value))
    assert shift.counts == [1, 1, 1, 1, 2]
    assert shift.ends == (-2, 2)


def test_draws_beyond_the_range_are_counted_apart() -> None:
    rotation = asked({"rotation_range": 10})["rotation"]
    for value in (-10.1, -10, 9.99, 10.5):
        rotation.add(record(rotation=value))
    assert (rotation.outside, sum(rotation.counts), rotation.draws) == (2, 2, 4)


def test_a_flip_is_yes_or_no() -> None:
    flip = asked({"horizontal_flip": 0.9})["flip_horizontal"]
    for value in (0, 1, 1):
        flip.add(record(flip_horizontal=value))
    assert flip.counts == [1, 2]


def test_copies_that_do_not_get_a_transform_are_not_counted() -> None:
    gamma = asked({"gamma_range": 0.5, "probability": {"gamma_range": 0.3}})["gamma"]
    for value in (1.0, 1.2, 0.7):
        gamma.add(record(gamma=value))
    assert gamma.draws == 2


@pytest.mark.parametrize("kind", TRANSFORMS, ids=lambda kind: kind.name)
def test_each_transform_has_histograms_that_hold_its_draws(kind: Any) -> None:
    found = asked({kind.name: ON[kind.name]})
    assert set(found) == {
        column for column, measure in zip(kind.columns, kind.measures) if measure != "key"
    }
    pipeline = Config.model_validate({"transforms": {kind.name: ON[kind.name]}}).pipeline()
    copies = pipeline.draw(0, [Subject("s", ResizeGeometry.fit(Size(50, 100)), 200)])
    for number in range(200):
        for histogram in found.values():
            histogram.add(record(**copies.params(number)))
    for histogram in found.values():
        assert (histogram.outside, histogram.draws) == (0, 200)
        assert sum(count > 0 for count in histogram.counts) > 1


def test_a_class_with_a_wider_range_widens_the_asked_one() -> None:
    own = {"six": {"transforms": {"rotation_range": 90}}}
    assert asked({"rotation_range": 10}, per_class=own)["rotation"].ends == pytest.approx((-90, 90))


def test_the_largest_move_of_a_corner() -> None:
    config = Config.model_validate(
        {"transforms": {"shear_range": 0.2, "width_shift_range": 3, "horizontal_flip": True}}
    )
    recipe, size = config.pipeline(), Size(101, 201)
    assert largest_move(recipe, "width_shift_range", size) == 3
    # sin(0.2 deg) * 50 px to the side, and next to nothing down
    assert largest_move(recipe, "shear_range", size) == pytest.approx(0.1745, abs=1e-3)
    assert largest_move(recipe, "horizontal_flip", size) is None
    assert largest_move(recipe, "rotation_range", size) is None
