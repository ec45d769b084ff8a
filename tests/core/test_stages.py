"""What follows the warp: stages, and the tables into which level changes are gathered."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augtool.core.levels import Levels
from augtool.core.stages import STAGES, apply_steps
from augtool.core.transforms import PHOTOMETRIC
from augtool.core.transforms.brightness import Brightness
from augtool.core.transforms.channel_shift import ChannelShift
from tests.pictures import picture

FORMS = [*product((np.uint8, np.uint16), (1, 2, 3, 4), ((7, 4), (150, 120)))]
#: Changes of one kind of levels, and of each channel in its own way.
CHANGES = {
    "darker": lambda levels: np.floor(levels * 0.7),
    "brighter": lambda levels: levels * 1.6,
    "inverted": lambda levels: 255 - levels,
    "by channel": lambda levels: levels * np.array([0.5, 1.0, 1.5])[: max(1, levels.shape[-1])],
}


def test_the_registry_is_in_the_order_of_the_stages() -> None:
    stages = list(STAGES)
    places = [stages.index(kind.stage) for kind in PHOTOMETRIC]
    assert places == sorted(places)


def test_the_first_level_changes_keep_their_bytes() -> None:
    """Tables and sums of whole numbers are the same on every machine, so this digest is too."""
    digest = sha256()
    for dtype, channels, size in FORMS:
        image = picture(1, *size, channels, dtype)
        for shift, factor in ((17.4, 0.63), (-30.2, 1.7), (0.5, 3.0)):
            steps = [(ChannelShift(0, 1), (shift,)), (Brightness(0, 1), (factor,))]
            for some in (steps, steps[:1], steps[1:]):
                digest.update(apply_steps(image, some).tobytes())
    assert digest.hexdigest() == "31e434768ac8ff05dac6fd4a3f6442bd6e0ca76c2cc42090707f6b7bf9b00f26"


cached_picture = cache(picture)  # changes leave it as it is


@pytest.mark.parametrize(("dtype", "channels", "size"), FORMS)
@given(
    names=st.lists(st.sampled_from(["darker", "brighter", "inverted", "by channel"]), max_size=4)
)
def test_changes_together_are_those_one_by_one(
    dtype: Any, channels: int, size: tuple[int, int], names: list[str]
) -> None:
    image = cached_picture(2, *size, channels, dtype)
    if channels < 3:
        names = [name for name in names if name != "by channel"]
    together, alone = Levels(image), image
    for name in names:
        together.then(CHANGES[name])
        step = Levels(alone)
        step.then(CHANGES[name])
        alone = step.applied()
    np.testing.assert_array_equal(together.applied(), alone)
    assert alone.dtype == image.dtype


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_small_picture_of_16_bits_pays_for_its_own_levels_only(channels: int) -> None:
    """Its levels come out as those of a large picture, which go through a table."""
    small = picture(3, 7, 4, channels, np.uint16)
    large = np.tile(small, (60, 60, 1) if channels > 1 else (60, 60))
    asked = []

    def change(levels: Any) -> Any:
        asked.append(levels.size)
        return np.sqrt(levels) * 200

    made = []
    for image in (small, large):
        levels = Levels(image)
        levels.then(change)
        made.append(levels.applied())
    np.testing.assert_array_equal(made[0], made[1][:7, :4])
    assert asked == [7 * 4 * (3 if channels > 2 else 1), 65536]


def test_extremes_are_those_after_the_changes_so_far() -> None:
    levels = Levels(np.array([[10, 100, 200]], np.uint8))
    levels.then(CHANGES["inverted"])
    assert levels.extremes() == (55, 245)
