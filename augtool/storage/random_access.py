"""Reads files from any position, gzipped or not, even after the process has forked.

All reads are positioned, so that processes sharing a file descriptor never move each other's
position.  A gzip stream can only be read forward; the reader keeps copies of the decompressor along
the way, and goes back to the nearest one instead of the beginning.
"""

from __future__ import annotations

import bisect
import io
import os
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from augtool.errors import InputError
from augtool.storage.descriptors import read_at
from augtool.storage.files import open_descriptor, open_regular

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["Window", "is_gzip", "open_seekable"]

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_BITS = 31  # zlib's number for "gzip, largest window"
_READ_BYTES = 2**16
#: The most to read at once: more would only be copied again.
_MOST_BYTES = 2**20
#: Keep a point to go back to every so many bytes of plain data; each costs about 50 KB of memory.
_POINT_EVERY_BYTES = 2**23


def is_gzip(path: str) -> bool:
    """Return whether a file begins like gzip."""
    try:
        with open_regular(path) as file:
            return file.read(2) == _GZIP_MAGIC
    except OSError:
        return False


def open_seekable(path: str, *, decompress: bool = True) -> BinaryIO:
    """Return a file's plain bytes as a seekable file, decompressing gzip on the fly if asked to.

    Raises
    ------
    InputError
        When it can't be opened; later, while reading, when it is truncated or damaged.
    """
    raw = _GzipFile(path) if decompress and is_gzip(path) else _PlainFile(path)
    return io.BufferedReader(raw, _READ_BYTES)


class _Positioned(io.RawIOBase):
    """A seekable file whose subclasses read from a position."""

    def __init__(self) -> None:
        self.position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_CUR:
            offset += self.position
        elif whence == os.SEEK_END:
            offset += self._size()
        self.position = max(0, offset)
        return self.position

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        data = self._read_at(self.position, len(view))
        view[: len(data)] = data
        self.position += len(data)
        return len(data)

    def _read_at(self, position: int, count: int) -> bytes:
        raise NotImplementedError

    def _size(self) -> int:
        raise NotImplementedError


class _PlainFile(_Positioned):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self._fd = _open(path)

    def close(self) -> None:
        if not self.closed:
            os.close(self._fd)
        super().close()

    def _size(self) -> int:
        return os.fstat(self._fd).st_size

    def _read_at(self, position: int, count: int) -> bytes:
        return _pread(self._fd, count, position, self._path)


class _Point(NamedTuple):
    """A place to continue from: positions in plain and compressed bytes, and the decompressor."""

    position: int
    raw_position: int
    decompressor: Any


class _GzipFile(_Positioned):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self._fd = _open(path)
        self._points = [_Point(0, 0, zlib.decompressobj(_GZIP_BITS))]
        self._go_to(self._points[0])

    def close(self) -> None:
        if not self.closed:
            os.close(self._fd)
        super().close()

    def _size(self) -> int:
        while self._next(_MOST_BYTES):
            pass
        return self._at

    def _go_to(self, point: _Point) -> None:
        self._at, self._raw_at = point.position, point.raw_position
        self._decompressor = point.decompressor.copy()
        self._pending = b""

    def _read_at(self, position: int, count: int) -> bytes:
        known = bisect.bisect_right([point.position for point in self._points], position) - 1
        point = self._points[known]
        if position < self._at or self._at < point.position:
            self._go_to(point)
        while self._at < position:
            if not self._next(min(_MOST_BYTES, position - self._at)):
                return b""
        return self._next(count)

    def _next(self, count: int) -> bytes:
        """Return the next plain bytes, at most `count`; empty at the end."""
        while True:
            if self._decompressor.eof and not self._begin_member():
                return b""
            data = self._pending or self._refill()
            try:
                plain: bytes = self._decompressor.decompress(data, count)
            except zlib.error as error:
                raise InputError(
                    f"{self._path}: its gzip data is damaged before byte {self._raw_at:,}"
                    f" ({error}); get the file again"
                ) from error
            self._pending = self._decompressor.unconsumed_tail
            if plain:
                self._at += len(plain)
                self._remember()
                return plain

    def _refill(self) -> bytes:
        data = _pread(self._fd, _READ_BYTES, self._raw_at, self._path)
        if not data:
            raise InputError(
                f"{self._path}: is truncated: its gzip data ends early, at byte"
                f" {self._raw_at:,}; get the file again"
            )
        self._raw_at += len(data)
        return data

    def _begin_member(self) -> bool:
        """Continue after the end of a gzip member; padding is not data."""
        rest = self._decompressor.unused_data
        if not rest:
            rest = _pread(self._fd, _READ_BYTES, self._raw_at, self._path)
            self._raw_at += len(rest)
        if not rest.startswith(_GZIP_MAGIC[: len(rest)]) or not rest:
            return False
        self._decompressor = zlib.decompressobj(_GZIP_BITS)
        self._pending = rest
        return True

    def _remember(self) -> None:
        if self._at >= self._points[-1].position + _POINT_EVERY_BYTES:
            raw_position = self._raw_at - len(self._pending)
            if not self._decompressor.eof:
                self._points.append(_Point(self._at, raw_position, self._decompressor.copy()))


class Window(_Positioned):
    """A part of a seekable file, as a file.

    Parameters
    ----------
    file
        The whole; its own position does not matter.
    start, size
        The part, in bytes.
    """

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        self._file = file
        self._start = start
        self._length = size

    def _size(self) -> int:
        return self._length

    def _read_at(self, position: int, count: int) -> bytes:
        left = min(count, self._length - position, _MOST_BYTES)
        if left <= 0:
            return b""
        self._file.seek(self._start + position)
        return self._file.read(left)


def _open(path: str) -> int:
    try:
        return open_descriptor(path)
    except OSError as error:
        raise InputError(f"{path}: can't be opened: {error.strerror}") from error


def _pread(fd: int, count: int, position: int, path: str) -> bytes:
    try:
        return read_at(fd, count, position)
    except OSError as error:
        raise InputError(f"{path}: can't be read at byte {position:,}: {error.strerror}") from error
