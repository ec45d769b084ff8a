"""Reads and writes whole files, without hanging, filling memory or missing an error."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from augtool.errors import InputError, OutputError

__all__ = [
    "cannot_write",
    "clean_errors",
    "file_names",
    "read_regular",
    "sha256_of",
    "write_atomic",
]

#: No image file is larger; a sparse file or a device could be.
_MAX_BYTES = 2**31
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def read_regular(path: str) -> bytes:
    """Return the bytes of a regular file; pipes, devices and sockets are refused, not waited for.

    Raises
    ------
    InputError
        When it can't be read, is not a regular file, or is larger than 2 GiB.
    """
    try:
        fd = os.open(path, _READ_FLAGS)
    except OSError as error:
        raise InputError(f"can't be opened: {error.strerror}") from error
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise InputError("is not a regular file; replace it with the image itself")
        if status.st_size >= _MAX_BYTES:
            raise InputError(f"is {status.st_size:,} bytes long, larger than any image; remove it")
        data = os.read(fd, status.st_size + 1)
        if len(data) == status.st_size:
            return data
        return data + b"".join(iter(lambda: os.read(fd, 2**24), b""))
    except OSError as error:
        raise InputError(f"can't be read: {error.strerror}") from error
    finally:
        os.close(fd)


def file_names(folder: str) -> list[str]:
    """Return the names of the files in a folder, sorted; none where it can't be listed."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_file())
    except OSError:
        return []


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal, without reading it all into memory.

    Raises
    ------
    OSError
        When it can't be read.
    """
    state = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            state.update(block)
    return state.hexdigest()


def cannot_write(path: str | Path, error: OSError) -> OutputError:
    """Return the error that says where and why writing failed, and how to fix it."""
    hints = {
        "ENOSPC": "free some space and run the same command again: it continues where it stopped",
        "EDQUOT": "your quota is used up; free some space and run the same command again",
        "EFBIG": "the limit on file sizes (ulimit -f) is too low; raise it",
        "EROFS": "the file system is read-only; choose another output folder",
        "EACCES": "you have no permission to write there; change it or choose another folder",
        "EPERM": "you have no permission to write there; change it or choose another folder",
        "EXDEV": "links can't cross file systems; pass --originals copy",
        "EMLINK": "the file can't have more hard links; pass --originals copy",
    }
    hint = hints.get(_name_of(error), "fix that and run the same command again")
    return OutputError(f"{os.fspath(path)}: can't write: {error.strerror or error}; {hint}")


def _name_of(error: OSError) -> str:
    import errno  # noqa: PLC0415 - only needed on errors

    return errno.errorcode.get(error.errno or 0, "")


@contextlib.contextmanager
def clean_errors(path: str | Path) -> Iterator[None]:
    """Turn an OSError inside the block into the :class:`OutputError` of :func:`cannot_write`."""
    try:
        yield
    except OSError as error:
        raise cannot_write(error.filename or path, error) from error


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file of the run itself through ``<name>.tmp`` next to it, synced to disk.

    Raises
    ------
    OutputError
        When it can't be written.
    """
    temporary = path.with_name(path.name + ".tmp")
    with clean_errors(path):
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
