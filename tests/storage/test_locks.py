"""Locks where the system has no fcntl, and files that it does not remove while they are open."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from augtool.errors import OccupiedError
from augtool.run.workspace import Workspace
from augtool.storage.locks import lock


class FakeMsvcrt(SimpleNamespace):
    """As Windows does: bytes of a file are locked until the descriptor is closed."""

    LK_NBLCK = 2

    def locking(self, fd: int, mode: int, count: int) -> None:
        assert mode == self.LK_NBLCK
        start = os.lseek(fd, 0, os.SEEK_CUR)
        assert start > 1000  # what is locked can't be read by others
        wanted = set(range(start, start + count))
        if self.held & wanted:
            raise OSError(errno.EACCES, "Permission denied")
        self.held |= wanted


@pytest.fixture
def msvcrt(monkeypatch: pytest.MonkeyPatch) -> Any:
    fake = FakeMsvcrt(held=set())
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", fake)
    return fake


def test_without_fcntl_a_lock_is_taken_and_names_its_holder(msvcrt: Any, tmp_path: Path) -> None:
    with Workspace(tmp_path / "out"):
        assert msvcrt.held
        said = (tmp_path / "out" / ".augtool" / "lock").read_text()
        assert said.startswith(f"process {os.getpid()} on ")


def test_without_fcntl_a_lock_of_another_process_is_seen(msvcrt: Any, tmp_path: Path) -> None:
    state = tmp_path / "out" / ".augtool"
    state.mkdir(parents=True)
    (state / "lock").write_text("process 7 on a host\n")
    msvcrt.held = {2**30}
    with pytest.raises(OccupiedError, match=r"at work there \(process 7 on a host\)"):
        Workspace(tmp_path / "out").__enter__()


def test_the_lock_goes_where_open_files_can_t_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Workspace(tmp_path / "out") as workspace:
        unlink = workspace.folder.unlink

        def unlink_closed(path: str) -> bool:
            if path.endswith("/lock") and workspace._lock.is_held:
                raise PermissionError(errno.EACCES, "in use")
            return unlink(path)

        monkeypatch.setattr(workspace.folder, "unlink", unlink_closed)
        workspace.finish()
    assert not (tmp_path / "out" / ".augtool").exists()


@pytest.mark.usefixtures("msvcrt")
def test_without_fcntl_shards_share_a_lock_that_keeps_a_whole_run_out(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "abc"]
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(path.open("w+b")) for path in paths]
        assert lock(files[0].fileno(), is_shared=True)
        assert lock(files[1].fileno(), is_shared=True)
        with pytest.raises(OSError, match="Permission denied"):
            lock(files[2].fileno())


def test_without_any_locks_nobody_is_kept_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", None)
    with (tmp_path / "file").open("w+b") as file:
        assert not lock(file.fileno())


#: Takes a lock and keeps it until its input ends.
HOLDER = """
import sys
from augtool.storage.locks import lock
file = open(sys.argv[1], "r+b")
lock(file.fileno(), is_shared=sys.argv[2] == "shared")
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("theirs", "is_shared", "is_free"),
    [("shared", True, True), ("shared", False, False), ("alone", True, False)],
)
def test_a_lock_of_another_process_is_shared_or_not(
    tmp_path: Path, theirs: str, is_shared: bool, is_free: bool
) -> None:
    path = tmp_path / "file"
    path.touch()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), theirs],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
        text=True,
    )
    with path.open("r+b") as file:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        try:
            if is_free:
                assert lock(file.fileno(), is_shared=is_shared)
                with pytest.raises(BlockingIOError):
                    lock(file.fileno())  # it can't be made exclusive now
            else:
                with pytest.raises(BlockingIOError):
                    lock(file.fileno(), is_shared=is_shared)
        finally:
            holder.communicate()
        assert lock(file.fileno())
