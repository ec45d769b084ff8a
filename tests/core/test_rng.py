"""Draws depend on what they are for and on nothing else, and are as good as random."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from augtool.core.rng import sample_word, shuffle_key, threefry, uniforms

COUNT = 20_000
#: Of the tests below together, one in some thousand would fail by chance; none is drawn anew.
RARE = 1e-5

# Threefry-2x64-20 of Random123's kat_vectors: counter, key, result.
KNOWN_ANSWERS = [
    ((0, 0), (0, 0), (0xC2B6E3A8C2C69865, 0x6F81ED42F350084D)),
    ((2**64 - 1, 2**64 - 1), (2**64 - 1, 2**64 - 1), (0xE02CB7C4D95D277A, 0xD06633D0893B8B68)),
    (
        (0x243F6A8885A308D3, 0x13198A2E03707344),
        (0xA4093822299F31D0, 0x082EFA98EC4E6C89),
        (0x263C7D30BB0F0AF1, 0x56BE8361D3311526),
    ),
]


def word(number: int) -> Any:
    return np.array([number], np.uint64)


def draw(
    samples: list[str], copies: int, name: str = "x", *, seed: int = 0, count: int = 1
) -> np.ndarray:
    """Return numbers of shape (samples, copies, count)."""
    words = np.repeat(np.array([sample_word(seed, each) for each in samples], np.uint64), copies)
    numbers = np.tile(np.arange(copies, dtype=np.uint64), len(samples))
    (drawn,) = uniforms(words, numbers, [(name, count)])
    return drawn.T.reshape(len(samples), copies, count)


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_threefry_gives_the_published_answers(counter: Any, key: Any, expected: Any) -> None:
    drawn = threefry((word(key[0]), word(key[1])), (word(counter[0]), word(counter[1])))
    assert tuple(int(each[0]) for each in drawn) == expected


def test_the_numbers_are_frozen() -> None:
    """A change here changes every picture that anyone made: never without a major version."""
    assert sample_word(0, "cat/1.jpg") == 0x6E6C7505CB12275E
    drawn = draw(["cat/1.jpg"], 4, "zoom_range", count=2)[0, 3]
    assert tuple(drawn) == (0.19077315348332358, 0.09301374305767585)
    assert shuffle_key(0, "stratified", "cat/1.jpg") == 13275758484885603805


@given(
    st.integers(0, 2**63 - 1),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
    st.integers(1, 50),
    st.integers(1, 8),
)
def test_a_number_is_the_same_alone_and_among_others(
    seed: int, sample: str, copies: int, count: int
) -> None:
    among = draw(["a", sample], copies, seed=seed, count=count)[1]
    assert ((among >= 0) & (among < 1)).all()
    (alone,) = uniforms(
        word(sample_word(seed, sample)), word(copies - 1), [("other", 2), ("x", count)]
    )[1:]
    np.testing.assert_array_equal(alone[:, 0], among[-1])


def test_names_seeds_samples_and_copies_draw_apart() -> None:
    drawn = {
        float(each)
        for seed in (0, 1)
        for name in ("x", "y")
        for each in draw(["a", "b"], 2, name, seed=seed).ravel()
    }
    assert len(drawn) == 16


def test_names_that_are_not_utf8_draw_too() -> None:
    assert sample_word(0, "caf\udce9.jpg") != sample_word(0, "café.jpg")


STREAMS = {
    "copies of one sample": lambda name: draw(["a"], COUNT, name).ravel(),
    "neighbouring ids": lambda name: draw([f"{k:05}.png" for k in range(COUNT)], 1, name).ravel(),
    "neighbouring seeds": lambda name: np.concatenate(
        [draw(["a"], 1, name, seed=seed).ravel() for seed in range(2000)]
    ),
    "places": lambda name: draw([f"{k}" for k in range(COUNT // 8)], 1, name, count=8).ravel(),
}


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("name", ["rotation_range", "zoom_range", "horizontal_flip"])
def test_draws_are_uniform(stream: str, name: str) -> None:
    """Kolmogorov and Smirnov's test, and chi-squared over 64 bins."""
    drawn = STREAMS[stream](name)
    assert stats.kstest(drawn, "uniform").pvalue > RARE
    counts, _ = np.histogram(drawn, 64, (0, 1))
    assert stats.chisquare(counts).pvalue > RARE


@pytest.mark.parametrize("stream", STREAMS)
def test_neighbours_and_names_are_not_correlated(stream: str) -> None:
    """Spearman's rank correlation, at lags 1, 2 and 7, and between two names."""
    one, other = STREAMS[stream]("rotation_range"), STREAMS[stream]("zoom_range")
    for lag in (1, 2, 7):
        assert stats.spearmanr(one[:-lag], one[lag:]).pvalue > RARE
    assert stats.spearmanr(one, other).pvalue > RARE


def test_seeds_that_follow_each_other_are_not_correlated() -> None:
    ids = [f"{k}.png" for k in range(COUNT)]
    drawn = [draw(ids, 1, seed=seed).ravel() for seed in (0, 1, 2)]
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert stats.spearmanr(drawn[one], drawn[other]).pvalue > RARE


def test_every_bit_of_a_draw_is_fair() -> None:
    bits = (draw(["a"], COUNT).ravel() * 2.0**53).astype(np.uint64)
    for place in range(53):
        ones = int(((bits >> np.uint64(place)) & np.uint64(1)).sum())
        assert stats.binomtest(ones, COUNT).pvalue > RARE
