"""Config fields that are more than a type: their forms, checks and JSON Schema."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from augtool.config.array_fields import ARRAY_FIELDS, read_shard_size
from augtool.config.checked import checked
from augtool.config.own_code import Own, is_own_key
from augtool.core.geometry import BORDERS, INTERPOLATIONS
from augtool.core.transforms import TRANSFORMS
from augtool.core.transforms.crop import ratios
from augtool.core.transforms.family import NUMBER_OR_PAIR
from augtool.core.transforms.ranges import Switch, is_pair, number
from augtool.core.warp import LONGEST_SIDE

__all__ = ["WARP_DEFAULTS", "STRICT", "Flatten", "Resize", "TransformSettings"]

#: How the warp reads pixels by default.
WARP_DEFAULTS: dict[str, Any] = {"fill_mode": "nearest", "cval": 0, "interpolation_order": 1}

STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _choice(choices: Mapping[Any, Any], description: str) -> Any:
    """Return a field that takes one of the keys of `choices`, or None if not set."""
    keys = list(choices)

    def check(value: Any) -> Any:
        if value is not None and (isinstance(value, bool) or value not in keys):
            listed = ", ".join(str(key) for key in keys)
            raise ValueError(f"got {value!r}; expected one of {listed}")
        return value

    return checked(check, {"enum": keys}), Field(None, description=description)


def _cval(value: Any) -> Any:
    """Check ``cval``: a level for all channels, or one per channel (1 to 4)."""
    if value is None:
        return None
    for each in value if is_pair(value) else [value]:
        number(each, 0, 65535)
    if is_pair(value) and not 1 <= len(value) <= 4:
        raise ValueError(f"got {len(value)} numbers; use one, or one per channel (1 to 4)")
    return value


def _probability(value: Any) -> dict[str, float] | None:
    """Check ``probability``: names of transforms that have none of their own, to probabilities."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise ValueError(f"got {value!r}; expected a block, e.g. {{rotation_range: 0.5}}")
    kinds = {kind.name: kind for kind in TRANSFORMS}
    for name, chance in value.items():
        if is_own_key(name):
            number(chance, 0, 1)
            continue
        if name not in kinds:
            near = difflib.get_close_matches(str(name), kinds, 1)
            hint = f"did you mean {near[0]!r}?" if near else "name a transform"
            raise ValueError(f"{name!r} is not a transform; {hint}")
        if issubclass(kinds[name], Switch):
            raise ValueError(f"{name}'s setting is its probability; set transforms.{name}={chance}")
        number(chance, 0, 1)
    return {name: float(chance) for name, chance in value.items()}


def _crop_ratio(value: Any) -> Any:
    """Check ``crop_ratio``."""
    if value is not None:
        ratios(value)
    return value


def _transform_field(kind: Any) -> Any:
    """Return the pydantic field of a transform: checked by its `parse`, kept as written."""

    def check(value: Any) -> Any:
        kind.parse(value)
        return value

    return checked(check, kind.schema), Field(None, description=kind.help)


_PROBABILITY = checked(
    _probability,
    {"type": "object", "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1}},
)
_RATIO = checked(_crop_ratio, NUMBER_OR_PAIR)
_CVAL = checked(
    _cval, {"anyOf": [{"type": "number"}, {"type": "array", "items": {"type": "number"}}]}
)

#: The `transforms:` block: one key per registered transform, and how the warp reads pixels.
TransformSettings: type[BaseModel] = create_model(
    "TransformSettings",
    __config__=STRICT,
    __module__=__name__,  # pydantic before 2.5 can't find out, and workers get it by name
    **{kind.name: _transform_field(kind) for kind in TRANSFORMS},
    crop_ratio=(_RATIO, Field(None, description="how much wider crops are than the output")),
    own=(Own, Field(None, description="transforms of your own, by module:Class")),
    probability=(_PROBABILITY, Field(None, description="share of the copies that get a transform")),
    fill_mode=_choice(BORDERS, "how to fill beyond the edge"),
    cval=(_CVAL, Field(None, description="the level for fill_mode constant, or one per channel")),
    interpolation_order=_choice(INTERPOLATIONS, "0 nearest, 1 linear, 3 bicubic"),
    **ARRAY_FIELDS,
)


def _resize(value: Any) -> tuple[int, int] | None:
    """Read ``HxW`` or [height, width]."""
    if value is None:
        return None
    if isinstance(value, str) and (match := re.fullmatch(r"(\d{1,6})[xX](\d{1,6})", value)):
        value = [int(match[1]), int(match[2])]
    if not is_pair(value) or len(value) != 2 or any(type(side) is not int for side in value):
        raise ValueError(f"got {value!r}; expected height x width in pixels, e.g. 150x150")
    if not all(1 <= side <= LONGEST_SIDE for side in value):
        raise ValueError(f"got {value!r}; each side must be from 1 to {LONGEST_SIDE} pixels")
    return int(value[0]), int(value[1])


_COLOURS = {"white": "#ffffff", "black": "#000000", "gray": "#808080", "grey": "#808080"}


def _flatten(value: Any) -> str | None:
    """Read a colour, as ``#rrggbb`` or a name."""
    if value is None:
        return None
    colour = _COLOURS.get(value.lower(), value.lower()) if isinstance(value, str) else ""
    if not re.fullmatch(r"#[0-9a-f]{6}", colour):
        raise ValueError(f"got {value!r}; expected white, black, gray or #rrggbb")
    return colour


def _optional(check: Any, *forms: dict[str, Any]) -> Any:
    """Return the type of a field that takes any of `forms`, or nothing."""
    return checked(check, {"anyOf": [*forms, {"type": "null"}]})


ShardSize = _optional(
    read_shard_size,
    {"type": "integer", "minimum": 1000},
    {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*([KMGkmg][Ii]?[Bb])?\s*$"},
)
_SIDE = {"type": "integer", "minimum": 1, "maximum": LONGEST_SIDE}
Resize = _optional(
    _resize,
    {"type": "string", "pattern": r"^\d{1,6}[xX]\d{1,6}$"},
    {"type": "array", "items": _SIDE, "minItems": 2, "maxItems": 2},
)
Flatten = _optional(
    _flatten, {"enum": list(_COLOURS)}, {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}
)
