from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from augtool.core.records import Listing
from augtool.errors import ConfigError, InputError
from augtool.sources import open_source
from augtool.sources.file_list import read_list


def _listing(root: Path, *paths: str) -> Listing:
    return open_source(root, only=paths).listing()


def test_only_listed_pictures_are_taken(tiny_tree: Path) -> None:
    listing = _listing(tiny_tree, "dog/01.png", "./cat/00.png", str(tiny_tree / "cat/02.png"))
    assert [each.id for each in listing.samples] == ["cat/00.png", "cat/02.png", "dog/01.png"]
    assert listing.classes == ("cat", "dog")
    assert listing.failures == []


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("cat/99.png", "does not exist"),
        ("../data.png", "leads out of the data"),
        ("/etc/passwd", "leads out of the data"),
        ("cat", "is a folder"),
        ("cat/notes.txt", "is not an image"),
        ("cat/x.heic", "format that augtool does not read"),
        ("stray.png", "is not in a class folder"),
    ],
)
def test_listed_path_that_cannot_be_used_is_a_failure(
    tiny_tree: Path, path: str, words: str
) -> None:
    (tiny_tree / "cat/notes.txt").write_text("x")
    (tiny_tree / "cat/x.heic").write_text("x")
    (tiny_tree / "stray.png").write_text("x")
    listing = _listing(tiny_tree, "cat/00.png", path)
    (failure,) = listing.failures
    assert (failure.source, failure.stage) == (path, "list")
    assert words in failure.reason


def test_what_is_not_listed_is_no_failure(tiny_tree: Path) -> None:
    (tiny_tree / "cat/x.heic").write_text("x")
    (tiny_tree / "cat/notes.txt").write_text("x")
    listing = _listing(tiny_tree, "cat/00.png")
    assert (listing.failures, listing.ignored) == ([], {})


def test_list_without_any_picture_is_refused(tiny_tree: Path) -> None:
    with pytest.raises(
        InputError, match=r"none of the listed files .*'cat/99.png': does not exist"
    ):
        _listing(tiny_tree, "cat/99.png")


def test_description_holds_a_digest_of_what_is_chosen_in_any_order(tiny_tree: Path) -> None:
    def digest(*paths: str) -> object:
        return open_source(tiny_tree, only=paths).describe()["only"]

    assert digest("cat/00.png", "dog/00.png") == digest("./dog/00.png", "cat/00.png")
    assert digest("cat/00.png") != digest("cat/01.png")
    assert "only" not in open_source(tiny_tree).describe()


@pytest.mark.parametrize(
    ("data", "nul", "expected"),
    [
        (b"a.png\nb c.png\r\n\n", False, ("a.png", "b c.png")),
        (b"a\nb.png\0c.png\0", True, ("a\nb.png", "c.png")),
        (b"\xff.png", False, ("\udcff.png",)),
    ],
)
def test_list_is_read_by_lines_or_by_nul(
    tmp_path: Path, data: bytes, nul: bool, expected: tuple[str, ...]
) -> None:
    (tmp_path / "list").write_bytes(data)
    assert read_list(str(tmp_path / "list"), nul=nul) == expected


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a.png\n")))
    assert read_list("-") == ("a.png",)


@pytest.mark.parametrize(
    ("data", "words"), [(b"a\0b\0", "pass -0"), (b"\n\n", "lists nothing"), (None, "can't be read")]
)
def test_list_that_cannot_be_used_is_named(tmp_path: Path, data: bytes | None, words: str) -> None:
    if data is not None:
        (tmp_path / "list").write_bytes(data)
    with pytest.raises(InputError, match=rf"--files-from .*list: .*{words}"):
        read_list(str(tmp_path / "list"))


def test_list_means_nothing_for_packed_data(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"")
    with pytest.raises(ConfigError, match="--files-from: not supported for an npz data set"):
        open_source(tmp_path / "a.npz", only=("x",))
