"""Whole files and their names."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from augtool.errors import OutputError
from augtool.storage.files import (
    file_names,
    file_stamp,
    is_special,
    read_stamped,
    write_atomic,
    write_target,
)


def test_names_are_of_files_and_sorted(tmp_path: Path) -> None:
    for name in ("b.gz", "b", "a"):
        (tmp_path / name).touch()
    (tmp_path / "0 folder").mkdir()
    (tmp_path / "1 link to nothing").symlink_to("nowhere")
    assert file_names(str(tmp_path)) == ["a", "b", "b.gz"]


def test_what_cant_be_listed_holds_no_names(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert file_names(str(tmp_path / "file")) == file_names(str(tmp_path / "none")) == []


def test_a_stamp_is_from_before_the_bytes_were_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, read = tmp_path / "a.png", os.read
    path.write_bytes(b"one")
    before = file_stamp(str(path))

    def late(fd: int, count: int) -> bytes:
        path.write_bytes(b"another")
        return read(fd, count)

    with monkeypatch.context() as patch:
        patch.setattr(os, "read", late)
        assert read_stamped(str(path)) == (b"another", before)
    assert file_stamp(str(path)) != before
    assert file_stamp(str(tmp_path / "none")) == ""


def test_a_file_is_replaced_whole_and_no_link_beside_it_is_followed(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "out.json"
    victim.write_bytes(b"mine")
    (tmp_path / "out.json.tmp").symlink_to(victim)
    path.symlink_to(victim)
    write_atomic(path, b"new")
    assert (path.is_symlink(), path.read_bytes(), victim.read_bytes()) == (False, b"new", b"mine")
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "out.json",
        "out.json.tmp",
        "victim",
    ]


def test_a_new_file_has_the_mode_of_the_umask(tmp_path: Path) -> None:
    former = os.umask(0o027)
    try:
        write_atomic(tmp_path / "file", b"x")
    finally:
        os.umask(former)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_nothing_is_left_of_what_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "file").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"/file: can't write: No space left on device; free"):
        write_atomic(tmp_path / "file", b"new")
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"old"]
    monkeypatch.undo()
    (tmp_path / "folder").mkdir()
    for write in (write_atomic, write_target):
        with pytest.raises(OutputError, match=r"/folder: can't write: Is a directory"):
            write(tmp_path / "folder", b"x")
        with pytest.raises(OutputError, match=r"/no/file: can't write: No such file or directory"):
            write(tmp_path / "no/file", b"x")
    assert len(list(tmp_path.iterdir())) == 2


def test_a_pipe_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(path.read_bytes()))
    reader.start()
    write_target(path, b"data" * 50_000)
    reader.join(60)
    assert received == [b"data" * 50_000]
    with pytest.raises(OutputError, match="it is a device, pipe or socket; remove it"):
        write_atomic(path, b"x")
    assert stat.S_ISFIFO(path.lstat().st_mode)
    assert is_special(path)


def test_a_device_is_written_to_and_never_replaced() -> None:
    before = Path("/dev/null").stat()
    write_target(Path("/dev/null"), b"x")
    assert os.path.samestat(before, Path("/dev/null").stat())
    if Path("/dev/full").exists():
        with pytest.raises(OutputError, match=r"/dev/full: can't write: No space left on device"):
            write_target(Path("/dev/full"), b"x")
        assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


def test_a_link_that_was_named_stays_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    path = tmp_path / "link"
    path.symlink_to("there/file")
    for data in (b"first", b"second"):
        write_target(path, data)
        assert path.readlink() == Path("there/file")
        assert {each.name: each.read_bytes() for each in (tmp_path / "there").iterdir()} == {
            "file": data
        }
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OutputError, match="circle: can't write: Too many levels of symbolic"):
        write_target(tmp_path / "circle", b"x")
    assert (tmp_path / "circle").is_symlink()


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs /dev/fd")
def test_a_descriptor_is_written_to_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.write(b"header,")
        file.flush()
        link = tmp_path / "link"
        link.symlink_to(f"/dev/fd/{file.fileno()}")
        write_target(Path(f"/proc/self/fd/{file.fileno()}"), b"one,")
        write_target(link, b"two")
    assert path.read_bytes() == b"header,one,two"
    with pytest.raises(OutputError, match="can't write: Bad file descriptor"):
        write_target(Path("/dev/fd/999999"), b"x")


def test_a_reader_that_goes_away_has_read_enough() -> None:
    theirs, ours = os.pipe()
    os.close(theirs)
    write_target(Path(f"/dev/fd/{ours}"), b"x")
    os.close(ours)
