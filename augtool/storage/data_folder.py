"""A folder of somebody's data, to be listed and read: on disk, or in an object store."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, ClassVar, NamedTuple, Protocol

from augtool.storage.descriptors import open_to_read, read_at
from augtool.storage.files import open_regular, read_stamped
from augtool.storage.remote.folder import RemoteFolder
from augtool.storage.remote.url import RemoteUrl, is_remote

__all__ = ["DataFolder", "Entry", "LocalFolder", "Located", "folder_around", "locate"]


class Entry(Protocol):
    """What lies in a folder, as `os.scandir` tells it."""

    @property
    def name(self) -> str:
        """Its name there."""

    @property
    def path(self) -> str:
        """Its whole path."""

    def is_symlink(self) -> bool:
        """Tell whether it is a link."""

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Tell whether it is a folder."""


class DataFolder(Protocol):
    """A folder, whose methods take paths below it with ``/``. It is sent to workers.

    Attributes
    ----------
    root
        Its path or URL, without a slash at the end.
    reads_ahead
        Whether reading waits for answers, so that it pays to say what comes next.
    """

    root: str
    reads_ahead: ClassVar[bool]

    @property
    def unusable(self) -> Mapping[str, str]:
        """What can't be used, by path: why not."""

    @property
    def on_disk(self) -> Path:
        """Where what describes the data (a manifest, dataset.json) can be read as files."""

    def scan(self, prefix: str) -> Iterable[Entry]:
        """Return what lies in a folder, in any order; `prefix` ends with a slash, or is ""."""

    def exists(self, path: str) -> bool:
        """Tell whether something is there."""

    def is_folder(self, path: str) -> bool:
        """Tell whether a folder is there."""

    def below(self, path: str) -> str:
        """Return a path, however it is written, as one below the root; ``..`` where it is not."""

    def open(self, path: str) -> BinaryIO:
        """Open a file."""

    def read(self, path: str) -> tuple[bytes, str]:
        """Return the bytes of a file, and what tells them from any others.

        That is a text without spaces, from before they were read: of a file its size and
        modification time, of an object its version.
        """

    def expect(self, paths: Iterable[str]) -> None:
        """Say what will be read next, in that order."""

    def size(self, path: str) -> int | None:
        """Return the size of a file; None where it isn't known."""

    def tail(self, path: str, count: int) -> bytes | None:
        """Return the last bytes of a file: b"" where that costs a request; None on an error."""

    def version(self, path: str) -> str | None:
        """Return what the listing says to tell a file's bytes from any others.

        "" where there is no listing or file; None where only its times do.
        """


class LocalFolder:
    """A folder on disk, as :class:`DataFolder` says."""

    reads_ahead: ClassVar[bool] = False
    unusable: Mapping[str, str] = {}

    def __init__(self, root: str) -> None:
        self.root = root

    @property
    def on_disk(self) -> Path:
        """The folder itself."""
        return Path(self.root)

    @cached_property
    def _real(self) -> str:
        return os.path.realpath(self.root)

    def scan(self, prefix: str) -> list[os.DirEntry[str]]:
        """Return what lies in a folder; an OSError where it can't be listed."""
        with os.scandir(f"{self.root}/{prefix}") as entries:
            return list(entries)

    def exists(self, path: str) -> bool:
        """Tell whether something is there, be it a broken link."""
        return os.path.lexists(f"{self.root}/{path}")

    def is_folder(self, path: str) -> bool:
        """Tell whether a folder is there, or a link to one."""
        return os.path.isdir(f"{self.root}/{path}")  # noqa: PTH112

    def below(self, path: str) -> str:
        """Return a relative or absolute path as one below the root."""
        if os.path.isabs(path):  # noqa: PTH117
            path = os.path.relpath(path, self._real)
        return posixpath.normpath(path)

    def open(self, path: str) -> BinaryIO:
        """Open a regular file; an OSError where there is none."""
        return open_regular(f"{self.root}/{path}")

    def read(self, path: str) -> tuple[bytes, str]:
        """Return the bytes of a regular file, and its stamp; an InputError where that fails."""
        return read_stamped(f"{self.root}/{path}")

    def expect(self, paths: Iterable[str]) -> None:
        """Do nothing: a disk is fast enough."""

    def size(self, path: str) -> int | None:
        """Return the size of a file."""
        try:
            return os.stat(f"{self.root}/{path}").st_size  # noqa: PTH116
        except OSError:
            return None

    def tail(self, path: str, count: int) -> bytes | None:
        """Return the last bytes of a file."""
        try:
            fd = open_to_read(f"{self.root}/{path}")
        except OSError:
            return None
        try:
            return read_at(fd, count, max(0, os.fstat(fd).st_size - count))
        except OSError:
            return None
        finally:
            os.close(fd)

    def version(self, path: str) -> None:
        """Return None: times tell."""


class Located(NamedTuple):
    """A folder, and the name of the one file that is meant in it; None for the folder."""

    folder: DataFolder
    name: str | None

    def names(self) -> Iterator[str]:
        """Yield the paths of all that a remote folder holds, or of the one file that is meant."""
        if self.name is not None:
            yield self.name
        elif isinstance(self.folder, RemoteFolder):
            yield from self.folder.paths()


def locate(path: str) -> Located:
    """Return the folder that a path or URL stands for, or that its file lies in.

    Raises
    ------
    StoreError
        When there is nothing at a URL.
    """
    if is_remote(path):
        return Located(*RemoteFolder.locate(RemoteUrl.parse(path)))
    if os.path.isfile(path):  # noqa: PTH113
        return Located(LocalFolder(os.path.dirname(path) or "."), os.path.basename(path))  # noqa: PTH119, PTH120
    return Located(LocalFolder(path), None)


def folder_around(path: str) -> DataFolder:
    """Return the whole folder that the file at a path or URL lies in."""
    if is_remote(path):
        return RemoteFolder(RemoteUrl.parse(path).parent)
    return LocalFolder(os.path.dirname(path) or ".")  # noqa: PTH120
