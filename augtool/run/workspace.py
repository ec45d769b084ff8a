"""The folder that a run works in: its lock, its state, and what it has made so far.

All of it lies in ``OUT/.augtool``, and nothing else in OUT changes until all is made
(:mod:`augtool.run.commit`).  It is gone when the run is over.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

from augtool.errors import ConfigError, OccupiedError
from augtool.output import manifest
from augtool.output.dataset import DATASET, MANIFEST, DatasetInfo
from augtool.output.made_with import MadeWith
from augtool.output.pending import FINAL, STAGED, STATE
from augtool.storage.confined import ConfinedFolder
from augtool.storage.descriptors import is_read_only, read_at
from augtool.storage.files import clean_errors, write_all
from augtool.storage.json_fields import JsonFields, is_sealed, sealed_bytes
from augtool.storage.locks import lock

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["PAYLOADS", "RESULTS", "RunState", "Workspace"]

RESULTS, PAYLOADS = f"{STATE}/results", f"{STATE}/payloads"
_LOCK, _RUN = f"{STATE}/lock", f"{STATE}/run.json"
_WORK = (RESULTS, PAYLOADS, STAGED, FINAL)

#: Locks that this process holds, by device and inode: the kernel's don't part its threads.
_held: set[tuple[int, int]] = set()
_held_guard = threading.Lock()


class RunState(NamedTuple):
    """What is noted of an unfinished run.

    Parameters
    ----------
    identity
        What tells it from every run that writes other bytes.
    made_with
        A part of that.
    """

    identity: str
    made_with: MadeWith

    @classmethod
    def parse(cls, data: bytes) -> RunState:
        """Return what a file's bytes say.

        Raises
        ------
        ValueError
            When they are torn, or foreign.
        """
        if not is_sealed(data):
            raise ValueError("its checksum does not fit")
        fields = JsonFields.parse(data)
        made_with = MadeWith(fields.mapping("versions", str), fields.mapping("machine", str))
        return cls(fields.get("identity", str), made_with)

    def encode(self) -> bytes:
        """Return a file's bytes."""
        return sealed_bytes({"identity": self.identity, **self.made_with._asdict()})


