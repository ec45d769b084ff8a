"""The way to a folder below another one, on which no link is followed."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from augtool.errors import OccupiedError
from augtool.storage import at
from augtool.storage.confined_path import NAME_BYTES, is_confined

__all__ = ["FolderWalk"]

#: Folders that are kept open, so that a file costs no walk.
_MOST_OPEN = 64


class FolderWalk:
    """Opens the folders below one folder, and keeps some of them open.

    Parameters
    ----------
    root, standing
        As for :class:`augtool.storage.confined.ConfinedFolder`.
    """

    def __init__(self, root: Path, *, standing: str = "") -> None:
        self.root = root
        self._standing = standing
        self._open: dict[str, at.OpenFolder] = {}

    def __getstate__(self) -> tuple[Path, str]:
        return self.root, self._standing

    def __setstate__(self, state: tuple[Path, str]) -> None:
        self.root, self._standing = state
        self._open = {}

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Close the folders that are kept open."""
        while self._open:
            with contextlib.suppress(OSError):
                at.close(self._open.popitem()[1])

    def _parent(
        self, path: str, *, make: bool = False, keep_open: bool = False
    ) -> tuple[at.OpenFolder, str]:
        """Return the open folder that a path lies in, and its name there.

        `keep_open` where another folder is in use: too many are closed only when none is.
        """
        folder, _, name = path.rpartition("/")
        known = self._open.get(folder)
        # The usual case, for each file: worth the lines. No longer than 2 are "." and "..", too.
        is_plain = 2 < len(name) <= NAME_BYTES and name.isascii() and "\0" not in name
        if known is not None and is_plain:
            return known, name
        if not is_confined(path):
            raise OccupiedError(f"{self.root}: {path!r} leads out of it; nothing there is touched")
        if len(self._open) >= _MOST_OPEN and not keep_open:
            self.close()
        return self._folder(folder.split("/") if folder else [], make=make), name

    def _folder(self, parts: list[str], *, make: bool = False) -> at.OpenFolder:
        """Return an open folder, walking to it without following a link."""
        path = "/".join(parts)
        if path in self._open:
            return self._open[path]
        make = make and path.startswith(self._standing and f"{self._standing}/")
        if not parts:
            if make:
                self.root.mkdir(parents=True, exist_ok=True)
            fd = at.open_root(self.root)
        else:
            above = self._folder(parts[:-1], make=make)
            fd = self._step(above, parts, make=make)
        self._open[path] = fd
        return fd

    def _step(self, above: at.OpenFolder, parts: list[str], *, make: bool) -> at.OpenFolder:
        name = parts[-1]
        if not is_confined("/".join(parts)):
            raise OccupiedError(f"{self.root}: {'/'.join(parts)!r} leads out of it")
        for _ in range(2):
            try:
                return at.open_folder_at(above, name)
            except FileNotFoundError:
                if not make:
                    raise
                with contextlib.suppress(FileExistsError):
                    at.make_folder_at(above, name)
            except OSError as error:
                if error.errno in (errno.ELOOP, errno.EMLINK, errno.ENOTDIR):
                    raise self._in_the_way("/".join(parts), "is no folder of its own") from error
                raise
        return at.open_folder_at(above, name)

    def _in_the_way(self, path: str, what: str) -> OccupiedError:
        place = self.root / path
        if place.is_symlink():
            what = f"is a link to {os.fspath(place.readlink())!r}"
        return OccupiedError(
            f"{place}: {what}, and augtool writes and reads no further than {self.root};"
            " remove it, or choose another output folder"
        )

    def _forget(self, path: str) -> None:
        """Close what is kept open of a folder that moves or goes."""
        for each in [each for each in self._open if each == path or each.startswith(f"{path}/")]:
            at.close(self._open.pop(each))
