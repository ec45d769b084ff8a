"""Reads what is needed of a `tf.train.Example`, passing over the rest; nothing is believed.

``Example{1: Features{1: map of {1: name, 2: Feature}}}``, where a Feature is one of
``{1: bytes list, 2: float list, 3: int64 list}``, and each list has its values in field 1.  In the
protocol buffers wire format a field is its number and type as a varint, then its value: a varint,
8 bytes, a length and so many bytes, or 4 bytes.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

__all__ = ["Feature", "read_example"]

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
#: No varint is longer, and no name of a feature.
_MOST_VARINT_BYTES = 10
_MOST_NAME_BYTES = 1000


class Feature(NamedTuple):
    """The first value of a feature: an integer, or where its bytes begin and how many there are."""

    number: int | None
    start: int = 0
    size: int = 0


@dataclass(slots=True)
class _Wire:
    """A part of an open file, read field by field."""

    file: BinaryIO
    at: int
    end: int

    def fields(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield number, type, and begin and end of the value of each field."""
        while self.at < self.end:
            key = self.varint()
            kind, start = key & 7, self.at
            if kind == _VARINT:
                self.varint()
            elif kind == _BYTES:
                size = self.varint()
                start = self.at
                self._pass_over(size)
            elif kind in (_EIGHT, _FOUR):
                self._pass_over(8 if kind == _EIGHT else 4)
            else:
                raise ValueError(f"a field of type {kind}")
            yield key >> 3, kind, start, self.at

    def inner(self, number: int) -> Iterator[_Wire]:
        """Yield the values of every field of a number, as parts of their own."""
        for field, kind, start, end in self.fields():
            if field == number and kind == _BYTES:
                yield _Wire(self.file, start, end)

    def varint(self) -> int:
        """Return the next integer: seven bits per byte, the lowest first."""
        self.file.seek(self.at)
        data = self.file.read(min(_MOST_VARINT_BYTES, self.end - self.at))
        value = 0
        for place, byte in enumerate(data):
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                self.at += place + 1
                return value
        raise ValueError("an integer without an end")

    def _pass_over(self, size: int) -> None:
        if size > self.end - self.at:
            raise ValueError(f"a field of {size:,} bytes that is not all there")
        self.at += size


def read_example(
    file: BinaryIO, start: int, size: int, wanted: Container[str]
) -> dict[str, Feature]:
    """Return the wanted features of a message.

    Parameters
    ----------
    file
        An open file, seekable; long values are not read.
    start, size
        Where the message lies in it.
    wanted
        Names of features.

    Raises
    ------
    ValueError
        When it is not a message of that kind.
    """
    found: dict[str, Feature] = {}
    for features in _Wire(file, start, start + size).inner(1):
        for entry in features.inner(1):
            name, value = "", None
            for number, kind, first, end in entry.fields():
                if kind == _BYTES and number == 1 and end - first <= _MOST_NAME_BYTES:
                    file.seek(first)
                    name = file.read(end - first).decode("utf-8", "replace")
                elif kind == _BYTES and number == 2:
                    value = _Wire(file, first, end)
            if name in wanted and value is not None:
                feature = _first_value(value)
                if feature is not None:
                    found[name] = feature
    return found


def _first_value(feature: _Wire) -> Feature | None:
    """Return the first value of a feature; None for an empty one, and for floats."""
    for number, kind, first, end in feature.fields():
        if kind != _BYTES:
            continue
        values = _Wire(feature.file, first, end)
        if number == 1:
            for each in values.inner(1):
                return Feature(None, each.at, each.end - each.at)
        elif number == 3:
            for field, _, begin, stop in values.fields():
                if field == 1 and stop > begin:  # one varint, or many of them packed
                    return Feature(_signed(_Wire(values.file, begin, stop).varint()))
    return None


def _signed(value: int) -> int:
    """Return a varint as the 64-bit integer that it stands for."""
    return value - 2**64 if value >= 2**63 else value
