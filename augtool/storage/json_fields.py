"""Reads JSON that may be torn or foreign: every value is checked for its type as it is taken."""

from __future__ import annotations

import hashlib
import json
from typing import TypeVar

__all__ = ["JsonFields", "is_sealed", "json_bytes", "sealed_bytes"]

_Kind = TypeVar("_Kind", bool, int, float, str)


class JsonFields:
    """The fields of one JSON object.

    Parameters
    ----------
    value
        What ``json.loads`` returned, or a value in it.

    Raises
    ------
    ValueError
        When it is not an object.
    """

    def __init__(self, value: object) -> None:
        if not isinstance(value, dict):
            raise ValueError(f"expected an object, got {value!r:.40}")
        self._fields: dict[str, object] = value

    @classmethod
    def parse(cls, data: bytes) -> JsonFields:
        """Return the fields of a JSON text.

        Raises
        ------
        ValueError
            When it is not JSON, or not an object. So does every method, where a field is missing
            or of another type.
        """
        try:
            return cls(json.loads(data))
        except RecursionError as error:
            raise ValueError("nested too deeply") from error

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def get(self, name: str, kind: type[_Kind]) -> _Kind:
        """Return the text or number `name`; whole numbers are never taken for floats or bools."""
        return _checked(name, self._value(name), kind)

    def fields(self, name: str, *, optional: bool = False) -> JsonFields:
        """Return the object `name`; an empty one where it is `optional` and missing."""
        if optional and name not in self._fields:
            return JsonFields({})
        try:
            return JsonFields(self._value(name))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error

    def objects(self) -> dict[str, JsonFields]:
        """Return all fields, which are objects."""
        return {name: self.fields(name) for name in self._fields}

    def mapping(self, name: str, kind: type[_Kind]) -> dict[str, _Kind]:
        """Return the object `name`, whose values are all of one kind."""
        inner = self.fields(name)
        return {key: inner.get(key, kind) for key in inner._fields}

    def lists(self, name: str, kind: type[_Kind]) -> dict[str, list[_Kind]]:
        """Return the object `name`, whose values are lists of one kind."""
        inner = self.fields(name)
        return {key: inner.items(key, kind) for key in inner._fields}

    def items(self, name: str, kind: type[_Kind]) -> list[_Kind]:
        """Return the list `name` of values of one kind."""
        return [_checked(name, each, kind) for each in self._list(name)]

    def rows(self, name: str, kind: type[_Kind]) -> list[list[_Kind]]:
        """Return the list `name` of lists of one kind."""
        rows = []
        for row in self._list(name):
            if not isinstance(row, list):
                raise ValueError(f"{name}: expected lists, got {row!r:.40}")
            rows.append([_checked(name, each, kind) for each in row])
        return rows

    def as_dict(self) -> dict[str, object]:
        """Return the fields as they are."""
        return self._fields

    def _value(self, name: str) -> object:
        if name not in self._fields:
            raise ValueError(f"{name} is missing")
        return self._fields[name]

    def _list(self, name: str) -> list[object]:
        value = self._value(name)
        if not isinstance(value, list):
            raise ValueError(f"{name}: expected a list, got {value!r:.40}")
        return value


def _checked(name: str, value: object, kind: type[_Kind]) -> _Kind:
    if type(value) is not kind:
        raise ValueError(f"{name}: expected {kind.__name__}, got {value!r:.40}")
    return value


def json_bytes(value: object) -> bytes:
    """Return a JSON text for people, with a line break at its end."""
    return (json.dumps(value, indent=2, ensure_ascii=True) + "\n").encode()


def sealed_bytes(fields: dict[str, object]) -> bytes:
    """Return a JSON text for people whose last field, `checksum`, is taken over all others."""
    checksum = hashlib.sha256(json_bytes(fields)).hexdigest()
    return json_bytes({**fields, "checksum": checksum})


def is_sealed(data: bytes) -> bool:
    """Tell whether a text is what :func:`sealed_bytes` returned, to the last byte."""
    try:
        fields = JsonFields.parse(data).as_dict()
    except ValueError:
        return False
    fields.pop("checksum", None)
    return sealed_bytes(fields) == data
