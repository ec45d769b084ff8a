"""Whole files and their names."""

from __future__ import annotations

from pathlib import Path

from augtool.storage.files import file_names


def test_names_are_of_files_and_sorted(tmp_path: Path) -> None:
    for name in ("b.gz", "b", "a"):
        (tmp_path / name).touch()
    (tmp_path / "0 folder").mkdir()
    (tmp_path / "1 link to nothing").symlink_to("nowhere")
    assert file_names(str(tmp_path)) == ["a", "b", "b.gz"]


def test_what_cant_be_listed_holds_no_names(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert file_names(str(tmp_path / "file")) == file_names(str(tmp_path / "none")) == []
