"""Nothing leads out of a confined folder, with descriptors of folders or, as Windows, without."""

from __future__ import annotations

import errno
import os
import pickle
import shutil
from pathlib import Path

import pytest

from augtool.errors import OccupiedError
from augtool.storage.confined import ConfinedFolder
from augtool.storage.confined_path import is_confined

LONG = "x" * 255


@pytest.fixture(params=["descriptors", "paths"])
def folder(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ConfinedFolder:
    if request.param == "paths":
        monkeypatch.setattr(os, "supports_dir_fd", set())
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "thesis").write_bytes(b"mine")
    (tmp_path / "out").mkdir()
    return ConfinedFolder(tmp_path / "out")


def test_files_are_written_read_moved_and_removed(folder: ConfinedFolder) -> None:
    folder.write("a/b/x", b"1")
    folder.replace("a/y", b"22", sync=True)
    folder.rename("a/b/x", "c/x")
    folder.link("c/hard", str(folder.path_of("c/x")), symbolic=False)
    folder.link("c/soft", "../a/y", symbolic=True)
    assert (folder.read("c/x"), folder.read("c/hard"), folder.read("a/y")) == (b"1", b"1", b"22")
    assert list(folder.walk("")) == ["a/y", "c/hard", "c/soft", "c/x"]
    assert folder.link_end("c/soft", "c/soft") == folder.path_of("a/y").resolve()
    assert (folder.is_folder("a/b"), folder.is_folder("c/x")) == (True, False)
    assert (folder.remove_folder("a/b"), folder.remove_folder("a")) == (True, False)
    assert (folder.unlink("c/x"), folder.unlink("c/x")) == (True, False)
    folder.remove_tree("c")
    assert folder.names() == ["a"]
    assert folder.stat("c/x") is None


@pytest.mark.parametrize("path", ["../outside/thesis", "/etc/passwd", "a/../../x", "", "a//b"])
def test_a_path_that_leads_out_is_refused(folder: ConfinedFolder, path: str) -> None:
    for act in (folder.read, folder.unlink, folder.stat, folder.create, folder.remove_folder):
        with pytest.raises(OccupiedError, match="leads out of it"):
            act(path)


def test_a_link_in_the_place_of_a_folder_is_not_followed(folder: ConfinedFolder) -> None:
    (folder.root / "way").symlink_to("../outside")
    acts = (folder.read, folder.unlink, folder.create, folder.open_descriptor, folder.sync)
    for act in acts:
        with pytest.raises(OccupiedError, match="is a link to"):
            act("way/thesis")
    with pytest.raises(OccupiedError):
        folder.make_folder("way")
    with pytest.raises(OccupiedError):
        folder.names("way")
    assert (folder.root / "../outside/thesis").read_bytes() == b"mine"


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(
    folder: ConfinedFolder,
) -> None:
    for name in ("read", "write", "lock"):
        (folder.root / name).symlink_to("../outside/thesis")
    with pytest.raises(OccupiedError, match="is a link to"):
        folder.read("read")
    with pytest.raises(OSError, match="symbolic link"):
        folder.open_descriptor("lock")
    folder.write("write", b"new")
    assert folder.read("write") == b"new"
    folder.remove_tree("read")
    assert folder.names() == ["lock", "write"]
    assert (folder.root / "../outside/thesis").read_bytes() == b"mine"


@pytest.mark.parametrize("path", ["a", "a/b.png", "..a/b..", f"a/{LONG}", "a\\..\\b", "\udcff"])
def test_relative_paths_are_confined(path: str) -> None:
    assert is_confined(path)


@pytest.mark.parametrize(
    "path",
    [
        *("", "/a", "a/", "a//b", ".", "a/./b", "..", "a/../b", "a\0b"),
        *(f"a/{LONG}x/b", "\u00e9" * 128, "\ud800"),
    ],
)
def test_paths_that_lead_out_or_name_no_file_are_not(path: str) -> None:
    assert not is_confined(path)


def test_the_first_to_publish_wins(tmp_path: Path) -> None:
    folder = ConfinedFolder(tmp_path)
    assert folder.publish("a/run.json", b"one")
    assert not folder.publish("a/run.json", b"two")
    assert (tmp_path / "a/run.json").read_bytes() == b"one"
    assert folder.names("a") == ["run.json"]


def test_without_hard_links_the_first_to_publish_wins_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, "link", no_links)
    test_the_first_to_publish_wins(tmp_path)


def test_a_standing_folder_is_not_made_again(tmp_path: Path) -> None:
    """Whoever works below it finds out, and leaves nothing behind."""
    ConfinedFolder(tmp_path).make_folder("work/one")
    folder = pickle.loads(pickle.dumps(ConfinedFolder(tmp_path, standing="work/one")))
    folder.write("work/one/new/x", b"x")
    folder.write("work/one/y", b"y")
    ConfinedFolder(tmp_path).remove_tree("work")
    for again in (folder, ConfinedFolder(tmp_path, standing="work/one")):
        for path in ("work/one/new/z", "work/one/z", "work/z", "z/z"):
            with pytest.raises(FileNotFoundError):
                again.write(path, b"z")
    assert not list(tmp_path.iterdir())


def test_a_folder_goes_though_others_are_at_work_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes while it is removed goes, too; what another removes is no error."""
    folder, rmtree, rounds = ConfinedFolder(tmp_path), shutil.rmtree, iter(range(9))

    def disturbed(path: Path) -> None:
        number = next(rounds)
        if number < 2:
            (path / f"late{number}").write_bytes(b"")
            raise OSError([errno.ENOTEMPTY, errno.ENOENT][number], "disturbed", str(path))
        rmtree(path)

    folder.write("work/x", b"x")
    monkeypatch.setattr(shutil, "rmtree", disturbed)
    folder.remove_tree("work")
    assert not (tmp_path / "work").exists()
    assert next(rounds) == 3
