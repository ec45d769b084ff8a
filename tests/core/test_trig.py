"""Cosine, sine, exponential and power: right to the last bits, and the same digits everywhere."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from augtool.core.trig import cos_sin, exp, log, power


@given(st.floats(-720, 720))
def test_they_are_those_of_the_c_library_to_a_rounding(angle_deg: float) -> None:
    cos, sin = cos_sin(angle_deg)
    assert abs(cos - math.cos(math.radians(angle_deg))) < 3e-15
    assert abs(sin - math.sin(math.radians(angle_deg))) < 3e-15


@given(st.lists(st.floats(-360, 360), min_size=1, max_size=9))
def test_an_array_has_the_digits_of_each_number(angles: list[float]) -> None:
    cos, sin = cos_sin(np.array(angles))
    assert np.asarray(cos).tolist() == [float(cos_sin(each)[0]) for each in angles]
    assert np.asarray(sin).tolist() == [float(cos_sin(each)[1]) for each in angles]


@given(st.floats(-2, 2))
def test_the_exponential_is_that_of_the_c_library_to_a_rounding(number: float) -> None:
    assert abs(float(exp(number)) / math.exp(number) - 1) < 1e-14
    assert np.asarray(exp(np.array([number]))).tolist() == [float(exp(number))]


@given(st.floats(0.2, 5))
def test_the_logarithm_is_that_of_the_c_library_to_a_rounding(number: float) -> None:
    assert abs(float(log(number)) - math.log(number)) < 3e-15


def test_quarter_turns_are_exact() -> None:
    for quarter, expected in enumerate([(1, 0), (0, 1), (-1, 0), (0, -1), (1, 0)]):
        assert tuple(float(each) for each in cos_sin(90.0 * quarter)) == expected


def test_the_digits_are_frozen() -> None:
    """No FMA, no vector library: the series in plain Python has them too."""
    for angle_deg in (0.1, 17.3, -44.9, 61.0, 133.7, -271.25):
        quarter = round(angle_deg / 90.0)
        angle = (angle_deg - 90.0 * quarter) * (math.pi / 180.0)
        square, cos, sin = angle * angle, 0.0, 0.0
        for k in range(16, -1, -2):
            cos = cos * square + (-1) ** (k // 2) / math.factorial(k)
            sin = sin * square + (-1) ** (k // 2) / math.factorial(k + 1)
        sin *= angle
        expected = [(cos, sin), (-sin, cos), (-cos, -sin), (sin, -cos)][quarter % 4]
        assert tuple(float(each) for each in cos_sin(angle_deg)) == expected


@given(st.floats(0, 1), st.floats(0.01, 100))
def test_a_power_is_that_of_the_c_library_to_a_rounding(base: float, exponent: float) -> None:
    assert abs(float(power(base, exponent)) - base**exponent) < 2e-15
    assert np.asarray(power(np.array([base]), exponent)).tolist() == [float(power(base, exponent))]
