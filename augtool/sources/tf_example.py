"""Reads what is needed of a `tf.train.Example`, passing over the rest; nothing is believed.

``Example{1: Features{1: map of {1: name, 2: Feature}}}``, where a Feature is one of
``{1: bytes list, 2: float list, 3: int64 list}``, and each list has its values in field 1.  In the
protocol buffers wire format a field is its number and type as a varint, then its value: a varint,
8 bytes, a length and so many bytes, or 4 bytes.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import BinaryIO, NamedTuple, Protocol

__all__ = ["Bytes", "Feature", "FileBytes", "read_example"]

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
#: No varint is longer, and no name of a feature.
_MOST_VARINT_BYTES = 10
_MOST_NAME_BYTES = 1000


class Bytes(Protocol):
    """Bytes, or what can be sliced like them."""

    def __getitem__(self, part: slice) -> bytes: ...


class FileBytes:
    """A part of an open file that is read as far as it is looked at.

    Parameters
    ----------
    file
        The file, seekable.
    start
        Where the part begins.
    """

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file = file
        self._start = start

    def __getitem__(self, part: slice) -> bytes:
        self._file.seek(self._start + part.start)
        return self._file.read(part.stop - part.start)


class Feature(NamedTuple):
    """The first value of a feature: an integer, or where its bytes begin and how many there are."""

    number: int | None
    start: int = 0
    size: int = 0


class _Field(NamedTuple):
    """A field: its number, whether it is bytes, and begin and end of its value."""

    number: int
    is_bytes: bool
    start: int
    end: int


def read_example(data: Bytes, size: int, wanted: Container[str]) -> dict[str, Feature]:
    """Return the wanted features of a message.

    Parameters
    ----------
    data
        The message; of :class:`FileBytes`, long values are not read.
    size
        Its length in bytes.
    wanted
        Names of features.

    Raises
    ------
    ValueError
        When it is not a message of that kind.
    """
    found: dict[str, Feature] = {}
    for features in _inner(data, 0, size, 1):
        for entry in _inner(data, features.start, features.end, 1):
            name, value = "", None
            for field in _fields(data, entry.start, entry.end):
                if field.number == 1 and field.is_bytes:
                    name = data[
                        field.start : min(field.end, field.start + _MOST_NAME_BYTES)
                    ].decode("utf-8", "replace")
                elif field.number == 2 and field.is_bytes:
                    value = field
            if value is not None and name in wanted:
                feature = _first_value(data, value)
                if feature is not None:
                    found[name] = feature
    return found


def _first_value(data: Bytes, feature: _Field) -> Feature | None:
    """Return the first value of a feature; None for an empty one, and for floats."""
    for values in _fields(data, feature.start, feature.end):
        if values.number == 1 and values.is_bytes:
            for each in _inner(data, values.start, values.end, 1):
                return Feature(None, each.start, each.end - each.start)
        elif values.number == 3 and values.is_bytes:
            for each in _fields(data, values.start, values.end):
                if each.number == 1 and each.end > each.start:  # one varint, or many of them packed
                    return Feature(_signed(_varint(data, each.start, each.end)[0]))
    return None


def _inner(data: Bytes, at: int, end: int, number: int) -> Iterator[_Field]:
    """Yield every field of a number that holds bytes."""
    return (field for field in _fields(data, at, end) if field.number == number and field.is_bytes)


def _fields(data: Bytes, at: int, end: int) -> Iterator[_Field]:
    """Yield the fields of a message, or of a part of one."""
    while at < end:
        key, at = _varint(data, at, end)
        kind, start, size = key & 7, at, 0
        if kind == _BYTES:
            size, start = _varint(data, at, end)
        elif kind == _VARINT:
            size = _varint(data, at, end)[1] - at
        elif kind in (_EIGHT, _FOUR):
            size = 8 if kind == _EIGHT else 4
        else:
            raise ValueError(f"a field of type {kind}")
        if size > end - start:
            raise ValueError(f"a field of {size:,} bytes that is not all there")
        at = start + size
        yield _Field(key >> 3, kind == _BYTES, start, at)


def _varint(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Return the integer at a place, and where it ends: seven bits per byte, the lowest first."""
    value = 0
    for place, byte in enumerate(data[at : min(at + _MOST_VARINT_BYTES, end)]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise ValueError("an integer without an end")


def _signed(value: int) -> int:
    """Return a varint as the 64-bit integer that it stands for."""
    return value - 2**64 if value >= 2**63 else value
