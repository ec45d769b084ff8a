"""Millions of texts in one block of bytes, a fifth of what they take as strings."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import overload

import numpy as np
import numpy.typing as npt

__all__ = ["Texts", "is_storable", "is_utf8", "numbers"]

#: How many values to make into Python's own at once.
_BLOCK = 2**11


def numbers(
    values: npt.NDArray[np.integer], places: npt.NDArray[np.integer] | None = None
) -> Iterator[int]:
    """Yield the values of an array as Python's integers, never making many of them at once.

    `places` are indices of those wanted; None for all.
    """
    return chain.from_iterable(map(np.ndarray.tolist, _blocks(values, places)))


def _blocks(
    values: npt.NDArray[np.integer], places: npt.NDArray[np.integer] | None
) -> Iterator[npt.NDArray[np.integer]]:
    for first in range(0, len(values if places is None else places), _BLOCK):
        part = slice(first, first + _BLOCK)
        yield values[part if places is None else places[part]]


def _encoded(texts: Iterable[str]) -> Iterator[list[bytes]]:
    left = iter(texts)
    while block := [text.encode("utf-8", "surrogateescape") for text in islice(left, _BLOCK)]:
        yield block


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
        return cls._of_blocks(_encoded(texts))

    @classmethod
    def joined(cls, parts: Iterable[Texts]) -> Texts:
        """Return the texts of all parts, one part after another."""
        return cls._of_blocks(block for part in parts for block in part._encoded_blocks(None))

    @classmethod
    def _of_blocks(cls, blocks: Iterable[Sequence[bytes | bytearray]]) -> Texts:
        data, lengths = bytearray(), array("I")
        for block in blocks:
            data += b"".join(block)
            lengths.extend(map(len, block))
        places = np.zeros(len(lengths) + 1, np.min_scalar_type(len(data)))
        np.cumsum(lengths, dtype=places.dtype, out=places[1:])
        return cls(data, places[:-1], places[1:])

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Texts: ...

    def __getitem__(self, index: int | slice) -> str | Texts:
        if isinstance(index, slice):
            return Texts(self._data, self._starts[index], self._ends[index])
        return self._data[self._starts[index] : self._ends[index]].decode(
            "utf-8", "surrogateescape"
        )

    def __iter__(self) -> Iterator[str]:
        return self.at(None)

    def at(self, places: npt.NDArray[np.integer] | None) -> Iterator[str]:
        """Yield the texts at some places, or all."""
        blocks = self._encoded_blocks(places)
        return chain.from_iterable(
            [each.decode("utf-8", "surrogateescape") for each in block] for block in blocks
        )

    def encoded(self, places: npt.NDArray[np.integer] | None = None) -> Iterator[bytes | bytearray]:
        """Yield the bytes of each text, or of those at some places."""
        return chain.from_iterable(self._encoded_blocks(places))

    def _encoded_blocks(
        self, places: npt.NDArray[np.integer] | None
    ) -> Iterator[list[bytes | bytearray]]:
        data = self._data
        for starts, ends in zip(_blocks(self._starts, places), _blocks(self._ends, places)):
            yield [data[start:end] for start, end in zip(starts.tolist(), ends.tolist())]

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
