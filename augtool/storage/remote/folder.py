"""The objects below a URL as a folder of folders and files, which object stores don't have.

It is listed once, page by page; that says all that a walk needs, without a request for each folder.
"""

from __future__ import annotations

import contextlib
import io
import posixpath
from array import array
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, ClassVar, NamedTuple

from augtool.errors import InputError, StoreError
from augtool.storage.confined_path import is_confined
from augtool.storage.remote.bucket import Bucket, StoredObject
from augtool.storage.remote.mirror import Mirror
from augtool.storage.remote.read_ahead import ReadAhead
from augtool.storage.remote.url import RemoteUrl, is_remote

__all__ = ["RemoteEntry", "RemoteFolder"]

#: Larger objects are not read ahead: many at once would take much memory.
_MOST_AHEAD_BYTES = 2**24
_FOLDER = -1


class RemoteEntry(NamedTuple):
    """What lies in a folder: an object, or a folder because objects lie in it."""

    name: str
    path: str
    is_folder: bool

    def is_symlink(self) -> bool:
        """Tell that it is no link."""
        return False

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:  # noqa: ARG002
        """Tell whether it is a folder."""
        return self.is_folder


class _Index:
    """What a listing said, by folder and name."""

    def __init__(self) -> None:
        self.folders: dict[str, dict[str, int]] = {"": {}}
        self.sizes = array("q")
        self.versions: list[str] = []
        self.unusable: dict[str, str] = {}

    def add(self, path: str, stored: StoredObject) -> None:
        above, _, name = path.rpartition("/")
        if not is_confined(path):
            self.unusable[path] = "has a name that is too long for a path; rename it"
            return
        self._folder(above)[name] = len(self.sizes)
        self.sizes.append(stored.size)
        self.versions.append(stored.version)

    def _folder(self, path: str) -> dict[str, int]:
        """Return what is in a folder, which is in those above it from now on."""
        known = self.folders.get(path)
        if known is None:
            known = self.folders[path] = {}
            above, _, name = path.rpartition("/")
            parent = self._folder(above)
            place = parent.get(name, _FOLDER)
            if place != _FOLDER and self.sizes[place]:  # an empty one only marks the folder
                self.unusable[path] = "is an object and a folder of others; rename one"
            parent[name] = _FOLDER
        return known

    def settle(self) -> None:
        """Take out the objects that came after the folders of the same name."""
        for path in self.folders.keys() - {""}:
            above, _, name = path.rpartition("/")
            place = self.folders[above][name]
            if place != _FOLDER:
                if self.sizes[place]:
                    self.unusable[path] = "is an object and a folder of others; rename one"
                self.folders[above][name] = _FOLDER

    def place(self, path: str) -> int | None:
        """Return the number of an object; None where there is none."""
        above, _, name = path.rpartition("/")
        found = self.folders.get(above, {}).get(name)
        return None if found in (None, _FOLDER) else found


