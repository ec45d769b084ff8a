"""Draws are pure functions of their names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from augtool.core.rng import copy_key, sample_key, shuffle_key, uniforms


def test_the_numbers_are_frozen() -> None:
    """A change here changes every picture that anyone made: never without a major version."""
    key = sample_key(0, "cat/1.jpg")
    assert uniforms(copy_key(key, 0), "rotation_range", 1) == (0.5913390428717281,)
    zooms = uniforms(copy_key(key, 3), "zoom_range", 2)
    assert zooms == (0.42908590953224235, 0.7469660903462356)
    assert shuffle_key(0, "stratified", "cat/1.jpg") == 13275758484885603805


@given(
    st.integers(0, 2**63 - 1),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
    st.integers(0, 1000),
    st.integers(1, 8),
)
def test_uniforms_lie_in_the_unit_interval(seed: int, sample: str, copy: int, count: int) -> None:
    drawn = uniforms(copy_key(sample_key(seed, sample), copy), "name", count)
    assert len(drawn) == count
    assert all(0 <= each < 1 for each in drawn)


def test_names_seeds_samples_and_copies_draw_apart() -> None:
    drawn = {
        uniforms(copy_key(sample_key(seed, sample), copy), name, 1)
        for seed in (0, 1)
        for sample in ("a", "b")
        for copy in (0, 1)
        for name in ("x", "y")
    }
    assert len(drawn) == 16


def test_names_that_are_not_utf8_draw_too() -> None:
    one, other = (copy_key(sample_key(0, name), 0) for name in ("caf\udce9.jpg", "café.jpg"))
    assert uniforms(one, "x", 1) != uniforms(other, "x", 1)


def test_draws_are_uniform() -> None:
    """Mean and variance of 20,000 draws: 1/2 and 1/12, to four standard errors."""
    key = sample_key(0, "x")
    drawn = [uniforms(copy_key(key, copy), "name", 1)[0] for copy in range(20_000)]
    mean = sum(drawn) / len(drawn)
    variance = sum((each - mean) ** 2 for each in drawn) / len(drawn)
    assert abs(mean - 0.5) < 4 * (1 / 12 / 20_000) ** 0.5
    assert abs(variance - 1 / 12) < 4 * (1 / 180 / 20_000) ** 0.5
