"""One NumPy array on disk, in an archive or a file of its own, read row by row."""

from __future__ import annotations

import io
import math
import os
import tokenize
import zipfile
from collections.abc import Iterator, Sequence
from typing import IO, Any, Protocol

import numpy as np
import numpy.typing as npt

from augtool.errors import InputError
from augtool.storage.files import file_names
from augtool.storage.random_access import open_seekable

__all__ = ["ArrayFolder", "Arrays", "NpzArrays", "StoredArray"]

#: How many bytes to read at once while decompressing.
_READ_BYTES = 2**18
#: How many bytes to have in memory of an array that is looked through.
_BLOCK_BYTES = 2**22
#: What NumPy raises at a header that is damaged: it takes it apart as Python.
_NO_HEADER = (ValueError, SyntaxError, TypeError, OverflowError, tokenize.TokenError, UserWarning)
#: NumPy's own limit on the text that describes an array.
_MOST_HEADER_BYTES = 10_000


class Arrays(Protocol):
    """Named arrays that lie together."""

    #: What to call them in errors.
    path: str
    #: Whether going to any place in an array costs nothing.
    can_seek: bool

    def names(self) -> Sequence[str]:
        """Return the names of the arrays."""

    def open(self, name: str) -> IO[bytes]:
        """Return an array's file, at its beginning."""

    def size_of(self, name: str) -> int:
        """Return how many bytes that file claims to have."""

    def file_of(self, name: str) -> str:
        """Return the path of the file on disk that holds it."""

    def where(self, name: str) -> str:
        """Return what to call an array in errors."""


class NpzArrays:
    """The arrays of a NumPy archive, which stays open.

    Parameters
    ----------
    path
        The ``.npz`` file.
    """

    can_seek = False

    def __init__(self, path: str) -> None:
        self.path = path
        self._archive = zipfile.ZipFile(open_seekable(path, decompress=False))

    def names(self) -> list[str]:
        """Return the names of the arrays."""
        return [name.removesuffix(".npy") for name in self._archive.namelist()]

    def open(self, name: str) -> IO[bytes]:
        """Return an array's file, decompressed as it is read."""
        return self._archive.open(self._member(name))

    def size_of(self, name: str) -> int:
        """Return how many bytes the archive says that it has, decompressed."""
        return self._archive.getinfo(self._member(name)).file_size

    def file_of(self, name: str) -> str:  # noqa: ARG002 - all lie in one file
        """Return the archive's path."""
        return self.path

    def where(self, name: str) -> str:
        """Return archive and array."""
        return f"{self.path}: {name}"

    def _member(self, name: str) -> str:
        return f"{name}.npy" if f"{name}.npy" in self._archive.NameToInfo else name


class ArrayFolder:
    """The ``.npy`` files of a folder.

    Parameters
    ----------
    path
        The folder.
    """

    can_seek = True

    def __init__(self, path: str) -> None:
        self.path = path

    def names(self) -> list[str]:
        """Return the names of the files, without their ending."""
        found = file_names(self.path)
        return [name.removesuffix(".npy") for name in found if name.endswith(".npy")]

    def open(self, name: str) -> IO[bytes]:
        """Return an array's file."""
        return open_seekable(self.file_of(name), decompress=False)

    def size_of(self, name: str) -> int:
        """Return how many bytes the file has."""
        return os.path.getsize(self.file_of(name))  # noqa: PTH202

    def file_of(self, name: str) -> str:
        """Return the file's path."""
        return f"{self.path}/{name}.npy"

    def where(self, name: str) -> str:
        """Return the file's path."""
        return self.file_of(name)


