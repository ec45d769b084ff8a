"""Copies of objects in a temporary folder, for what can only be read from a disk.

It goes with the object that made it, or at the end of its process.  A worker may look at it.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from augtool.errors import InputError, StoreError
from augtool.storage.confined_path import is_confined
from augtool.storage.remote.bucket import Bucket
from augtool.storage.remote.url import RemoteUrl
from augtool.storage.which_manifest import INDEX, MANIFESTS, PARTS, is_part

__all__ = ["DESCRIPTIONS", "Mirror"]

#: What augtool writes beside data, and how far above a part of them that may lie.
DESCRIPTIONS = (*MANIFESTS, "dataset.json")
_MOST_ABOVE = 2
_AT_ONCE = 8


class _Listed(Protocol):
    """What lies at a URL, as a listing told it."""

    @property
    def is_whole(self) -> bool: ...
    def exists(self, path: str) -> bool: ...
    def size(self, path: str) -> int | None: ...


class Mirror:
    """A temporary folder with the paths of a bucket.

    Parameters
    ----------
    bucket
        Where objects come from.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        folder = tempfile.mkdtemp(prefix="augtool-")
        self._removal = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        # So deep that nothing of other people's is taken for what lies above the data.
        self.root = Path(folder).resolve() / "of" / bucket.url.scheme / bucket.url.bucket

    def path_of(self, url: RemoteUrl) -> Path:
        """Return where the copy of an object, or of what is below a URL, lies."""
        if url.key and not is_confined(url.key):
            raise StoreError(f"{url}: is too long a name for a file; rename it")
        return self.root / url.key if url.key else self.root

    def save(self, url: RemoteUrl, listed: _Listed, paths: Sequence[str]) -> None:
        """Copy the objects at some paths below a URL, each with one request, several at once.

        Raises
        ------
        StoreError
            When there is too little space.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        needed = sum(listed.size(path) or 0 for path in paths)
        free = shutil.disk_usage(self.root).free
        if needed > free:
            raise StoreError(
                f"{url}: takes {needed:,} bytes while it is read, and {tempfile.gettempdir()} has"
                f" {free:,}; set TMPDIR to a folder with more space"
            )
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - disks need no threads

        with ThreadPoolExecutor(_AT_ONCE) as threads:
            urls = [url._replace(key=f"{url.key}/{path}" if url.key else path) for path in paths]
            targets = [self.path_of(each) for each in urls]
            try:
                for each in threads.map(self._bucket.save, [each.key for each in urls], targets):
                    del each
            except InputError as error:
                raise StoreError(f"{url}: {error.reason}") from error
            finally:
                threads.shutdown(cancel_futures=True)

    def save_descriptions(self, url: RemoteUrl, listed: _Listed) -> None:
        """Copy what describes the data at a URL, and what does so above it where one may look."""
        if listed.is_whole:
            self.save(url, listed, [name for name in DESCRIPTIONS if listed.exists(name)])
            self._find_parts(url)
        else:
            self._find(url)
        for _ in range(_MOST_ABOVE):
            if not url.key:
                return
            url = url.parent
            self._find(url)

    def _find(self, url: RemoteUrl) -> None:
        """Copy what describes data from a folder that was not listed."""
        for name in DESCRIPTIONS:
            each = url._replace(key=f"{url.key}/{name}" if url.key else name)
            with contextlib.suppress(StoreError, InputError):  # it may not be anybody's to read
                if self._bucket.find(each.key) is not None:
                    self._bucket.save(each.key, self.path_of(each))
        self._find_parts(url)

    def _find_parts(self, url: RemoteUrl) -> None:
        """Copy the parts of a manifest whose index was copied from a folder."""
        if not (self.path_of(url) / INDEX).is_file():
            return
        folder = f"{url.key}/{PARTS}" if url.key else PARTS
        with contextlib.suppress(StoreError, InputError):  # whoever reads it says what is missing
            for stored in self._bucket.walk(folder):
                if is_part(stored.key[len(folder) + 1 :]):
                    self._bucket.save(stored.key, self.path_of(url._replace(key=stored.key)))
