"""Symbolic links in a data set: where each one leads, and whether it may be followed there.

It must not know what a data set looks like, only which folder it lies in.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import Literal, NamedTuple

from augtool.storage.data_folder import DataFolder, LocalFolder

__all__ = ["OUTSIDE", "FOLDER", "FILE", "NOTHING", "Links", "Target", "already_there"]

Kind = Literal["folder", "file", "nothing"]
FOLDER: Kind = "folder"
FILE: Kind = "file"
NOTHING: Kind = "nothing"

#: Why a link is not followed where nobody asked for it.
OUTSIDE = "is a link that leads out of the data; pass --follow-links to read it"
_CIRCLE = "is a link to a folder above it, so it would never end; remove the link"
_BROKEN = "is a broken link: nothing is where it leads; restore that, or remove the link"
_ITSELF = "is a link that leads back to itself; remove the link"


class Target(NamedTuple):
    """Where a link leads: its kind, its real path, and why it can't be used; "" if it can.

    A broken link has a real path if it would be followed once something is there.
    """

    kind: Kind
    real: str = ""
    reason: str = ""


def already_there(path: str, first: str) -> str:
    """Return why what is at `path` is not taken: it is `first`, under another name."""
    how = "is a link" if os.path.islink(path) else "leads through a link"  # noqa: PTH114
    return f"{how} to {first}, which is already in the data set; remove the link"


class Links:
    """Follows the links of a data set, those that lead out of it only if told to.

    Parameters
    ----------
    folder
        The data root. There are links only on disk.
    follow
        Whether to follow links that lead out of it.
    """

    def __init__(self, folder: DataFolder, *, follow: bool) -> None:
        self._is_local = isinstance(folder, LocalFolder)
        self.root = self.real(folder.root)
        self._follow = follow

    def real(self, path: str) -> str:
        """Return a path without links."""
        return os.path.realpath(path) if self._is_local else path.rstrip("/")

    def is_link(self, path: str) -> bool:
        """Tell whether a path is a link."""
        return self._is_local and os.path.islink(path)  # noqa: PTH114

    def target(self, path: str, above: str) -> Target:
        """Return where a link leads.

        Parameters
        ----------
        path
            The link; or anything that is reached through one.
        above
            The real path of the folder it is in.
        """
        try:
            status = os.stat(path)  # noqa: PTH116
        except OSError as error:
            reason = _why_not(error)
            is_awaited = self._follow and reason == _BROKEN
            return Target(NOTHING, os.path.realpath(path) if is_awaited else "", reason)
        real = os.path.realpath(path)
        kind = FOLDER if stat.S_ISDIR(status.st_mode) else FILE
        if kind is FOLDER and (_holds(real, above) or _holds(real, self.root)):
            return Target(kind, real, _CIRCLE)
        is_refused = not self._follow and not _holds(self.root, real)
        return Target(kind, real, OUTSIDE if is_refused else "")

    def id_of(self, real: str) -> str | None:
        """Return a real path as one below the root; None where it lies outside."""
        return real[len(self.root.rstrip("/")) + 1 :] if _holds(self.root, real) else None


def _holds(folder: str, path: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _why_not(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return _ITSELF
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return _BROKEN
    return f"is a link that can't be followed: {error.strerror}; fix that, or remove the link"