class Workspace:
    """The output folder of one run, and the run's own folder in it. It is entered to hold the lock.

    Parameters
    ----------
    out
        The output folder; made on entry.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self.folder = ConfinedFolder(out)
        self._lock: int | None = None

    def check(self) -> None:
        """Refuse an output folder that can't be one; nothing is made.

        Raises
        ------
        ConfigError
            When a file stands where a folder should be, or permission is missing.
        OccupiedError
            When it holds things that are not augtool's, and nothing that is.
        """
        existing = next(path for path in (self.out, *self.out.parents) if os.path.lexists(path))
        if not existing.is_dir():
            raise ConfigError(f"{existing}: is a file, not a folder; choose another output folder")
        if not os.access(existing, os.W_OK | os.X_OK) and not is_read_only(existing):
            raise ConfigError(
                f"{existing}: no permission to write; change it, or choose another output folder"
            )
        if not self.out.is_dir():
            return
        names = [name for name in self.folder.names() if name != STATE]
        if names and not self._is_ours():
            raise OccupiedError(
                f"{self.out}: holds files that augtool did not write, such as {names[0]!r};"
                " choose another output folder, or empty this one"
            )

    def _is_ours(self) -> bool:
        """Tell whether a run left its state here, or at least one of what a finished one has."""
        if self.unfinished() is not None or self.is_committing:
            return True
        with contextlib.suppress(OSError, ValueError, OccupiedError):
            DatasetInfo.parse(self.folder.read(DATASET))
            return True
        with contextlib.suppress(OSError, OccupiedError), self.folder.open(MANIFEST) as file:
            return manifest.is_header(file.readline(2**16))
        return False

    def __enter__(self) -> Self:
        """Make the folder and take the lock.

        Raises
        ------
        OccupiedError
            When another run holds the lock; it is named.
        """
        with clean_errors(self.out / STATE):
            while self._lock is None:
                self.folder.close()
                self.folder.make_folder(STATE)
                self._lock = self._take_lock()
            try:
                os.ftruncate(self._lock, 0)
                os.lseek(self._lock, 0, os.SEEK_SET)
                write_all(self._lock, _holder())
            except BaseException:  # a full disk, for one
                self._release()
                raise
        return self

    def _take_lock(self) -> int | None:
        """Return the locked descriptor; None when the file was removed while we took it.

        The kernel releases the lock when its process ends, however it ends, so that no stale lock
        stays behind. What is no lock file of ours is replaced, never written to.
        """
        state = self.folder.stat(_LOCK)
        if state is not None and (not stat.S_ISREG(state.st_mode) or state.st_nlink != 1):
            self.folder.remove_tree(_LOCK)
        fd = self._open_lock()
        if fd is None:
            return None
        status = os.fstat(fd)
        key = status.st_dev, status.st_ino
        with _held_guard:
            try:
                if key in _held:
                    raise BlockingIOError(errno.EAGAIN, "held by a thread of this process")
                lock(fd)
            except OSError as error:
                holder = read_at(fd, 200, 0).decode("utf-8", "replace").strip()
                if key not in _held:  # closing any descriptor of the file would release its lock
                    os.close(fd)
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise
                raise OccupiedError(
                    f"{self.out}: another augtool is at work there"
                    f" ({holder or 'another process'}); wait for it, or choose another output"
                    " folder"
                ) from error
            there = self.folder.stat(_LOCK)
            if there is None or not os.path.samestat(status, there):
                os.close(fd)
                return None
            _held.add(key)
        return fd

    def _open_lock(self) -> int | None:
        try:
            return self.folder.open_descriptor(_LOCK)
        except FileNotFoundError:
            return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release the lock."""
        self._release()
        self.folder.close()

    def _release(self) -> None:
        if self._lock is not None:
            status = os.fstat(self._lock)
            with _held_guard:
                os.close(self._lock)
                _held.discard((status.st_dev, status.st_ino))
            self._lock = None

    @property
    def is_committing(self) -> bool:
        """Whether a finished run is being put in its place."""
        return self.folder.stat(f"{STATE}/commit.json") is not None

    def unfinished(self) -> RunState | None:
        """Return what `begin` noted of the run that is unfinished here; None when there is none.

        A state that is torn is that of no run: what is there is then made anew.
        """
        try:
            return RunState.parse(self.folder.read(_RUN))
        except (OSError, ValueError):
            return None

    @property
    def begun_ns(self) -> int:
        """When the run began that is unfinished here, in nanoseconds as files have them."""
        status = self.folder.stat(_RUN)
        return 0 if status is None else status.st_mtime_ns

    def begin(self, state: RunState) -> None:
        """Note which run this is, and make its folders."""
        with clean_errors(self.out / STATE):
            for name in _WORK:
                self.folder.make_folder(name)
            self.folder.replace(_RUN, state.encode(), sync=True)

    def clear(self) -> None:
        """Remove all that an unfinished run has made; its lock stays."""
        with clean_errors(self.out / STATE):
            for name in self.folder.names(STATE):
                if f"{STATE}/{name}" != _LOCK:
                    self.folder.remove_tree(f"{STATE}/{name}")

    def empty_folder(self, path: str) -> Path:
        """Return a folder of the workspace, emptied."""
        with clean_errors(self.out / path):
            self.folder.remove_tree(path)
            self.folder.make_folder(path)
        return self.folder.path_of(path)

    def finish(self) -> None:
        """Remove the folder. The lock goes last, so that nobody works here meanwhile."""
        with clean_errors(self.out / STATE):
            self.clear()
            try:
                self.folder.unlink(_LOCK)
            except PermissionError:  # Windows removes nothing that is open
                self._release()
                self.folder.unlink(_LOCK)
            self.folder.remove_folder(STATE)


def _holder() -> bytes:
    """Return what the lock says of this process."""
    return f"process {os.getpid()} on {socket.gethostname()}\n".encode()
