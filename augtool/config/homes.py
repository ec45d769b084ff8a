"""Where a key of the config belongs, for those who wrote it in another place."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterator

from pydantic import BaseModel

__all__ = ["home_of", "keys_at"]


def keys_at(parents: tuple[object, ...], model: type[BaseModel]) -> list[str]:
    """Return the keys of the model at `parents`, a path below `model`."""
    for parent in parents:
        field = model.model_fields.get(str(parent))
        if field is None:  # a key of a mapping, such as a class name
            continue
        model = _below(field.annotation) or model
    return list(model.model_fields)


def home_of(key: str, model: type[BaseModel], *, near: bool = False) -> str | None:
    """Return the dotted key under which `key`, or one that is spelled almost so, is known.

    Keys that belong to one class only are looked for in the general blocks.
    """
    homes = dict(_homes(model))
    if not near:
        return homes.get(key)
    close = difflib.get_close_matches(key, homes, 1)
    return homes[close[0]] if close else None


def _homes(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Yield every key with its dotted name; of equal keys, the one that wins comes last."""
    for block in reversed(model.model_fields):
        below = _below(model.model_fields[block].annotation)
        if below is not None and block not in ("per_class", "policy"):
            yield from ((name, f"{block}.{name}") for name in below.model_fields)
    yield from ((name, name) for name in model.model_fields)


def _below(annotation: object) -> type[BaseModel] | None:
    """Return the model in the type of a field, if there is one."""
    inner = typing.get_args(annotation)
    for each in inner:
        if (model := _below(each)) is not None:
            return model
    if not inner and isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return None
