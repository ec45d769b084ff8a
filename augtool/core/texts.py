"""Millions of texts in one block of bytes, a fifth of what they take as strings."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

__all__ = ["Texts", "is_storable", "is_utf8", "numbers"]

#: How many values to make into Python's numbers at once.
_BLOCK = 2**14


def numbers(
    values: npt.NDArray[np.integer], places: npt.NDArray[np.integer] | None = None
) -> Iterator[int]:
    """Yield the values of an array as Python's integers, never making many of them at once.

    `places` are indices of those wanted; None for all.
    """
    for first in range(0, len(values if places is None else places), _BLOCK):
        part = slice(first, first + _BLOCK)
        yield from values[part if places is None else places[part]].tolist()


def is_storable(text: str) -> bool:
    r"""Return whether text is what its bytes decode to, so that bytes tell it from any other.

    Only what bytes are decoded to is: JSON and pickles may name any code point, and then two texts
    may have the same bytes, or one may have none.

    >>> [is_storable(text) for text in ("\u00e9", "\udcff", "\udcc3\udca9", "\ud800")]
    [True, True, False, False]
    """
    if text.isascii():
        return True
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape") == text
    except UnicodeEncodeError:
        return False


def is_utf8(text: str) -> bool:
    """Tell whether a text can be written as UTF-8: other bytes of names can't."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class Texts(Sequence[str]):
    """An immutable sequence of texts that takes little more than their bytes.

    Parameters
    ----------
    data
        The bytes of all texts, in UTF-8; other bytes of file names are kept. It must not change.
    starts, ends : ndarray of shape (n,)
        Where each begins and ends in `data`; in any order.
    """

    def __init__(
        self,
        data: bytes | bytearray,
        starts: npt.NDArray[np.unsignedinteger],
        ends: npt.NDArray[np.unsignedinteger],
    ) -> None:
        self._data = data
        self._starts = starts
        self._ends = ends

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        """Return texts as such a sequence; each is looked at once.

        >>> list(Texts.of(["cat", "", "dog"]))
        ['cat', '', 'dog']
        """
        data, places = bytearray(), array("I", [0])
        for text in texts:
            data += text.encode("utf-8", "surrogateescape")
            try:
                places.append(len(data))
            except OverflowError:  # above 4 GiB
                places = array("Q", places)
                places.append(len(data))
        every = np.array(places)
        return cls(data, every[:-1], every[1:])

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Texts: ...

    def __getitem__(self, index: int | slice) -> str | Texts:
        if isinstance(index, slice):
            return Texts(self._data, self._starts[index], self._ends[index])
        part = self._data[self._starts[index] : self._ends[index]]
        return part.decode("utf-8", "surrogateescape")

    def __iter__(self) -> Iterator[str]:
        return self.at(None)

    def at(self, places: npt.NDArray[np.integer] | None) -> Iterator[str]:
        """Yield the texts at some places, or all."""
        return (each.decode("utf-8", "surrogateescape") for each in self.encoded(places))

    def encoded(self, places: npt.NDArray[np.integer] | None = None) -> Iterator[bytes | bytearray]:
        """Yield the bytes of each text, or of those at some places."""
        data = self._data
        ends = numbers(self._ends, places)
        return (data[start:end] for start, end in zip(numbers(self._starts, places), ends))

    def take(self, indices: npt.NDArray[np.integer | np.bool_]) -> Texts:
        """Return some of the texts, by index or by mask, in the order of `indices`."""
        return Texts(self._data, self._starts[indices], self._ends[indices])

    def first_not_utf8(self) -> str | None:
        r"""Return the first text that holds other bytes than UTF-8, None where none does.

        >>> Texts.of(["a", "\udcc3", "\udca9"]).first_not_utf8()
        '\udcc3'
        """
        for first in range(0, len(self), _BLOCK):
            some = self[first : first + _BLOCK]
            try:
                b"\n".join(some.encoded()).decode()
            except UnicodeDecodeError:
                return next(text for text in some if not is_utf8(text))
        return None

    def may_contain(self, part: str) -> bool:
        """Return whether a text may contain `part`; True also where two make it together."""
        return part.encode() in self._data
