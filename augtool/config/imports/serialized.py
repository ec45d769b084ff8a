"""Albumentations' own YAML and JSON (``A.save``, ``A.to_dict``), and Hydra's ``_target_`` form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from augtool.config import yaml12
from augtool.config.imports.frameworks import framework_of
from augtool.config.imports.values import Call
from augtool.errors import ConfigError

__all__ = ["read_serialized"]

_CLASS_KEYS = ("__class_fullname__", "_target_")
#: Keys that only wrap a pipeline, and are no name for it.
_WRAPPERS = ("transform", "transforms", "__version__")


def read_serialized(text: str) -> list[tuple[str, Call]]:
    """Return the pipelines in a serialised text with the keys that they stand under."""
    if not any(key in text for key in _CLASS_KEYS):
        return []
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        try:
            value = yaml12.load_text(text, "")
        except ConfigError:
            return []
    return list(_pipelines(value, ""))


def _pipelines(value: Any, name: str) -> Iterator[tuple[str, Call]]:
    """Yield the outermost operations below nested keys."""
    if isinstance(value, dict):
        if _class_of(value):
            call = _call(value)
            if framework_of(call) is not None:
                yield name, call
            return
        for key, inner in value.items():
            yield from _pipelines(inner, name if key in _WRAPPERS else str(key))
    elif isinstance(value, list):
        operations = [_call(each) for each in value if isinstance(each, dict) and _class_of(each)]
        if operations and len(operations) == len(value):
            yield name, Call("albumentations.Compose", (operations,), text="the list of operations")
        else:
            for inner in value:
                yield from _pipelines(inner, name)


def _class_of(value: dict[str, Any]) -> str:
    return next((str(value[key]) for key in _CLASS_KEYS if key in value), "")


def _call(value: Any) -> Any:
    """Return a mapping with a class as a call, anything else as it is."""
    if isinstance(value, list):
        return [_call(each) for each in value]
    if not isinstance(value, dict) or not (name := _class_of(value)):
        return value
    keywords = {key: _call(each) for key, each in value.items() if key not in _CLASS_KEYS}
    last = name.rpartition(".")[2]
    named = ", ".join(f"{key}={each!r}" for key, each in keywords.items() if _is_plain(each))
    full = name if "." in name else f"albumentations.{name}"
    return Call(full, (), keywords, text=f"{last}({named})"[:80])


def _is_plain(value: Any) -> bool:
    return isinstance(value, (int, float, str)) or (
        isinstance(value, list) and all(isinstance(each, (int, float)) for each in value)
    )
