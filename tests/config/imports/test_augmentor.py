"""What becomes of Augmentor's pipelines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.config.imports.importing import config, run, transforms

HEAD = 'import Augmentor\np = Augmentor.Pipeline("data")\n'


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("p.flip_left_right(probability=0.4)", {"horizontal_flip": 0.4}),
        ("p.flip_top_bottom(0.5)", {"vertical_flip": True}),
        ("p.rotate_random_90(0.3)", {"rotate_90": 0.3}),
        ("p.rotate(1, 5, 10)", {"rotation_range": [-5, 10], "fill_mode": "nearest"}),
        ("p.zoom(1, 1.1, 1.5)", {"scale_range": [1.1, 1.5], "fill_mode": "nearest"}),
        ("p.zoom_random(1, percentage_area=0.8)", {"crop_range": [0.64, 0.64], "crop_ratio": 1}),
        ("p.crop_random(1, 0.5, True)", {"crop_range": [0.01, 0.25], "crop_ratio": 1}),
        ("p.skew(1, magnitude=0.2)", {"perspective_range": 0.5}),
        ("p.shear(1, 8, 8)", {"shear_range": 8, "fill_mode": "nearest"}),
        ("p.random_brightness(1, 0.5, 1.5)", {"brightness_range": [0.5, 1.5]}),
        ("p.random_contrast(1, 0.5, 1.5)", {"contrast_range": [0.5, 1.5]}),
        ("p.random_color(1, 0.5, 1.5)", {"saturation_range": [0.5, 1.5]}),
        ("p.random_erasing(1, 0.2)", {"erasing_range": [0.01, 0.04]}),
        ("p.greyscale(0.2)", {"grayscale": 0.2}),
    ],
)
def test_operations(call: str, expected: dict[str, Any]) -> None:
    found = transforms(HEAD + call)
    assert {"fill_mode": "nearest", **found} == {"fill_mode": "nearest", **expected}


def test_a_pipeline_is_what_is_called_on_it() -> None:
    code = f"""{HEAD}
q = Augmentor.Pipeline("other")
p.rotate(probability=0.7, max_left_rotation=10, max_right_rotation=10)
q.flip_top_bottom(probability=1)
p.resize(probability=1, width=48, height=64)
p.random_distortion(probability=1, grid_width=4, grid_height=4, magnitude=8)
p.sample(1000)
"""
    found, done = config(code), run(code)
    assert found["transforms"]["rotation_range"] == 10
    assert found["transforms"]["probability"] == {"rotation_range": 0.7}
    assert "vertical_flip" not in found["transforms"]
    assert found["output"] == {"resize": "64x48"}
    # Corners move by up to 8 pixels: 2 / 3 of sqrt(8 * 9 / 3) * 3 / 4 is 2.449 px, at 48 x 64.
    assert found["transforms"]["elastic"] == [pytest.approx(2.449 / 0.277 / 48, rel=1e-3)] * 2
    assert done.missing == ()
    assert "the number of copies is a setting" in done.yaml
