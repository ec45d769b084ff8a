from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from augtool.core.records import Listing
from augtool.errors import InputError
from augtool.sources import open_source
from tests.pictures import make_tree


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_tree(tmp_path / "data" / "pictures", {"cat": 3, "dog": 3})
    return tmp_path / "data"


def _write(path: Path, rows: Iterable[Sequence[object]], delimiter: str = ",") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def _listing(folder: Path, *rows: Sequence[object], **options: object) -> Listing:
    return open_source(_write(folder / "t.csv", rows), **options).listing()


HEADER = ("filename", "class")


def test_rows_become_samples_sorted_by_split_class_and_id(folder: Path) -> None:
    listing = _listing(
        folder,
        ("split", "note", *HEADER),
        ("train", "", "pictures/dog/01.png", "a dog"),
        ("valid", "x,y", "pictures/dog/00.png", "a dog"),
        ("train", "", "./pictures/cat/01.png", "a cat"),
        ("Train", "", "pictures//cat/00.png", "a cat"),
    )
    assert [(each.split, each.label, each.id, each.name) for each in listing.samples] == [
        ("train", 0, "pictures/cat/00.png", "00.png"),
        ("train", 0, "pictures/cat/01.png", "01.png"),
        ("train", 1, "pictures/dog/01.png", "01.png"),
        ("val", 1, "pictures/dog/00.png", "00.png"),
    ]
    assert listing.classes == ("a cat", "a dog")
    assert listing.has_splits


def test_without_a_split_column_all_is_training(folder: Path) -> None:
    listing = _listing(folder, HEADER, ("pictures/cat/00.png", "cat"))
    assert not listing.has_splits


def test_other_columns_and_root_are_taken(folder: Path, tmp_path: Path) -> None:
    table = _write(tmp_path / "t.tsv", [("y", "x"), ("cat", "cat/00.png")], "\t")
    source = open_source(
        table, files_root=str(folder / "pictures"), path_column="x", class_column="y"
    )
    (sample,) = source.listing().samples
    assert source.read(sample) == (folder / "pictures/cat/00.png").read_bytes()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("../secret.png", "leads out of .*--root"),
        ("/etc/passwd.png", "leads out of"),
        ("pictures/../../secret.png", "leads out of"),
        ("pictures/cat/77.png", "there is no such file"),
        ("pictures/cat/00", "does not end in an image extension; add it"),
        ("link.png", "is a link that leads out of the data; pass --follow-links"),
        ("away/secret.png", "is a link that leads out of the data; pass --follow-links"),
        ("gone.png", "is a broken link"),
        ("self.png", "is a link that leads back to itself"),
    ],
)
def test_path_that_cannot_be_used_is_a_failure_with_its_row(
    folder: Path, path: str, words: str
) -> None:
    (folder.parent / "secret.png").write_bytes(b"secret")
    (folder / "link.png").symlink_to(folder.parent / "secret.png")
    (folder / "away").symlink_to(folder.parent)
    (folder / "gone.png").symlink_to("nowhere.png")
    (folder / "self.png").symlink_to("self.png")
    listing = _listing(folder, HEADER, ("pictures/cat/00.png", "cat"), (path, "cat"))
    assert [each.id for each in listing.samples] == ["pictures/cat/00.png"]
    (failure,) = listing.failures
    assert failure.stage == "list"
    assert failure.reason.startswith("row 3: ")
    assert re.search(words, failure.reason)


def test_absolute_path_below_the_root_is_taken(folder: Path) -> None:
    listing = _listing(folder, HEADER, (folder / "pictures/cat/00.png", "cat"))
    assert listing.samples[0].id == "pictures/cat/00.png"


def test_link_is_followed_when_told_so(folder: Path) -> None:
    (folder.parent / "other.png").write_bytes((folder / "pictures/cat/00.png").read_bytes())
    (folder / "link.png").symlink_to(folder.parent / "other.png")
    listing = _listing(folder, HEADER, ("link.png", "cat"), follow_links=True)
    assert len(listing.samples) == 1


