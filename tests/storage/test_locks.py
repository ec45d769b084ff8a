"""Locks where the system has no fcntl, and files that it does not remove while they are open."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from augtool.errors import OccupiedError
from augtool.run.workspace import Workspace


class FakeMsvcrt(SimpleNamespace):
    """As Windows does: a byte of a file is locked until the descriptor is closed."""

    LK_NBLCK = 2

    def locking(self, fd: int, mode: int, count: int) -> None:
        assert (mode, count) == (self.LK_NBLCK, 1)
        assert os.lseek(fd, 0, os.SEEK_CUR) > 1000  # what is locked can't be read by others
        if self.is_held:
            raise OSError(errno.EACCES, "Permission denied")
        self.is_held = True


@pytest.fixture
def msvcrt(monkeypatch: pytest.MonkeyPatch) -> Any:
    fake = FakeMsvcrt(is_held=False)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", fake)
    return fake


def test_without_fcntl_a_lock_is_taken_and_names_its_holder(msvcrt: Any, tmp_path: Path) -> None:
    with Workspace(tmp_path / "out"):
        assert msvcrt.is_held
        said = (tmp_path / "out" / ".augtool" / "lock").read_text()
        assert said.startswith(f"process {os.getpid()} on ")


def test_without_fcntl_a_lock_of_another_process_is_seen(msvcrt: Any, tmp_path: Path) -> None:
    state = tmp_path / "out" / ".augtool"
    state.mkdir(parents=True)
    (state / "lock").write_text("process 7 on a host\n")
    msvcrt.is_held = True
    with pytest.raises(OccupiedError, match=r"at work there \(process 7 on a host\)"):
        Workspace(tmp_path / "out").__enter__()


def test_the_lock_goes_where_open_files_can_t_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Workspace(tmp_path / "out") as workspace:
        unlink = workspace.folder.unlink

        def unlink_closed(path: str) -> bool:
            if workspace._lock is not None:
                raise PermissionError(errno.EACCES, "in use")
            return unlink(path)

        monkeypatch.setattr(workspace.folder, "unlink", unlink_closed)
        workspace.finish()
    assert not (tmp_path / "out" / ".augtool").exists()
