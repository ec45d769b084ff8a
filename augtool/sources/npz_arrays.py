"""One array of a NumPy archive, read row by row without loading it whole."""

from __future__ import annotations

import io
import math
import zipfile
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from augtool.errors import InputError

__all__ = ["StoredArray"]

#: How many bytes to read at once while decompressing.
_READ_BYTES = 2**18
#: NumPy's own limit on the text that describes an array.
_MOST_HEADER_BYTES = 10_000


class StoredArray:
    """An array in an open archive.

    Parameters
    ----------
    archive
        The archive, which stays open.
    name
        The array's name.
    path
        Name of the archive in errors.

    Raises
    ------
    InputError
        When it is not an array of plain numbers or text, or is truncated.
    """

    def __init__(self, archive: zipfile.ZipFile, name: str, path: str) -> None:
        self._archive = archive
        self._member = f"{name}.npy" if f"{name}.npy" in archive.NameToInfo else name
        self._where = f"{path}: {name}"
        self._file: IO[bytes] = archive.open(self._member)
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
        except ValueError as error:
            raise InputError(
                f"{self._where}: is not a NumPy array ({error}); save it again"
            ) from error
        if dtype.hasobject or dtype.names is not None:
            raise InputError(
                f"{self._where}: contains Python objects or records, which are not supported;"
                " save plain numbers"
            )
        return shape, is_fortran, dtype

    def _check_length(self) -> None:
        expected = self._start + self.size_bytes
        there = self._archive.getinfo(self._member).file_size
        if there != expected:
            raise InputError(
                f"{self._where}: has {there:,} bytes, but shape {self.shape} of {self.dtype} needs"
                f" {expected:,}; save it again"
            )

    def _bytes_at(self, position: int, count: int) -> bytearray:
        if position < self._at:
            self._file = self._archive.open(self._member)
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
