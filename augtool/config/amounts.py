"""The `balance:` key: to which size classes are brought."""

from __future__ import annotations

from typing import Any, Literal

from augtool.config.checked import checked

__all__ = ["Balance"]

_WORDS = ("largest", "median")
_MOST = 10**9


def _balance(value: Any) -> bool | Literal["median"] | int:
    """Read true or false, ``largest`` (the same as true), ``median``, or a number of images."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and 1 <= value <= _MOST:
        return value
    if value == "median":
        return "median"
    if value == "largest":
        return True
    raise ValueError(
        f"got {value!r}; expected true or false, {' or '.join(_WORDS)}, or a number of images a"
        " class"
    )


Balance = checked(
    _balance,
    {"anyOf": [{"type": "boolean"}, {"enum": list(_WORDS)}, {"type": "integer", "minimum": 1}]},
)
