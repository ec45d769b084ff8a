"""A file in OUT that is locked while somebody works there, alone or with others of one run."""

from __future__ import annotations

import errno
import os
import socket
import stat
import threading

from augtool.storage.confined import ConfinedFolder
from augtool.storage.descriptors import read_at
from augtool.storage.files import write_all
from augtool.storage.locks import lock

__all__ = ["HeldError", "LockFile"]

#: Locks that this process holds, by device and inode: the kernel's don't part its threads.
_held: set[tuple[int, int]] = set()
_held_guard = threading.Lock()


class HeldError(Exception):
    """Another process holds the lock; the text says which."""


class LockFile:
    """A lock that is released when its process ends, so that no stale one stays behind.

    What is no lock file of ours is replaced, never written to.

    Parameters
    ----------
    folder, path
        The output, and the file's place in it.
    """

    def __init__(self, folder: ConfinedFolder, path: str) -> None:
        self._folder, self._path = folder, path
        self._fd: int | None = None
        #: Whether the file system has locks at all; known once it was asked for one.
        self.is_real = True

    @property
    def is_held(self) -> bool:
        """Whether the lock was taken, if there are any."""
        return self._fd is not None

    def take(self, *, said: str, is_shared: bool = False) -> bool:
        """Take the lock; False when the file was removed meanwhile.

        Parameters
        ----------
        said
            What others are told who works here, beside the process.
        is_shared
            Whether others may hold it as well that share it.

        Raises
        ------
        HeldError
            When another process holds it, or a thread of this one.
        OSError
            When the file can't be made or written.
        """
        state = self._folder.stat(self._path)
        if state is not None and (not stat.S_ISREG(state.st_mode) or state.st_nlink != 1):
            self._folder.remove_tree(self._path)
        try:
            fd = self._folder.open_descriptor(self._path)
        except FileNotFoundError:
            return False
        status = os.fstat(fd)
        with _held_guard:
            self._lock(fd, _key(status), is_shared=is_shared)
            there = self._folder.stat(self._path)
            if there is None or not os.path.samestat(status, there):
                os.close(fd)
                return False
            _held.add(_key(status))
        self._fd = fd
        try:
            self._say(said)
        except BaseException:  # a full disk, for one
            self.release()
            raise
        return True

    def _lock(self, fd: int, key: tuple[int, int], *, is_shared: bool) -> None:
        try:
            if key in _held:
                raise BlockingIOError(errno.EAGAIN, "held by a thread of this process")
            self.is_real = lock(fd, is_shared=is_shared)
        except OSError as error:
            holder = read_at(fd, 200, 0).decode("utf-8", "replace").strip()
            if key not in _held:  # closing any descriptor of the file would release its lock
                os.close(fd)
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            raise HeldError(holder or "another process") from error

    def _say(self, said: str) -> None:
        """Write who works here into the file."""
        assert self._fd is not None
        os.ftruncate(self._fd, 0)
        os.lseek(self._fd, 0, os.SEEK_SET)
        text = f"{said}process {os.getpid()} on {socket.gethostname()}\n"
        write_all(self._fd, text.encode())

    def is_current(self) -> bool:
        """Tell whether the lock was taken, and its file is still there: it keeps others out."""
        there = self._folder.stat(self._path)
        return (
            self._fd is not None
            and there is not None
            and os.path.samestat(os.fstat(self._fd), there)
        )

    def is_alone(self) -> bool:
        """Tell whether nobody else holds the lock; nobody else gets it, then."""
        if self._fd is None or not self.is_real:
            return False
        try:
            return lock(self._fd)
        except OSError:
            return False

    def release(self) -> None:
        """Release the lock, if it was taken."""
        if self._fd is not None:
            status = os.fstat(self._fd)
            with _held_guard:
                os.close(self._fd)
                _held.discard(_key(status))
            self._fd = None


def _key(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