def test_rows_that_reach_one_image_through_links_give_it_once(folder: Path) -> None:
    (folder / "a.png").symlink_to("pictures/cat/00.png")
    (folder / "dogs").symlink_to("pictures/dog")
    rows = [
        *(("a.png", "cat"), ("pictures/cat/00.png", "cat")),
        *(("dogs/01.png", "dog"), ("dogs/02.png", "dog"), ("pictures/dog/01.png", "dog")),
    ]
    for order in (rows, rows[::-1]):
        listing = _listing(folder, HEADER, *order)
        assert [each.id for each in listing.samples] == [
            *("pictures/cat/00.png", "dogs/02.png", "pictures/dog/01.png")
        ]
        assert [(each.source, each.reason.partition(": ")[2]) for each in listing.failures] == [
            (
                "a.png",
                "is a link to pictures/cat/00.png, which is already in the data set;"
                " remove the link",
            ),
            (
                "dogs/01.png",
                "leads through a link to pictures/dog/01.png, which is already in the data set;"
                " remove the link",
            ),
        ]


def test_class_of_links_to_images_of_other_classes_is_refused(folder: Path) -> None:
    (folder / "a.png").symlink_to("pictures/cat/00.png")
    with pytest.raises(InputError, match=r"class 'pet' has no image of its own \('a.png': is a"):
        _listing(folder, HEADER, ("a.png", "pet"), ("pictures/cat/00.png", "cat"))


def test_hard_links_are_files_of_their_own(folder: Path) -> None:
    (folder / "a.png").hardlink_to(folder / "pictures/cat/00.png")
    listing = _listing(folder, HEADER, ("a.png", "cat"), ("pictures/cat/00.png", "cat"))
    assert (len(listing.samples), listing.failures) == (2, [])


def test_repeated_row_counts_once_and_is_said(folder: Path) -> None:
    row = ("pictures/cat/00.png", "cat")
    listing = _listing(folder, HEADER, row, row)
    assert (len(listing.samples), listing.ignored) == (1, {"(repeated rows)": 1})


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            [("file", "class")],
            "has no column 'filename', only file, class; pass its name with --path",
        ),
        ([("filename", "label")], "has no column 'class', .*--class-column"),
        ([(*HEADER, "class")], "two columns 'class'"),
        ([], "is empty; expected a row of column names"),
        ([HEADER, ("a.png",)], "row 2: has more or fewer cells"),
        ([HEADER, ("a.png", "cat", "x")], "row 2: has more or fewer cells"),
        ([HEADER, ("", "cat")], "row 2: has no path or no class"),
        ([HEADER, ("a.png", "")], "row 2: has no path or no class"),
        ([HEADER], "lists no usable image"),
        ([(*HEADER, "split"), ("a.png", "cat", "dev")], "row 2: has the split 'dev'; expected"),
        (
            [HEADER, ("pictures/cat/00.png", "cat"), ("./pictures/cat/00.png", "dog")],
            "rows 2 and 3 give 'pictures/cat/00.png' different classes",
        ),
    ],
)
def test_broken_table_is_named_with_its_row(
    folder: Path, rows: list[Sequence[object]], words: str
) -> None:
    with pytest.raises(InputError, match=rf"t\.csv.*{words}"):
        _listing(folder, *rows)


def test_names_that_are_odd_survive(folder: Path) -> None:
    odd = 'pictures/cat/a,"b\nc é.png'
    (folder / odd).write_bytes((folder / "pictures/cat/00.png").read_bytes())
    listing = _listing(folder, HEADER, (odd, "T-shirt/top"))
    assert listing.samples[0].id == odd
    assert listing.classes == ("T-shirt/top",)


def test_table_of_a_spreadsheet_with_its_mark_is_read(folder: Path) -> None:
    (folder / "t.csv").write_bytes(b"\xef\xbb\xbffilename,class\r\npictures/cat/00.png,cat\r\n")
    assert len(open_source(folder / "t.csv").listing().samples) == 1
