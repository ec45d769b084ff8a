"""The keys of `transforms:` that turn images into floats, which only array sinks can hold."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field

from augtool.config.checked import checked
from augtool.core.transforms.ranges import number

__all__ = ["ARRAY_FIELDS", "read_shard_size"]

_DTYPES = ("uint8", "uint16", "float16", "float32", "float64")
_UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


def _rescale(value: Any) -> float | None:
    """Read a factor, as a number or a fraction such as 1/255."""
    if value is None:
        return None
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d+\.?\d*)\s*/\s*(\d*[1-9]\d*\.?\d*)\s*", value)
        if not found:
            raise ValueError(f"got {value!r}; expected a factor, such as 1/255")
        return float(found[1]) / float(found[2])
    return number(value, -1e6, 1e6)


def _epsilon(value: Any) -> float | None:
    return None if value is None else number(value, 0, 1e6)


def _switch(value: Any) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise ValueError(f"got {value!r}; expected true or false")
    return value


def _dtype(value: Any) -> str | None:
    if value is None:
        return None
    if value not in _DTYPES:
        raise ValueError(f"got {value!r}; expected one of {', '.join(_DTYPES)}")
    return str(value)


def _field(check: Any, schema: dict[str, Any], description: str) -> Any:
    return checked(check, schema), Field(None, description=f"arrays only: {description}")


_BOOLEAN = {"type": "boolean"}

#: Fields for pydantic's `create_model`.
ARRAY_FIELDS: dict[str, Any] = {
    "rescale": _field(_rescale, {"type": ["number", "string"]}, "multiply levels, e.g. by 1/255"),
    "samplewise_center": _field(_switch, _BOOLEAN, "subtract the image's own mean"),
    "samplewise_std_normalization": _field(_switch, _BOOLEAN, "divide by the image's own std"),
    "featurewise_center": _field(_switch, _BOOLEAN, "subtract the mean of the training originals"),
    "featurewise_std_normalization": _field(
        _switch, _BOOLEAN, "divide by the std of the training originals"
    ),
    "zca_whitening": _field(_switch, _BOOLEAN, "make features uncorrelated"),
    "zca_epsilon": _field(_epsilon, {"type": "number"}, "added to singular values"),
    "dtype": _field(_dtype, {"enum": list(_DTYPES)}, "of the images"),
}


def read_shard_size(value: Any) -> int | None:
    """Read a size in bytes, such as 100000000, 100MB or 1.5GiB."""
    if value is None:
        return None
    size = value
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", value)
        factor = _UNITS.get(found[2].upper()) if found else None
        size = int(float(found[1]) * factor) if found and factor else None
    if isinstance(size, bool) or not isinstance(size, int):
        raise ValueError(f"got {value!r}; expected a size such as 100MB or 1GiB")
    if size < 1000:
        raise ValueError(f"got {value!r}; a shard must hold at least 1,000 bytes, e.g. 100MB")
    return size
