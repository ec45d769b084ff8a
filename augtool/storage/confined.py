"""A folder that nothing leads out of: every path below it is checked, link by link.

What lies in an output is input like any other: a row may say ``../x``, and a link may stand where a
folder should be.  All that augtool reads, writes and removes in an output goes through this class,
which follows no link on the way and takes no path that is not plainly below.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from augtool.storage import at
from augtool.storage.descriptors import NO_WAIT
from augtool.storage.files import write_all
from augtool.storage.folder_walk import FolderWalk

__all__ = ["ConfinedFolder"]

#: What a file system says that has no hard links.
_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK)
#: Why a folder stays that should go if it is empty.
_STAYS = (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR, errno.EBUSY)
#: How often to begin again to remove a folder in which others are at work.
_MOST_REMOVALS = 100


class ConfinedFolder(FolderWalk):
    """Reads, writes and removes below one folder.

    Paths are relative, with ``/``. All methods raise OSError as the system does, so that callers
    say what they were doing (:func:`augtool.storage.files.clean_errors`).

    Parameters
    ----------
    root
        The folder. It may be reached through links; below it there may be none on the way.
    standing
        A folder in it that is never made on the way to something below it: once it is gone, so
        is all that was to be done there. "" where every folder on the way may be made.

    Raises
    ------
    OccupiedError
        From every method, when a path leads out, or a link or file stands where a folder should.
    """

    def path_of(self, path: str) -> Path:
        """Return a path for messages, and for those who only look."""
        return self.root / path

    def stat(self, path: str) -> os.stat_result | None:
        """Return the status of what is there, a link's own; None where nothing is."""
        try:
            parent, name = self._parent(path)
            return at.stat_at(parent, name)
        except FileNotFoundError:
            return None

    def is_folder(self, path: str) -> bool:
        """Tell whether a folder is there, and no link to one."""
        status = self.stat(path)
        return status is not None and stat.S_ISDIR(status.st_mode)

    def open(self, path: str) -> BinaryIO:
        """Open a regular file for reading; a link is not followed."""
        parent, name = self._parent(path)
        try:
            fd = at.open_at(parent, name, os.O_RDONLY | NO_WAIT)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EMLINK):
                raise self._in_the_way(path, "is a link") from error
            if error.errno in (errno.ENXIO, errno.ENODEV):  # a socket, or a device without a driver
                raise self._in_the_way(path, "is not a regular file") from error
            raise
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise self._in_the_way(path, "is not a regular file")
        return os.fdopen(fd, "rb")

    def open_descriptor(self, path: str) -> int:
        """Open a file for reading and writing, made if none is there; a link is not followed."""
        parent, name = self._parent(path)
        return at.open_at(parent, name, os.O_RDWR | os.O_CREAT | NO_WAIT)

    def read(self, path: str) -> bytes:
        """Return the bytes of a regular file; a link is not followed."""
        with self.open(path) as file:
            return file.read()

    def create(self, path: str, *, readable: bool = False) -> int:
        """Return the descriptor of a new, empty file, in place of a file or link that is there."""
        parent, name = self._parent(path, make=True)
        return at.create_at(parent, name, os.O_RDWR if readable else os.O_WRONLY)

    def write(self, path: str, data: bytes) -> None:
        """Write a file straight under its name: after a crash it may be torn."""
        fd = self.create(path)
        try:
            write_all(fd, data)
        finally:
            os.close(fd)

    def replace(self, path: str, data: bytes, *, sync: bool = False) -> None:
        """Write a file that appears whole, or not at all; `sync`: and is safe on disk."""
        temporary = f"{path}.{secrets.token_hex(6)}.tmp"
        try:
            self.write(temporary, data)
            if sync:
                self.sync(temporary)
            self.rename(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                self.unlink(temporary)
            raise

    def sync(self, path: str) -> None:
        """Wait until a file's bytes are on the disk."""
        at.sync_at(*self._parent(path))

    def link(self, path: str, target: str, *, symbolic: bool) -> None:
        """Make a hard link to a file, or a symbolic link that says `target`."""
        parent, name = self._parent(path, make=True)
        with contextlib.suppress(FileNotFoundError):
            at.unlink_at(parent, name)
        if symbolic:
            at.symlink_at(target, parent, name)
        else:
            at.link_at(target, parent, name)

    def publish(self, path: str, data: bytes) -> bool:
        """Write a file that appears whole unless one is there; tell whether it was this one.

        Where the file system has no hard links, a file that comes meanwhile is replaced.
        """
        temporary = f"{path}.{secrets.token_hex(6)}.tmp"
        self.write(temporary, data)
        try:
            self.sync(temporary)
            parent, name = self._parent(temporary)
            at.link_within(parent, name, path.rpartition("/")[2])
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if self.stat(path) is not None:
                return False
            self.rename(temporary, path)
        finally:
            self.unlink(temporary)
        return True

    def link_end(self, path: str, final: str) -> Path | None:
        """Return where a link at `path` leads once it lies at `final`; None where there is none."""
        status = self.stat(path)
        if status is None or not stat.S_ISLNK(status.st_mode):
            return None
        parent, name = self._parent(path)
        # By name: the folder that it will lie in may not be there yet, and holds no links itself.
        home = f"{os.path.realpath(self.root)}/{final.rpartition('/')[0]}"
        return Path(os.path.normpath(os.path.join(home, at.read_link_at(parent, name))))  # noqa: PTH118

    def rename(self, old: str, new: str) -> None:
        """Give a file or folder another place, over the file that is there."""
        old_parent, old_name = self._parent(old)
        new_parent, new_name = self._parent(new, make=True, keep_open=True)
        at.rename_at(old_parent, old_name, new_parent, new_name)
        self._forget(old)

    def unlink(self, path: str) -> bool:
        """Remove a file or link; tell whether one was there."""
        try:
            parent, name = self._parent(path)
            at.unlink_at(parent, name)
        except FileNotFoundError:
            return False
        return True

    def make_folder(self, path: str) -> None:
        """Make a folder, and those above it, where there is none."""
        self._folder(path.split("/"), make=True)

    def remove_folder(self, path: str) -> bool:
        """Remove a folder if it is empty; tell whether it went."""
        self._forget(path)
        try:
            parent, name = self._parent(path)
            at.remove_folder_at(parent, name)
        except OSError as error:
            if error.errno in _STAYS:
                return False
            raise
        return True

    def remove_tree(self, path: str) -> None:
        """Remove a folder with all that is in it; a link or file in its place goes alone.

        Others may put something there meanwhile, or remove it, too.
        """
        self._forget(path)
        for left in reversed(range(_MOST_REMOVALS)):
            status = self.stat(path)
            if status is None:
                return
            if not stat.S_ISDIR(status.st_mode):
                self.unlink(path)
                return
            try:
                shutil.rmtree(self.root / path)  # follows no links, and the way there holds none
            except OSError as error:
                if error.errno not in _STAYS or not left:
                    raise

    def names(self, path: str = "") -> list[str]:
        """Return the sorted names of what lies in a folder; none where there is none."""
        try:
            fd = self._folder(path.split("/") if path else [])
        except FileNotFoundError:
            return []
        return sorted(at.list_at(fd))

    def walk(self, path: str) -> Iterator[str]:
        """Yield the paths of all files and links below a folder, sorted within each folder."""
        for name in self.names(path):
            below = f"{path}/{name}" if path else name
            if self.is_folder(below):
                yield from self.walk(below)
            else:
                yield below