class StoredArray:
    """An array on disk.

    Parameters
    ----------
    arrays
        Where it lies.
    name
        Its name.

    Raises
    ------
    InputError
        When it is not an array of plain numbers or text, or is truncated.
    """

    def __init__(self, arrays: Arrays, name: str) -> None:
        self._arrays = arrays
        self._name = name
        self._where = arrays.where(name)
        self._file: IO[bytes] = arrays.open(name)
        self.shape, self._is_fortran, self.dtype = self._header()
        self._start = self._at = self._file.tell()
        self._check_length()

    @property
    def has_rows(self) -> bool:
        """Whether the items of the first axis lie one after the other."""
        return not self._is_fortran or len(self.shape) < 2

    @property
    def size_bytes(self) -> int:
        """Bytes of all its numbers."""
        return math.prod(self.shape) * self.dtype.itemsize

    def row(self, number: int) -> npt.NDArray[Any]:
        """Return one item of the first axis. Reading forward is cheap, going back is not."""
        if not self.has_rows:
            # An image is spread over the whole file: this order needs the whole array in memory.
            self._whole = getattr(self, "_whole", None)
            if self._whole is None:
                self._whole = self.whole()
            return np.ascontiguousarray(self._whole[number])
        count = math.prod(self.shape[1:])
        size = count * self.dtype.itemsize
        data = self._bytes_at(self._start + number * size, size)
        return np.frombuffer(data, self.dtype).reshape(self.shape[1:])

    def blocks(self) -> Iterator[npt.NDArray[Any]]:
        """Yield the array in blocks of whole items of the first axis, a few MB each."""
        size = math.prod(self.shape[1:]) * self.dtype.itemsize
        rows = max(1, _BLOCK_BYTES // max(1, size))
        for first in range(0, self.shape[0], rows):
            count = min(rows, self.shape[0] - first)
            data = self._bytes_at(self._start + first * size, count * size)
            yield np.frombuffer(data, self.dtype).reshape(count, *self.shape[1:])

    def whole(self) -> npt.NDArray[Any]:
        """Return the whole array."""
        data = self._bytes_at(self._start, self.size_bytes)
        order: Any = "F" if self._is_fortran else "C"
        return np.frombuffer(data, self.dtype).reshape(self.shape, order=order)

    def _header(self) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
        try:
            version = np.lib.format.read_magic(self._file)
            length = self._file.read(2 if version == (1, 0) else 4)
            count = int.from_bytes(length, "little")
            if count > _MOST_HEADER_BYTES:  # NumPy would read it first and count later
                raise ValueError(f"a header of {count:,} bytes")
            header = io.BytesIO(length + self._file.read(count))
            reader = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, is_fortran, dtype = reader(header)
            if any(side < 0 for side in shape):
                raise ValueError(f"a shape of {shape}")
        except _NO_HEADER as error:
            raise InputError(
                f"{self._where}: is not a NumPy array ({error!s:.100}); save it again"
            ) from error
        if dtype.hasobject or dtype.names is not None:
            raise InputError(
                f"{self._where}: contains Python objects or records, which are not supported;"
                " save plain numbers"
            )
        return shape, is_fortran, dtype

    def _check_length(self) -> None:
        expected = self._start + self.size_bytes
        there = self._arrays.size_of(self._name)
        if there != expected:
            raise InputError(
                f"{self._where}: has {there:,} bytes, but shape {self.shape} of {self.dtype} needs"
                f" {expected:,}; save it again"
            )

    def _bytes_at(self, position: int, count: int) -> bytearray:
        if self._arrays.can_seek:
            self._file.seek(position)
            self._at = position
        elif position < self._at:
            self._file = self._arrays.open(self._name)
            self._at = 0
        while self._at < position:
            self._at += len(self._read(min(_READ_BYTES, position - self._at)))
        data = self._read(count)
        self._at += count
        return data

    def _read(self, count: int) -> bytearray:
        # Once, at its full size: zipfile would copy all that it has with every piece it adds.
        data, done = bytearray(count), 0
        while done < count:
            piece = self._file.read(min(_READ_BYTES, count - done))
            if not piece:
                raise InputError(f"{self._where}: is truncated at byte {self._at + done:,}")
            data[done : done + len(piece)] = piece
            done += len(piece)
        return data
