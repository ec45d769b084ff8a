"""The folder that a run works in: its lock, its state, and what it has made so far.

All of it lies in ``OUT/.augtool``, and nothing else in OUT changes until all is made
(:mod:`augtool.run.commit`).  It is gone when the run is over.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

from augtool.errors import ConfigError, OccupiedError
from augtool.output import manifest
from augtool.output.dataset import DATASET, DatasetInfo
from augtool.output.made_with import MadeWith
from augtool.output.pending import COMMIT, STATE
from augtool.run.lock_file import HeldError, LockFile
from augtool.run.options import Shard
from augtool.run.places import Whole, WorkPlaces
from augtool.storage.confined import ConfinedFolder
from augtool.storage.descriptors import is_read_only
from augtool.storage.files import clean_errors
from augtool.storage.json_fields import JsonFields, is_sealed, sealed_bytes
from augtool.storage.which_manifest import MANIFESTS

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["RunState", "Workspace"]

_LOCK, _MERGE, _RUN = (f"{STATE}/{name}" for name in ("lock", "merge.lock", "run.json"))
_POLL_S = 0.05
#: What network file systems call a file that was removed while it was open.
_SILLY = ".nfs"


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
    shard
        The share of the run that is done here, beside other shards; None for a run that has the
        output for itself.
    """

    def __init__(self, out: Path, shard: Shard | None = None) -> None:
        self.out, self.shard = out, shard
        self.folder = ConfinedFolder(out)
        self._lock, self._merge = LockFile(self.folder, _LOCK), LockFile(self.folder, _MERGE)

    def check(self) -> None:
        """Refuse an output folder that can't be one; nothing is made.

        Raises
        ------
        ConfigError
            When a file stands where a folder should be, or permission is missing.
        OccupiedError
            When it holds things that are not augtool's, and nothing that is.
        OutputError
            When it has a name that can't be one, or can't be listed.
        """
        expected = (FileNotFoundError, NotADirectoryError, PermissionError)
        with clean_errors(self.out), contextlib.suppress(*expected):
            self.out.stat()
        existing = next(path for path in (self.out, *self.out.parents) if os.path.lexists(path))
        if not existing.is_dir():
            raise ConfigError(f"{existing}: is a file, not a folder; choose another output folder")
        if not os.access(existing, os.W_OK | os.X_OK) and not is_read_only(existing):
            raise ConfigError(
                f"{existing}: no permission to write; change it, or choose another output folder"
            )
        if existing != self.out:
            return
        with clean_errors(self.out):
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
        for name in MANIFESTS:
            with contextlib.suppress(OSError, OccupiedError):
                self.folder.open(name).close()  # no link
                if manifest.is_manifest(self.folder.path_of(name)):
                    return True
        return False

    def __enter__(self) -> Self:
        """Make the folder and take the lock.

        Raises
        ------
        OccupiedError
            When another run holds the lock; it is named.
        """
        self._take_lock()
        return self

    def _take_lock(self) -> None:
        said = "" if self.shard is None else f"shard {self.shard}, "
        try:
            with clean_errors(self.out / STATE):
                is_taken = False
                while not is_taken:
                    self.folder.close()
                    self.folder.make_folder(STATE)
                    is_taken = self._lock.take(said=said, is_shared=self.shard is not None)
        except HeldError as error:
            raise OccupiedError(
                f"{self.out}: another augtool is at work there ({error}); wait for it, or choose"
                " another output folder"
            ) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release the lock."""
        self._lock.release()
        self.folder.close()

    @property
    def is_exclusive(self) -> bool:
        """Whether no other process can be at work here."""
        return self.shard is None and self._lock.is_real

    @property
    def has_locks(self) -> bool:
        """Whether the file system has locks, so that others are kept out."""
        return self._lock.is_real

    def is_alone(self) -> bool:
        """Tell whether no other process is at work here; none comes, then."""
        return self.shard is None or self._lock.is_alone()

    @contextlib.contextmanager
    def completing(self, *, wait_s: float = 0.0) -> Iterator[bool]:
        """Hold the right to remove results, and to complete the run; False where another has it.

        For `wait_s` seconds that one is waited for.
        """
        until = time.monotonic() + wait_s
        while not (is_mine := self._take_merge()) and time.monotonic() < until:
            time.sleep(_POLL_S)
        try:
            yield is_mine
        finally:
            self._merge.release()

    def _take_merge(self) -> bool:
        with contextlib.suppress(HeldError), clean_errors(self.out / STATE):
            return self._merge.take(said="")
        return False

    @property
    def is_committing(self) -> bool:
        """Whether a finished run is being put in its place."""
        return self.folder.stat(COMMIT) is not None

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

    def begin(self, state: RunState, places: WorkPlaces) -> None:
        """Note which run this is, and make its folders."""
        with clean_errors(self.out / STATE):
            self._make(places)
            self.folder.replace(_RUN, state.encode(), sync=True)

    def join(self, state: RunState, places: WorkPlaces) -> RunState | None:
        """Note which run this is unless somebody has; return what is noted, None if it is torn.

        The folders are made if it is this run.
        """
        with clean_errors(self.out / STATE):
            self.folder.publish(_RUN, state.encode())
            noted = self.unfinished()
            if noted == state:
                self._make(places)
        return noted

    def _make(self, places: WorkPlaces) -> None:
        for path in places.folders():
            self.folder.make_folder(path)

    def new_whole(self, places: WorkPlaces, *, is_assembled: bool) -> Whole:
        """Return an empty place for the output; what was begun before goes, if that is safe."""
        whole = places.new_whole(is_assembled=is_assembled)
        with clean_errors(self.out / places.root):
            lock = self._merge if self._merge.is_held else self._lock
            for name in self.folder.names(places.root) if lock.is_real else ():
                if name.startswith("whole-"):
                    self.folder.remove_tree(f"{places.root}/{name}")
            self.folder.make_folder(whole.final)
            self.folder.make_folder(whole.staged)
        return whole

    def empty_folder(self, path: str) -> None:
        """Empty a folder of the workspace, or make it."""
        with clean_errors(self.out / path):
            self.folder.remove_tree(path)
            self.folder.make_folder(path)

    def clear(self) -> None:
        """Remove all that an unfinished run has made; its locks stay."""
        with clean_errors(self.out / STATE):
            for name in self.folder.names(STATE):
                path = f"{STATE}/{name}"
                if path not in (_LOCK, _MERGE) and not name.startswith(_SILLY):
                    self.folder.remove_tree(path)

    def finish(self) -> None:
        """Remove the folder. The lock goes last, so that nobody works here meanwhile.

        Where another shard has removed it, it may be another run's by now, and is left to that.
        """
        if not self._lock.is_current():
            self._lock.release()
            try:
                self._take_lock()
            except OccupiedError:
                return
        with clean_errors(self.out / STATE):
            self.clear()
            for lock, path in ((self._merge, _MERGE), (self._lock, _LOCK)):
                try:
                    self.folder.unlink(path)
                except PermissionError:  # Windows removes nothing that is open
                    lock.release()
                    self.folder.unlink(path)
            self.folder.remove_folder(STATE)
