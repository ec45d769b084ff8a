"""Where the files of a packed data set are: in a folder, or in a tar archive that stays packed."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, NamedTuple, Protocol, cast

from augtool.errors import InputError
from augtool.storage.random_access import Window, open_seekable

__all__ = ["ARCHIVES", "Container", "Folder", "Member", "TarArchive", "tar_members"]

#: File name endings of archives that are looked into.
ARCHIVES = (".tar.gz", ".tgz", ".tar")
_BUFFER_BYTES = 2**18
#: More members, and longer names, than any data set has; gzip can claim millions in a few bytes.
_MOST_MEMBERS = 10_000
_MOST_HEADER_BYTES = 2**20
_BLOCK = 512


class Container(Protocol):
    """Named files, which can be walked once and then opened by name."""

    def walk(self) -> Iterator[str]:
        """Yield base names in the best order for reading the files."""

    def open(self, name: str) -> BinaryIO:
        """Return a file that the walk has yielded."""

    def where(self, name: str) -> str:
        """Return what to call a file in errors."""

    def path_of(self, name: str) -> str:
        """Return the path of the file on disk that holds it."""


class Folder:
    """The regular files of one folder.

    Parameters
    ----------
    root
        Path of the folder.
    """

    def __init__(self, root: str) -> None:
        self._root = root.rstrip("/") or "/"

    def walk(self) -> Iterator[str]:
        """Yield the names of the folder's files, sorted by name."""
        try:
            with os.scandir(self._root) as entries:
                names = sorted(entry.name for entry in entries if entry.is_file())
        except OSError as error:
            raise InputError(f"can't list {self._root!r}: {error.strerror}") from error
        yield from names

    def open(self, name: str) -> BinaryIO:
        """Return one file of the folder."""
        return open_seekable(self.path_of(name))

    def where(self, name: str) -> str:
        """Return the file's path."""
        return self.path_of(name)

    def path_of(self, name: str) -> str:
        """Return the file's path."""
        return f"{self._root}/{name}"


class Member(NamedTuple):
    """A file in an archive: its path there, and where its bytes begin and how many there are."""

    path: str
    start: int
    size: int


class _Headers:
    """What `tarfile` reads of an archive: headers, and never much at once.

    Parameters
    ----------
    file
        The archive.
    path
        Its name in errors.
    """

    def __init__(self, file: BinaryIO, path: str) -> None:
        self._file = file
        self._path = path
        self.tell, self.seek = file.tell, file.seek

    def read(self, count: int) -> bytes:
        """Return the next bytes; a long name is itself a header, of any size."""
        if count > _MOST_HEADER_BYTES:
            raise InputError(
                f"{self._path}: claims a name of {count:,} bytes; get the file from its publisher"
            )
        return self._file.read(count)


class TarArchive:
    """The regular files of a tar archive, gzipped or not; nothing is extracted.

    Parameters
    ----------
    path
        Path of the archive.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._members: dict[str, Member] = {}
        self._file: BinaryIO | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_file": None}

    def walk(self) -> Iterator[str]:
        """Yield the names of the archive's files in its own order.

        Raises
        ------
        InputError
            At a link, a device, or a name that leads out of the archive.
        """
        if self._file is None:
            self._file = open_seekable(self._path)
        for member in tar_members(self._file, self._path, most=_MOST_MEMBERS):
            name = member.path.rpartition("/")[2]
            if name.startswith("."):
                continue
            known = self._members.get(name)
            if known is not None and known.path != member.path:
                raise InputError(
                    f"{self._path}: holds {name!r} twice, as {known.path!r} and"
                    f" {member.path!r}; use an archive of one data set"
                )
            self._members[name] = member
            yield name

    def open(self, name: str) -> BinaryIO:
        """Return one file of the archive."""
        if self._file is None:
            self._file = open_seekable(self._path)
        member = self._members[name]
        window = Window(self._file, member.start, member.size)
        return io.BufferedReader(window, _BUFFER_BYTES)

    def where(self, name: str) -> str:
        """Return archive and member."""
        known = self._members.get(name)
        return f"{self._path}: {known.path if known else name}"

    def path_of(self, name: str) -> str:  # noqa: ARG002 - all members share it
        """Return the archive's path."""
        return self._path


def tar_members(
    file: BinaryIO, path: str, *, most: int | None = None, is_whole: bool = False
) -> Iterator[Member]:
    """Yield the files of an open tar archive, in its own order.

    Parameters
    ----------
    file
        The archive, seekable.
    path
        Its name in errors.
    most
        Refuse more members than this; None for any number.
    is_whole
        Require the zeros at the end that say that nothing is cut off.

    Raises
    ------
    InputError
        At a link, a device, or a name that leads out of the archive; where it is damaged.
    """
    with _opened(file, path) as tar:
        count = 0
        while (member := tar.next()) is not None:
            if count == most:
                raise InputError(
                    f"{path}: holds more than {most:,} members; get the file from its publisher"
                )
            count += 1
            tar.members = []  # type: ignore[attr-defined]  # it keeps them all, in a gigabyte
            _check(member, path)
            if not member.isdir():
                yield Member(member.name, member.offset_data, member.size)
        if is_whole:
            file.seek(tar.offset)
            end = file.read(_BLOCK)
            if len(end) < _BLOCK or any(end):
                raise InputError(
                    f"{path}: is not a complete tar archive (it is cut off or damaged at byte"
                    f" {tar.offset:,}); get the file again"
                )


@contextmanager
def _opened(file: BinaryIO, path: str) -> Iterator[tarfile.TarFile]:
    file.seek(0)
    headers = _Headers(file, path)
    try:
        with tarfile.open(fileobj=cast("BinaryIO", headers), mode="r:") as tar:
            yield tar
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise InputError(
            f"{path}: is not a complete tar archive ({error}); get the file again"
        ) from error


def _check(member: tarfile.TarInfo, path: str) -> None:
    is_plain = (member.isreg() and not member.issparse()) or member.isdir()
    leads_out = member.name.startswith("/") or ".." in member.name.split("/")
    if member.size < 0:  # an extended header can say so, and the next member would lie before it
        raise InputError(f"{path}: member {member.name!r} has {member.size} bytes; get it again")
    if is_plain and not leads_out:
        return
    what = "leads out of the archive" if leads_out else "is a link or a device"
    raise InputError(
        f"{path}: member {member.name!r} {what}, which a data set never needs;"
        " get the file from its publisher"
    )
