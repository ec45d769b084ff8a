from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from augtool.engines.progress import NullProgress
from augtool.runtime import Limits
from augtool.views.inspect.inspect import Inspection, inspect
from augtool.views.inspect.table import table
from tests.conftest import Run
from tests.pictures import make_tree, picture, write
from tests.views.test_perceptual_hash import photo


class Counted(NullProgress):
    """Progress that adds up."""

    total = done = 0
    is_over = False

    def start(self, total: int, done: int = 0, unit: str = "file") -> None:
        self.total, self.done, self.unit = total, done, unit

    def advance(self, count: int) -> None:
        self.done += count

    def finish(self) -> None:
        self.is_over = True


def look(data: Path, **options: Any) -> Inspection:
    return inspect(str(data), Counted(), limits=Limits(2), **options)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Splits, formats, depths and channels of all kinds, a rotated JPEG and duplicates."""
    data = tmp_path / "data"
    for index in range(4):
        write(data / f"train/cat/{index}.png", photo(index))
    write(data / "train/dog/deep.png", picture(9, channels=1, dtype=np.uint16))
    write(data / "train/dog/clear.webp", picture(10, channels=4))
    jpeg = write(data / "train/dog/turned.jpg", picture(11, height=40, width=60))
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    jpeg.write_bytes(jpeg.read_bytes()[:2] + segment + jpeg.read_bytes()[2:])
    (data / "test/dog").mkdir(parents=True)
    shutil.copy(data / "train/cat/1.png", data / "test/dog/same.png")
    write(data / "test/cat/alike.jpg", photo(2), cv2.IMWRITE_JPEG_QUALITY, 60)
    return data


def test_counts_and_kinds_are_told(mixed: Path) -> None:
    told = look(mixed).to_json()
    assert told["pictures"] == 9
    assert told["classes"] == {
        "cat": {"counts": {"train": 4, "test": 1}, "ratio_to_balance": 0.0},
        "dog": {"counts": {"train": 3, "test": 1}, "ratio_to_balance": pytest.approx(1 / 3)},
    }
    assert told["formats"] == {"png": 6, "jpg": 2, "webp": 1}
    assert told["bits"] == {"8": 8, "16": 1}
    assert told["channels"] == {"colour": 7, "gray": 1, "colour + alpha": 1}
    assert told["rotated"] == ["train/dog/turned.jpg"]


def test_sizes_are_those_of_upright_pictures(mixed: Path) -> None:
    told = look(mixed).to_json()
    assert told["width"] == {"min": 31, "median": 160, "max": 160}
    assert told["height"] == {"min": 24, "median": 120, "max": 120}
    assert told["sizes"] == 3


def test_exact_duplicates_across_splits_are_found(mixed: Path) -> None:
    assert look(mixed).to_json()["duplicates"]["exact"] == [
        {
            "ids": ["test/dog/same.png", "train/cat/1.png"],
            "across_splits": True,
            "across_classes": True,
        }
    ]


def test_near_duplicates_across_splits_are_found(mixed: Path) -> None:
    assert look(mixed).to_json()["duplicates"]["near"] == [
        {
            "ids": ["test/cat/alike.jpg", "train/cat/2.png"],
            "across_splits": True,
            "across_classes": False,
        }
    ]


def test_a_near_duplicate_of_twins_brings_both(mixed: Path) -> None:
    shutil.copy(mixed / "train/cat/2.png", mixed / "train/cat/9.png")
    (near,) = look(mixed).near
    assert near.ids == ("test/cat/alike.jpg", "train/cat/2.png", "train/cat/9.png")


def test_broken_files_are_named_with_their_reasons(tiny_tree: Path) -> None:
    cut = tiny_tree / "cat/01.png"
    cut.write_bytes(cut.read_bytes()[:-20])
    (tiny_tree / "dog/02.png").write_bytes(b"")
    (tiny_tree / "dog/new.heic").write_bytes(b"x")
    seen = look(tiny_tree)
    assert seen.exit_code == 3
    assert [failure.source for failure in seen.failures] == [
        "cat/01.png",
        "dog/02.png",
        "dog/new.heic",
    ]
    assert "empty" in seen.failures[1].reason
    assert seen.count("train", 0) == 3  # what is broken does not count


def test_damage_inside_is_found_because_pictures_are_decoded(tiny_tree: Path) -> None:
    path = tiny_tree / "deer/00.png"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    assert [failure.source for failure in look(tiny_tree).failures] == ["deer/00.png"]


def test_progress_counts_every_picture(tiny_tree: Path) -> None:
    (tiny_tree / "dog/02.png").write_bytes(b"")
    counted = Counted()
    inspect(str(tiny_tree), counted, limits=Limits(1))
    assert (counted.total, counted.done, counted.is_over) == (12, 12, True)


@pytest.mark.processes
def test_it_is_the_same_for_any_number_of_workers(mixed: Path) -> None:
    make_tree(mixed / "train", {"cat": 70})
    several = inspect(str(mixed), Counted(), limits=Limits(3)).to_json()
    assert inspect(str(mixed), Counted(), limits=Limits(1)).to_json() == several


def test_the_ratio_balances(tmp_path: Path) -> None:
    seen = look(make_tree(tmp_path / "data", {"cat": 8, "dog": 2}))
    assert [seen.ratio_to_balance(label) for label in (0, 1)] == [0.0, 3.0]
    assert "6 copies make every class 8 images: --balance" in table(seen)


def test_the_table(tmp_path: Path) -> None:
    seen = look(make_tree(tmp_path / "data", {"cat": 8, "dog": 2}))
    assert table(seen, block="#").splitlines()[:5] == [
        "10 images in 2 classes (train 10), 0 broken",
        "",
        "class      train                            to balance",
        "cat            8  ########################  -",
        "dog            2  ######                    ratio 3",
    ]


def test_the_table_marks_leaks_and_broken_files(mixed: Path) -> None:
    (mixed / "train/cat/0.png").write_bytes(b"x")
    text = table(look(mixed))
    assert "test/dog/same.png, train/cat/1.png  (across splits, across classes)" in text
    assert "look-alikes 1 group of 2 files; 1 across splits, 0 across classes" in text
    assert "            train/cat/0.png: not an image that augtool reads" in text
    assert "rotated     1 by EXIF (train/dog/turned.jpg)" in text


def test_names_keep_to_their_line(tmp_path: Path) -> None:
    seen = look(make_tree(tmp_path / "data", {"a\nb": 1, "cat": 1}))
    assert "a\\nb" in table(seen)


def test_the_command_prints_json_and_exits_3_when_something_is_broken(
    run_cli: Run, tiny_tree: Path
) -> None:
    assert run_cli("inspect", tiny_tree, "--json").returncode == 0
    (tiny_tree / "cat/00.png").write_bytes(b"GIF89a")
    done = run_cli("inspect", tiny_tree, "--json")
    assert done.returncode == 3
    told = json.loads(done.stdout)
    assert told["exit_code"] == 3
    assert [failure["source"] for failure in told["failures"]] == ["cat/00.png"]


def test_the_command_prints_a_table_without_control_characters(
    run_cli: Run, tmp_path: Path
) -> None:
    make_tree(tmp_path / "data", {"\x1b[31mred": 2})
    done = run_cli("inspect", "data")
    assert done.returncode == 0
    assert "\\x1b[31mred" in done.stdout
    assert "\x1b" not in done.stdout


def test_the_command_refuses_what_is_not_there(run_cli: Run) -> None:
    done = run_cli("inspect", "nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no such file or folder: 'nowhere'" in done.stderr


def test_hidden_names_are_said_and_links_out_are_followed(
    run_cli: Run, tiny_tree: Path, tmp_path: Path
) -> None:
    write(tiny_tree / "cat/.a.png", picture(7))
    assert "\nhidden      1 ignored: files and folders" in run_cli("inspect", tiny_tree).stdout
    make_tree(tmp_path / "away", {"wolf": 2})
    (tiny_tree / "wolf").symlink_to(tmp_path / "away/wolf")
    done = run_cli("inspect", tiny_tree)
    assert done.returncode == 3
    assert "wolf: is a link that leads out of the data; pass --follow-links" in done.stdout
    done = run_cli("inspect", tiny_tree, "--follow-links", "--json")
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert (told["pictures"], told["ignored"]) == (14, {"(hidden)": 1})
