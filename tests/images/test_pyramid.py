"""The reductions that crops of one image read."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from augtool.config.schema import Config
from augtool.core.pipeline import Subject
from augtool.core.resize import Reduction
from augtool.images.source_image import SourceImage, load, probe
from tests.pictures import photo

CONFIG = Config.model_validate(
    {"transforms": {"crop_range": [0.02, 1]}, "output": {"resize": "50x40"}}
)
LEVELS = [Reduction(8, 8), Reduction(4, 8), Reduction(2, 2), Reduction(1, 1)]


def source(form: str) -> Any:
    image = photo(1, 500, 420)
    return image if form == "pixels" else cv2.imencode(f".{form}", image)[1].tobytes()


@pytest.mark.parametrize("form", ["jpg", "png", "pixels"])
def test_a_level_is_the_same_whichever_others_are_made(form: str) -> None:
    """So a copy doesn't depend on others, and the original not on whether there are crops."""
    probed = probe(source(form), CONFIG)
    together = probed.decode(CONFIG, LEVELS)
    plain = load(source(form), Config.model_validate({"output": {"resize": "50x40"}}))
    np.testing.assert_array_equal(together.prepared, plain.prepared)
    for level in LEVELS:
        alone = probed.decode(CONFIG)
        assert level not in alone.levels or level == probed.geometry.reduction
        np.testing.assert_array_equal(alone.at(level), together.levels[level])
        assert alone.at(level).shape[:2] == (-(-500 // level.y), -(-420 // level.x))


def test_of_a_jpeg_each_level_is_what_the_decoder_reduces_it_to() -> None:
    data = cv2.imencode(".jpg", photo(2, 400, 320))[1]
    loaded = load(data.tobytes(), CONFIG)
    for scale, flag in (
        (8, cv2.IMREAD_REDUCED_COLOR_8),
        (4, cv2.IMREAD_REDUCED_COLOR_4),
        (1, cv2.IMREAD_COLOR),
    ):
        level = loaded.at(Reduction(scale, scale))[..., :3]
        np.testing.assert_array_equal(level, cv2.imdecode(data, flag))


def test_copies_share_the_levels_that_they_need_and_no_others_are_made() -> None:
    probed = probe(source("png"), CONFIG)
    copies = CONFIG.pipeline().draw(0, [Subject("cat/1.png", probed.geometry, 40)])
    loaded: SourceImage = probed.decode(CONFIG, copies.reductions)
    assert 3 <= len(loaded.levels) <= 9
    assert set(loaded.levels) == {probed.geometry.reduction, *copies.reductions}
    assert all(loaded.at(each) is loaded.levels[each] for each in copies.reductions)
    pixels = [level.shape[0] * level.shape[1] for level in loaded.levels.values()]
    assert sum(pixels) < 4 * max(pixels)
