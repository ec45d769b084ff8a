"""Tells which columns of a Parquet file hold images and labels, from its schema."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from augtool.errors import InputError

__all__ = ["Columns", "find_columns"]

#: Names of columns where the schema does not say which are images and classes.
_IMAGES = ("image", "img", "pixel_values", "picture")
_LABELS = ("label", "labels", "fine_label", "class", "cls", "target")


class Columns(NamedTuple):
    """Which columns hold the images (and their paths, "" for none) and the labels."""

    data: str
    path: str
    label: str
    names: tuple[str, ...]


def find_columns(schema: Any, path: str, class_column: str | None) -> Columns:
    """Return which columns to read, from Hugging Face's description in the schema, or by name.

    Raises
    ------
    InputError
        When there is no column of images, or none of labels.
    """
    features = _features(schema)
    kinds = {name: each.get("_type") for name, each in features.items()}
    images = [name for name in schema.names if kinds.get(name) == "Image"]
    images += [name for name in _IMAGES if name in schema.names]
    labels = [name for name in schema.names if kinds.get(name) == "ClassLabel"]
    labels += [name for name in _LABELS if name in schema.names]
    if class_column is not None:
        labels = [name for name in schema.names if name == class_column]
    for found, what, fix in (
        (images, "images", f"call it {_IMAGES[0]}"),
        (labels, "labels", "pass its name with --class-column"),
    ):
        if not found:
            raise InputError(
                f"{path}: has no column of {what}, only {', '.join(schema.names[:20])}; {fix}"
            )
    image, label = images[0], labels[0]
    names = features.get(label, {}).get("names", ())
    is_sound = isinstance(names, list) and all(isinstance(each, str) for each in names)
    inner = _members(schema.field(image).type)
    data, inner_path = image, ""
    if inner:
        data, inner_path = f"{image}.bytes", f"{image}.path" if "path" in inner else ""
        if "bytes" not in inner:
            raise InputError(f"{path}: {image!r} has no field 'bytes'; embed the images")
    return Columns(data, inner_path, label, tuple(names) if is_sound else ())


def _features(schema: Any) -> Mapping[str, Mapping[str, Any]]:
    """Return Hugging Face's description of the columns; nothing where there is none."""
    try:
        described = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = described["info"]["features"]
        return {name: each for name, each in features.items() if isinstance(each, dict)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _members(kind: Any) -> Sequence[str]:
    """Return the names of the fields of a struct; none for another type."""
    return [kind.field(at).name for at in range(kind.num_fields)] if kind.num_fields else []
