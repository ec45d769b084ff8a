"""An output in an object store, copied to a temporary folder to be looked at."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from augtool.errors import AugtoolError, InputError
from augtool.storage.remote.folder import RemoteFolder
from augtool.storage.remote.mirror import Mirror
from augtool.storage.remote.url import RemoteUrl, is_remote

__all__ = ["on_disk"]


@contextlib.contextmanager
def on_disk(out: str | Path) -> Iterator[Path]:
    """Give the folder of an output; of a URL, that of a copy, which goes afterwards.

    Errors inside the block name the URL.

    Raises
    ------
    InputError
        When it is a file, or there is nothing at the URL.
    """
    if not is_remote(out):
        if os.path.exists(out) and not os.path.isdir(out):  # noqa: PTH110, PTH112 - never an error
            raise InputError(f"{out}: is a file, not a folder; pass one that augtool expand wrote")
        yield Path(out)
        return
    url = RemoteUrl.parse(os.fspath(out))
    there = RemoteFolder(url)
    paths = list(there.paths())
    if not paths:
        raise InputError(f"{url}: there are no objects; check the URL")
    mirror = Mirror(there.bucket)
    mirror.save(url, there, paths)
    try:
        yield mirror.path_of(url)
    except AugtoolError as error:
        names = str(mirror.root), url.store
        error.args = tuple(str(each).replace(*names) for each in error.args)
        if isinstance(error, InputError):
            error.reason = error.reason.replace(*names)
        raise
