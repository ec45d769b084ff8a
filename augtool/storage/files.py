"""Reads and writes whole files, without hanging, filling memory or missing an error."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from augtool.errors import InputError, OutputError
from augtool.storage.descriptors import CLOSED_IN_CHILDREN, NO_FOLLOW, open_to_read

__all__ = [
    "MOST_BYTES",
    "cannot_write",
    "clean_errors",
    "file_names",
    "file_stamp",
    "is_special",
    "open_descriptor",
    "open_regular",
    "read_regular",
    "read_stamped",
    "sha256_of",
    "write_all",
    "write_atomic",
    "write_target",
]

#: No image file is larger; a sparse file or a device could be.
MOST_BYTES = 2**31
_NEW_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW | CLOSED_IN_CHILDREN


def open_descriptor(path: str | Path) -> int:
    """Return a descriptor to read a regular file from; pipes, devices and sockets are refused.

    Raises
    ------
    OSError
        When it can't be opened, or is no regular file.
    """
    fd = open_to_read(path)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    raise OSError(errno.EINVAL, "it is not a regular file", os.fspath(path))


def open_regular(path: str | Path) -> BinaryIO:
    """Open a regular file; pipes, devices and sockets are refused, not waited for.

    Raises
    ------
    OSError
        When it can't be opened, or is no regular file.
    """
    return os.fdopen(open_descriptor(path), "rb")


def file_stamp(path: str) -> str:
    """Return the size and modification time of the file at a path; "" where there is none."""
    try:
        return _stamp(os.stat(path))  # noqa: PTH116
    except OSError:
        return ""


def _stamp(status: os.stat_result) -> str:
    return f"{status.st_size}-{status.st_mtime_ns}"


def read_regular(path: str) -> bytes:
    """Return the bytes of a regular file; pipes, devices and sockets are refused, not waited for.

    Raises
    ------
    InputError
        When it can't be read, is not a regular file, or is larger than 2 GiB.
    """
    return read_stamped(path)[0]


def read_stamped(path: str) -> tuple[bytes, str]:
    """Return what `read_regular` does, and the file's stamp (`file_stamp`) from before that."""
    try:
        fd = open_to_read(path)
    except OSError as error:
        raise InputError(f"can't be opened: {error.strerror}") from error
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise InputError("is not a regular file; replace it with the image itself")
        if status.st_size >= MOST_BYTES:
            raise InputError(f"is {status.st_size:,} bytes long, larger than any image; remove it")
        data = os.read(fd, status.st_size + 1)
        if len(data) != status.st_size:
            data += b"".join(iter(lambda: os.read(fd, 2**24), b""))
        return data, _stamp(status)
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
    with open_regular(path) as file:
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
    return errno.errorcode.get(error.errno or 0, "")


@contextlib.contextmanager
def clean_errors(path: str | Path) -> Iterator[None]:
    """Turn an OSError inside the block into the :class:`OutputError` of :func:`cannot_write`."""
    try:
        yield
    except OSError as error:
        # A name relative to an open folder says little.
        known = error.filename if os.path.isabs(error.filename or "") else path  # noqa: PTH117
        raise cannot_write(known, error) from error


def write_all(fd: int, data: bytes) -> None:
    """Write all of `data` to a descriptor."""
    written = os.write(fd, data)
    while written < len(data):
        written += os.write(fd, data[written:])


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file of the run itself: whole, synced to disk, in place of a file or link there.

    Raises
    ------
    OutputError
        When it can't be written, or something else than a file lies there.
    """
    try:
        _require_replaceable(path)
        # A new file under a name that nobody can know, so that a link there is not followed.
        temporary = path.with_name(f".augtool-{os.urandom(8).hex()}.tmp")
        fd = os.open(temporary, _NEW_FLAGS, 0o666)
        try:
            try:
                write_all(fd, data)
                os.fsync(fd)
            finally:
                os.close(fd)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise cannot_write(path, error) from error


def _require_replaceable(path: Path) -> None:
    """Refuse to put a file in place of a device, a pipe or a socket."""
    with contextlib.suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode)):
            raise OutputError(f"{path}: can't write: it is a device, pipe or socket; remove it")


def write_target(path: Path, data: bytes) -> None:
    """Write to what a person named, as a shell's redirection would.

    A file is replaced atomically, also where a link leads to it; devices, pipes and this process's
    own descriptors (``/dev/stdout``) are written to. A reader that goes away ends it quietly.

    Raises
    ------
    OutputError
        When it can't be written.
    """
    with clean_errors(path), contextlib.suppress(BrokenPipeError):
        if not is_special(path):
            with contextlib.suppress(FileNotFoundError):
                path.stat()  # a circle of links is an error
            write_atomic(path.resolve() if path.is_symlink() else path, data)
            return
        own = _own_descriptor(path)
        fd = os.open(path, os.O_WRONLY | getattr(os, "O_NOCTTY", 0)) if own is None else os.dup(own)
        try:
            write_all(fd, data)
        finally:
            os.close(fd)


def is_special(path: Path) -> bool:
    """Return whether a path leads to something that is written to and not replaced."""
    if _own_descriptor(path) is not None:
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _own_descriptor(path: Path) -> int | None:
    """Return the number of the descriptor of this process that a path stands for, if it does.

    Opening ``/dev/stdout`` anew would begin at the start of the file that it leads to.
    """
    place = os.path.abspath(path)  # noqa: PTH100
    for _ in range(40):  # links, as many as the kernel follows
        found = re.fullmatch(rf"(?:/dev|/proc/(?:self|{os.getpid()}))/fd/(\d{{1,9}})", place)
        if found:
            return int(found[1])
        try:
            link = os.readlink(place)  # noqa: PTH115
        except OSError:
            break
        place = os.path.normpath(os.path.join(os.path.dirname(place), link))  # noqa: PTH118, PTH120
    return None
