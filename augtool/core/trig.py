"""Cosine, sine, exponential, logarithm and power with the same digits on every machine.

C libraries and NumPy's vector code differ in the last bit.  Here are only additions, products,
quotients and roundings, which IEEE 754 fixes: series, where they converge fast.
"""

from __future__ import annotations

import math

import numpy as np

from augtool.core.geometry import Column

__all__ = ["cos_sin", "exp", "log", "power"]

#: 1/k! with alternating signs, the highest power first: below 1e-17 is left within 45 degrees.
_COS = [(-1) ** (k // 2) / math.factorial(k) for k in range(16, -1, -2)]
_SIN = [(-1) ** (k // 2) / math.factorial(k) for k in range(17, 0, -2)]
#: 1/k!, the highest power first: below 1e-17 is left up to 2.
_EXP = [1 / math.factorial(k) for k in range(26, -1, -1)]
#: 2/k for odd k, the highest first: the logarithm of (1 + s) / (1 - s), to 1e-17 up to s = 0.172.
_LOG = [2 / k for k in range(23, 0, -2)]
_LN_2 = 0.6931471805599453


def cos_sin(angle_deg: Column) -> tuple[Column, Column]:
    """Return cosine and sine of angles in degrees, to 2e-16; of whole quarter turns exactly.

    >>> cos, sin = cos_sin(90.0)
    >>> bool(cos == 0 and sin == 1)
    True
    """
    quarter = np.rint(angle_deg / 90.0)
    angle = (angle_deg - 90.0 * quarter) * (math.pi / 180.0)  # the difference is exact
    square = angle * angle
    cos, sin = _COS[0], _SIN[0]
    for cos_term, sin_term in zip(_COS[1:], _SIN[1:]):
        cos = cos * square + cos_term
        sin = sin * square + sin_term
    sin = sin * angle
    is_odd, sign = quarter % 2 == 1, 1.0 - 2.0 * (quarter % 4 >= 2)
    return np.where(is_odd, -sin, cos) * sign, np.where(is_odd, cos, sin) * sign


def exp(number: Column) -> Column:
    """Return e to the power of numbers from -2 to 2, to 1e-15.

    >>> bool(exp(0.0) == 1)
    True
    """
    power: Column = _EXP[0]
    for term in _EXP[1:]:
        power = power * number + term
    return power


def log(number: Column) -> Column:
    """Return the natural logarithm of numbers above 0, to 2e-15 near 1.

    >>> float(log(1.0))
    0.0
    """
    mantissa, twos = np.frexp(number)
    is_low = mantissa < math.sqrt(0.5)
    mantissa, twos = np.where(is_low, mantissa * 2, mantissa), twos - is_low
    ratio = (mantissa - 1) / (mantissa + 1)
    series: Column = _LOG[0]
    for term in _LOG[1:]:
        series = series * (ratio * ratio) + term
    logarithm: Column = series * ratio + twos * _LN_2
    return logarithm


def power(base: Column, exponent: float) -> Column:
    """Return numbers from 0 to 1 to the power of a number above 0, to 1e-15 of 1.

    >>> [float(power(base, 2.0)) for base in (0.0, 0.5, 1.0)]
    [0.0, 0.25, 1.0]
    """
    logarithm = exponent * log(np.where(base, base, 1.0))
    whole = np.rint(logarithm / _LN_2)
    raised = np.ldexp(exp(logarithm - whole * _LN_2), whole.astype(np.int32))
    return np.where(base, raised, 0.0)
