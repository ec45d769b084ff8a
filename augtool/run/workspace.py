"""The output folder while a run works on it: its lock, its state, and what is cleared away.

All of it lies in ``OUT/.augtool``, which is gone when ``manifest.csv`` is there.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

from augtool.errors import ConfigError, InputError, OccupiedError, OutputError
from augtool.output import manifest
from augtool.output.dataset import DATASET, FAILURES, MANIFEST, OWN_FILES, REPORT, read_dataset
from augtool.storage.files import clean_errors, write_atomic
from augtool.storage.json_fields import JsonFields, json_bytes

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["RunState", "Workspace", "remove_empty_folders"]


class RunState(NamedTuple):
    """What is noted of an unfinished run, for whoever finds it.

    Parameters
    ----------
    identity
        What tells it from every run that would write something else.
    fingerprints
        From :func:`augtool.run.reuse.render_fingerprints`.
    columns
        Of its manifest.
    has_untracked
        Whether an earlier, interrupted run may have left files that no chunk result lists.
    """

    identity: str
    fingerprints: dict[str, str]
    columns: list[str]
    has_untracked: bool

    @classmethod
    def parse(cls, data: bytes) -> RunState:
        """Return what a file's bytes say.

        Raises
        ------
        ValueError
            When they are torn, or foreign.
        """
        fields = JsonFields.parse(data)
        return cls(
            fields.get("identity", str),
            fields.mapping("fingerprints", str),
            fields.items("columns", str),
            fields.get("has_untracked", bool),
        )


class Workspace:
    """The folder of one run. As a context manager it holds the lock.

    Parameters
    ----------
    out
        The output folder; made on entry.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self.folder = out / ".augtool"
        self.parts = self.folder / "parts"
        self.payloads = self.folder / "payloads"
        self.assembled = self.folder / "assembled"
        self.scratch = self.folder / "tmp"
        self.previous = self.folder / "previous"
        self._lock: int | None = None

    @property
    def manifest(self) -> Path:
        """The file whose presence means that the run is whole."""
        return self.out / MANIFEST

    @property
    def unfinished_manifest(self) -> Path:
        """Where the manifest is written before it gets its name."""
        return self.out / f"{MANIFEST}.tmp"

    def check(self) -> None:
        """Refuse an output folder that can't be one; nothing is made.

        Raises
        ------
        ConfigError
            When a file stands where a folder should be, or permission is missing.
        OccupiedError
            When it holds things that are not augtool's.
        """
        existing = next(path for path in (self.out, *self.out.parents) if os.path.lexists(path))
        if not existing.is_dir():
            raise ConfigError(f"{existing}: is a file, not a folder; choose another output folder")
        if not os.access(existing, os.W_OK | os.X_OK) and not _is_read_only(existing):
            raise ConfigError(
                f"{existing}: no permission to write; change it, or choose another output folder"
            )
        if self.out.is_dir() and not self._is_ours():
            raise OccupiedError(
                f"{self.out}: holds files that augtool did not write, such as"
                f" {min(os.listdir(self.out))!r}; choose another output folder, or empty this one"  # noqa: PTH208
            )

    def _is_ours(self) -> bool:
        if self.folder.is_dir() or (self.manifest.is_file() and self._dataset().is_file()):
            return True
        return not any(self.out.iterdir())

    def _dataset(self) -> Path:
        return self.out / DATASET

    def __enter__(self) -> Self:
        """Make the folder and take the lock.

        Raises
        ------
        OccupiedError
            When another run holds the lock; it is named.
        """
        with clean_errors(self.folder):
            while self._lock is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._lock = self._take_lock(self.folder / "lock")
            for folder in (self.parts, self.payloads, self.scratch):
                folder.mkdir(exist_ok=True)
        return self

    def _take_lock(self, path: Path) -> int | None:
        """Return the locked descriptor; None when the file was removed while we took it.

        The kernel gives the lock back when its process ends, however it ends, so that no stale lock
        stays behind.
        """
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except FileNotFoundError:
            return None
        try:
            # A record lock, which forked workers don't inherit.
            fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not (path.exists() and os.path.samestat(os.fstat(fd), path.stat())):
                os.close(fd)
                return None
        except OSError as error:
            holder = os.pread(fd, 200, 0).decode("utf-8", "replace").strip() or "another process"
            os.close(fd)
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            raise OccupiedError(
                f"{self.out}: another augtool is at work there ({holder});"
                " wait for it, or choose another output folder"
            ) from error
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        return fd

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release the lock."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def unfinished(self) -> RunState | None:
        """Return what `begin` noted of the run that is unfinished here; None when there is none.

        A state that is torn is that of no run: what is there is then made anew.
        """
        try:
            return RunState.parse((self.folder / "run.json").read_bytes())
        except (OSError, ValueError):
            return None

    def begin(self, state: RunState) -> None:
        """Note which run this is."""
        write_atomic(self.folder / "run.json", json_bytes(state._asdict()))

    def stash_manifest(self, table: Path | bytes, fingerprints: dict[str, str]) -> None:
        """Keep an earlier run's rows and fingerprints until its leftovers are removed."""
        self.previous.mkdir(exist_ok=True)
        number = len(list(self.previous.glob("*.csv")))
        write_atomic(self.previous / f"{number}.json", json_bytes(fingerprints))
        if isinstance(table, bytes):
            write_atomic(self.previous / f"{number}.csv", table)
        else:
            with clean_errors(table):
                table.replace(self.previous / f"{number}.csv")

    def stashed_manifests(self) -> list[tuple[Path, dict[str, str]]]:
        """Return the manifests that were stashed and their fingerprints, the latest first."""
        tables = sorted(self.previous.glob("*.csv"), key=lambda path: -int(path.stem))
        return [(path, _fingerprints_in(path.with_suffix(".json"))) for path in tables]

    def clear_scratch(self) -> None:
        """Remove what an interrupted run left half-written."""
        with clean_errors(self.scratch):
            shutil.rmtree(self.scratch, ignore_errors=True)
            self.scratch.mkdir(exist_ok=True)

    def clear_output(self) -> None:
        """Remove what augtool wrote: all of an unfinished output, or what a manifest lists."""
        with clean_errors(self.out):
            if self.manifest.exists():
                listed = {self.out / record.path for record in manifest.read(self.manifest)}
                # The manifest goes first: nothing half-removed looks whole.
                self.manifest.unlink(missing_ok=True)
                self.remove_shared_files()
                for path in (*(self.out / name for name in (DATASET, FAILURES, REPORT)), *listed):
                    path.unlink(missing_ok=True)
                remove_empty_folders(self.out)
            else:
                for path in self.out.iterdir():
                    if path != self.folder:
                        _remove(path)
            self.clear_parts()
            shutil.rmtree(self.previous, ignore_errors=True)

    def discard_state(self) -> None:
        """Remove the state of a run, for an output that is whole."""
        with clean_errors(self.folder):
            (self.folder / "run.json").unlink(missing_ok=True)
            shutil.rmtree(self.previous, ignore_errors=True)
        self.clear_parts()

    def clear_parts(self) -> None:
        """Remove all part files, and the payloads that belong to them."""
        with clean_errors(self.parts):
            for folder in (self.parts, self.payloads):
                for path in folder.iterdir():
                    path.unlink()

    def remove_shared_files(self) -> None:
        """Remove the files of a finished output that belong to more than one record."""
        with clean_errors(self.out), contextlib.suppress(InputError):
            for name in read_dataset(self.out).files:
                (self.out / name).unlink(missing_ok=True)

    def clear_assembled(self) -> None:
        """Begin anew to put joint files together."""
        with clean_errors(self.assembled):
            shutil.rmtree(self.assembled, ignore_errors=True)
            self.assembled.mkdir()

    def install(self) -> None:
        """Make what was put together the content of the output, in place of what is there."""
        with clean_errors(self.out):
            for path in self.out.iterdir():
                if path != self.folder:
                    _remove(path)
            for path in self.assembled.iterdir():
                path.rename(self.out / path.name)

    def unlisted(self) -> Iterator[str]:
        """Yield the paths of all files below the output, but for augtool's own."""
        for parent, folders, names in os.walk(self.out):
            if parent == str(self.out):
                folders.remove(self.folder.name)
                names = [name for name in names if name not in OWN_FILES]
            for name in names:
                yield os.path.relpath(os.path.join(parent, name), self.out)  # noqa: PTH118

    def finish(self) -> None:
        """Remove the folder. The lock goes with it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _fingerprints_in(path: Path) -> dict[str, str]:
    try:
        return JsonFields.parse(b'{"all": %b}' % path.read_bytes()).mapping("all", str)
    except (OSError, ValueError) as error:
        raise OutputError(
            f"{path}: is damaged ({error}); run the same command again with --overwrite"
        ) from error


def remove_empty_folders(out: Path) -> None:
    """Remove every empty folder of an output, but for the run's own."""
    own = os.path.join(out, ".augtool")  # noqa: PTH118
    for parent, _, _ in os.walk(out, topdown=False):
        if parent != str(out) and not f"{parent}/".startswith(f"{own}/"):
            with contextlib.suppress(OSError):  # not empty
                os.rmdir(parent)  # noqa: PTH106


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _is_read_only(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    return False
