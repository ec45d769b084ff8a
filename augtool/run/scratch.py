"""The folder on disk in which an output for an object store is made, found again by its URL."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from augtool.errors import OutputError
from augtool.storage.files import clean_errors
from augtool.storage.remote.url import RemoteUrl

__all__ = ["claim", "scratch_of"]


def scratch_of(url: RemoteUrl) -> Path:
    """Return the folder for what is put to a URL; below ``TMPDIR``, and not made yet."""
    above = Path(tempfile.gettempdir()).resolve() / f"augtool-{_user()}"
    return above / hashlib.sha256(str(url).encode()).hexdigest()[:24]


def claim(scratch: Path) -> None:
    """Make the folder above a scratch, where only its owner may write.

    Raises
    ------
    OutputError
        When it is somebody else's.
    """
    above = scratch.parent
    with clean_errors(above):
        above.mkdir(mode=0o700, exist_ok=True)
        status = above.lstat()
    is_own = status.st_uid == _user() and not status.st_mode & 0o022
    if not stat.S_ISDIR(status.st_mode) or not (is_own or os.name == "nt"):
        raise OutputError(f"{above}: is not a folder of your own; remove it, or set TMPDIR")


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0
