"""One IDX file: its header, checked against its length, and its contents."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from augtool.core.geometry import Image
from augtool.errors import InputError
from augtool.storage.random_access import is_gzip, open_seekable

__all__ = ["Pictures", "read_labels"]

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
#: The first bytes of MNIST image files; labels may be of any integer type.
_PICTURES = bytes((0, 0, 0x08, 3))


@dataclass(frozen=True, slots=True)
class _Header:
    """The header of an IDX file: its type, the sizes of its axes, and its own length."""

    dtype: np.dtype[Any]
    sizes: tuple[int, ...]
    length: int

    @property
    def item_bytes(self) -> int:
        return self.dtype.itemsize * math.prod(self.sizes[1:])


def _read_header(file: BinaryIO, path: str) -> _Header:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _TYPES:
        raise InputError(
            f"{path}: begins with {magic!r}, which is not an IDX file; expected {_PICTURES!r} for"
            " images; get the file again"
        )
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise InputError(
            f"{path}: is truncated in its header, at byte {4 + len(sizes)}; get it again"
        )
    return _Header(
        np.dtype(_TYPES[magic[2]]), struct.unpack(f">{magic[3]}I", sizes), 4 + len(sizes)
    )


def _check_length(file: BinaryIO, path: str, header: _Header) -> None:
    """Compare the sizes in the header with the length of the file."""
    expected = header.length + header.item_bytes * header.sizes[0]
    promised = f"its header promises {header.sizes[0]:,} items and {expected:,} bytes" + (
        " (decompressed)" if is_gzip(path) else ""
    )
    file.seek(max(0, expected - 1))
    last = file.read(2)  # never the end: a few bytes of gzip can hold a terabyte
    if len(last) > 1:
        raise InputError(f"{path}: is too long: {promised}, but it has more; get the file again")
    if not last:
        there = file.seek(0, os.SEEK_END)
        item = max(0, there - header.length) // max(1, header.item_bytes)
        raise InputError(
            f"{path}: is truncated: {promised}, but it has {there:,}, so item {item} is damaged;"
            " get the file again"
        )


def read_labels(path: str, count: int, pictures: str) -> list[int]:
    """Return the labels of a file.

    Parameters
    ----------
    path
        The file.
    count
        How many it must have.
    pictures
        The file that has so many images.

    Raises
    ------
    InputError
        When it contains anything else, or more or less than its header promises.
    """
    with open_seekable(path) as file:
        header = _read_header(file, path)
        if len(header.sizes) != 1 or header.dtype.kind not in "iu":
            raise InputError(
                f"{path}: has shape {header.sizes} of {header.dtype.name}; expected one integer"
                " per image; maybe images and labels are swapped"
            )
        if header.sizes[0] != count:
            raise InputError(
                f"{pictures}: has {count:,} images, but {path} has {header.sizes[0]:,} labels;"
                " get both files again"
            )
        _check_length(file, path, header)
        file.seek(header.length)
        data = file.read(count * header.dtype.itemsize)
        values: list[int] = np.frombuffer(data, header.dtype).tolist()
    for row, value in enumerate(values):
        if value < 0:
            raise InputError(
                f"{path}: has the label {value} in row {row}, at byte"
                f" {header.length + row * header.dtype.itemsize}; labels count from 0"
            )
    return values


class Pictures:
    """An open file of images.

    Parameters
    ----------
    path
        The file, gzipped or not.
    check
        Takes the sizes in the header, and raises where they claim too much.

    Raises
    ------
    InputError
        When it contains anything else, or more or less than its header promises.
    """

    def __init__(
        self, path: str, check: Callable[[tuple[int, ...]], None] = lambda _: None
    ) -> None:
        self._path = path
        self._file = open_seekable(path)
        self.header = _read_header(self._file, path)
        if len(self.header.sizes) != 3 or self.header.dtype != np.uint8:
            raise InputError(
                f"{path}: has shape {self.header.sizes} of {self.header.dtype.name}; expected"
                " (n, h, w) of uint8; maybe images and labels are swapped"
            )
        if not all(self.header.sizes):
            raise InputError(f"{path}: has shape {self.header.sizes}; there are no images")
        check(self.header.sizes)
        _check_length(self._file, path, self.header)

    def picture(self, row: int) -> Image:
        """Return one image, of shape (h, w)."""
        size = self.header.item_bytes
        self._file.seek(self.header.length + row * size)
        data = self._file.read(size)
        if len(data) < size:
            raise InputError(
                f"{self._path}: became shorter during the run; it ends before row {row}"
            )
        return np.frombuffer(data, np.uint8).reshape(self.header.sizes[1:])
