"""Names never collide, whatever the disk ignores."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augtool.output.dataset import OWN_FILES
from augtool.plan.naming import (
    RESERVED,
    Names,
    names_in_folder,
    plain_names,
    safe_folder,
)
from augtool.sources.walk import SPLITS


def named(*names: str, format: str = "keep", is_rewritten: bool = False) -> list[Names]:
    ids = [f"cat/{name}" for name in names]
    changed = names_in_folder(names, ids, format, is_rewritten=is_rewritten)
    return [
        changed.get(index, plain_names(name, format, is_rewritten=is_rewritten))
        for index, name in enumerate(names)
    ]


def test_originals_keep_their_names_and_copies_are_numbered() -> None:
    (names,) = named("sub/a.JPEG")
    assert names.original == "sub/a.JPEG"
    assert names.copy(3) == "sub/a__aug3.JPEG"


def test_a_change_of_format_changes_the_extension() -> None:
    assert plain_names("a.jpg", "png", is_rewritten=False).original == "a.png"
    assert plain_names("a.JPEG", "jpg", is_rewritten=False).original == "a.JPEG"
    assert plain_names("a.b.bmp", "webp", is_rewritten=False).copy(0) == "a.b__aug0.webp"


def test_formats_that_are_not_written_become_png() -> None:
    kept = plain_names("a.ppm", "keep", is_rewritten=False)
    assert (kept.original, kept.copy(0)) == ("a.ppm", "a__aug0.png")
    assert plain_names("a.gif", "keep", is_rewritten=True).original == "a.png"


def test_copies_of_two_pictures_with_one_stem_differ_in_their_stems() -> None:
    first, second = named("a.jpg", "a.png")
    assert (first.original, first.stem) == ("a.jpg", "a")
    assert second.original == "a.png"
    assert second.stem.startswith("a-")


def test_originals_that_become_equal_are_told_apart() -> None:
    first, second = named("a.jpg", "a.png", format="png")
    assert first.original == "a.png"
    assert second.original == f"{second.stem}.png"


def test_names_equal_but_for_case_or_unicode_form_are_told_apart() -> None:
    composed, decomposed = (unicodedata.normalize(form, "é.png") for form in ("NFC", "NFD"))
    for pair in (("A.png", "a.png"), (composed, decomposed)):
        first, second = named(*pair)
        assert first.original == pair[0]
        assert second.original not in pair


def test_an_original_that_looks_like_a_copy_keeps_its_name() -> None:
    names = named("a.png", "a__aug0.png", "a__aug7.png")
    assert [each.original for each in names] == ["a.png", "a__aug0.png", "a__aug7.png"]
    made = [each.copy(number) for each in names for number in range(10)]
    assert len({*made, *(each.original for each in names)}) == 33


def test_the_longest_names_are_cut_for_copies_only() -> None:
    long = "ä" * 125 + ".png"  # 254 bytes
    (names,) = named(long)
    assert names.original == long
    assert len(names.copy(999).encode()) <= 255
    one, other = named("b" * 251 + "1.jpg"[1:], "b" * 251 + ".png")
    assert one.stem != other.stem


file_names = st.lists(
    st.from_regex(r"(s/)?[aAbé]{1,2}(__aug[01])?\.(png|PNG|jpg)", fullmatch=True),
    min_size=1,
    max_size=12,
    unique=True,
)


@given(file_names, st.sampled_from(["keep", "png", "jpg"]), st.booleans())
def test_no_two_records_of_a_folder_share_a_name(
    names: list[str], format: str, is_rewritten: bool
) -> None:
    given_names = named(*sorted(names), format=format, is_rewritten=is_rewritten)
    made = [each.copy(number) for each in given_names for number in range(3)]
    made += [each.original for each in given_names]
    folded = [unicodedata.normalize("NFC", each).casefold() for each in made]
    assert len(set(folded)) == len(folded)


@given(file_names)
def test_names_do_not_depend_on_what_was_named_before(names: list[str]) -> None:
    assert named(*sorted(names)) == named(*sorted(names))


def test_class_names_become_safe_folders() -> None:
    assert safe_folder("T-shirt/top") == "T-shirt_top"
    assert safe_folder("..") == "__"
    assert safe_folder(".hidden") == "_hidden"
    assert safe_folder("a\nb") == "a_b"
    assert safe_folder("") == "_"
    assert len(safe_folder("ü" * 200).encode()) <= 255


@pytest.mark.parametrize(
    ("class_name", "folder"),
    [
        ("manifest.csv", "manifest.csv_"),
        ("Dataset.JSON", "Dataset.JSON_"),
        ("failures.csv", "failures.csv_"),
        ("metadata.csv", "metadata.csv_"),
        ("REPORT.html", "REPORT.html_"),
        (".augtool", "_augtool"),
        ("train", "train_"),
        ("Val", "Val_"),
        ("etc.", "etc_"),
        ("cat. .", "cat___"),
        ("cat ", "cat_"),
        ("manifest.csv.", "manifest.csv_"),
        (" ", "_"),
    ],
)
def test_a_class_that_is_called_like_a_file_of_the_output_gets_another_folder(
    class_name: str, folder: str
) -> None:
    assert safe_folder(class_name) == folder


def test_every_name_that_an_output_or_a_split_has_is_reserved() -> None:
    assert {*OWN_FILES, *SPLITS, *SPLITS.values()} <= RESERVED


@given(st.text(max_size=8))
def test_a_safe_folder_is_safe_and_stays_itself(class_name: str) -> None:
    folder = safe_folder(class_name)
    assert safe_folder(folder) == folder
    assert folder[0] != "."
    assert folder[-1] not in ". "