class RemoteFolder:
    """The objects below a URL, as :class:`augtool.storage.data_folder.DataFolder` says.

    Parameters
    ----------
    url
        The URL.
    only
        The one object that is meant; None for all.
    """

    reads_ahead: ClassVar[bool] = True

    def __init__(self, url: RemoteUrl, only: StoredObject | None = None) -> None:
        self.root = str(url)
        self.bucket = Bucket(url)
        self._url = url
        self._only = only
        self._begin()

    def _begin(self, *, is_worker: bool = False) -> None:
        self._is_worker = is_worker
        self._ahead = ReadAhead(self._read_ahead)

    def __getstate__(self) -> tuple[str, Bucket, RemoteUrl]:
        return self.root, self.bucket, self._url  # a worker reads, and lists nothing

    def __setstate__(self, state: tuple[str, Bucket, RemoteUrl]) -> None:
        self.root, self.bucket, self._url = state
        self._only = None
        self._begin(is_worker=True)

    @classmethod
    def locate(cls, url: RemoteUrl) -> tuple[RemoteFolder, str | None]:
        """Return the folder at a URL, or the one of the object there, and that one's name.

        Raises
        ------
        StoreError
            When there is neither.
        """
        if "." in url.name:  # a file, to judge by its name: one may be allowed to read no more
            with contextlib.suppress(StoreError):
                if only := Bucket(url).find(url.key):
                    return cls(url.parent, only), url.name
        folder = cls(url)
        if folder._index.sizes:
            return folder, None
        only = Bucket(url).find(url.key) if url.key else None
        if only is None:
            raise StoreError(f"{url}: there are no objects; check the URL")
        return cls(url.parent, only), url.name

    @property
    def is_whole(self) -> bool:
        """Whether it holds all that is at the URL, and not just the one object that is meant."""
        return self._only is None

    @cached_property
    def _index(self) -> _Index:
        index = _Index()
        if self._only is not None:
            index.add(self._only.key.rpartition("/")[2], self._only)
            return index
        start = len(self._url.key) + 1 if self._url.key else 0
        for stored in self.bucket.walk(self._url.key):
            index.add(stored.key[start:], stored)
        index.settle()
        return index

    @property
    def unusable(self) -> Mapping[str, str]:
        """What can't be used, by path: why not."""
        return self._index.unusable

    def paths(self) -> Iterator[str]:
        """Yield the path of every object."""
        for folder, names in self._index.folders.items():
            for name, place in names.items():
                if place != _FOLDER:
                    yield f"{folder}/{name}" if folder else name

    def scan(self, prefix: str) -> Iterator[RemoteEntry]:
        """Yield what lies in a folder."""
        for name, place in self._index.folders.get(prefix.rstrip("/"), {}).items():
            yield RemoteEntry(name, f"{self.root}/{prefix}{name}", place == _FOLDER)

    def exists(self, path: str) -> bool:
        """Tell whether an object or a folder is there."""
        return path in self._index.folders or self._index.place(path) is not None

    def is_folder(self, path: str) -> bool:
        """Tell whether objects lie below a path."""
        return path in self._index.folders

    def below(self, path: str) -> str:
        """Return a path or URL as one below the root; ``..`` where it is not."""
        if path.startswith(f"{self.root}/"):
            path = path[len(self.root) + 1 :]
        elif is_remote(path) or path.startswith("/"):
            return ".."
        return posixpath.normpath(path)

    def open(self, path: str) -> BinaryIO:
        """Return a file of an object's bytes."""
        return io.BytesIO(self.read(path)[0])

    def expect(self, paths: Iterable[str]) -> None:
        """Begin to read what will be wanted next."""
        self._ahead.expect(paths)

    def read(self, path: str) -> tuple[bytes, str]:
        """Return the bytes of an object, and their version.

        Raises
        ------
        InputError
            When it is gone, or too large for an image.
        StoreError
            When nothing can be read there.
        """
        data, stored = self._ahead.take(path)
        if stored.size != len(data):
            data, stored = self.bucket.read(self._key(path))
        if stored.size != len(data):
            raise InputError(f"is {stored.size:,} bytes long, larger than any image; remove it")
        return data, stored.version

    def _read_ahead(self, path: str) -> tuple[bytes, StoredObject]:
        return self.bucket.read(self._key(path), _MOST_AHEAD_BYTES)

    def size(self, path: str) -> int | None:
        """Return the size that the listing tells."""
        place = self._index.place(path)
        return None if place is None else self._index.sizes[place]

    def tail(self, path: str, count: int) -> bytes:  # noqa: ARG002
        """Return b"": asking for the end takes as long as for all."""
        return b""

    def version(self, path: str) -> str:
        """Return the etag and size of an object as the listing has them; a worker has none."""
        place = None if self._is_worker else self._index.place(path)
        return "" if place is None else self._index.versions[place]

    @cached_property
    def on_disk(self) -> Path:
        """A folder without images: what describes the data lies there and above, as files."""
        self._mirror = Mirror(self.bucket)
        self._mirror.save_descriptions(self._url, self)
        folder = self._mirror.path_of(self._url)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _key(self, path: str) -> str:
        return f"{self._url.key}/{path}" if self._url.key else path
