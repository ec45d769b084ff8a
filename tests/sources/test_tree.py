"""Links, circles and hidden names in a tree: each image once, and all else is named."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import pytest

from augtool.core.records import Listing
from augtool.errors import InputError
from augtool.sources import open_source
from tests.pictures import make_tree, picture, write

OUTSIDE = "is a link that leads out of the data; pass --follow-links to read it"
CIRCLE = "is a link to a folder above it, so it would never end; remove the link"


def again(first: str, how: str = "is a link") -> str:
    return f"{how} to {first}, which is already in the data set; remove the link"


def listing(data: Path, classes: list[str] | None = None, **options: Any) -> Listing:
    return open_source(data, "tree", **options).listing(classes)


def ids(seen: Listing) -> list[str]:
    return [sample.id for sample in seen.samples]


def reasons(seen: Listing) -> dict[str, str]:
    assert {failure.stage for failure in seen.failures} <= {"list"}
    assert len({failure.source for failure in seen.failures}) == len(seen.failures)
    return {failure.source: failure.reason for failure in seen.failures}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "data", {"cat": 2, "dog": 2})


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "outside", {"wolf": 2, "fox": 1})


PLAIN = ["cat/00.png", "cat/01.png", "dog/00.png", "dog/01.png"]


def test_class_folder_that_is_a_link_out_is_named_or_followed(data: Path, outside: Path) -> None:
    (data / "wolf").symlink_to(outside / "wolf")
    seen = listing(data)
    assert (ids(seen), seen.classes) == (PLAIN, ("cat", "dog"))
    assert reasons(seen) == {"wolf": OUTSIDE}
    followed = listing(data, follow_links=True)
    assert ids(followed) == [*PLAIN, "wolf/00.png", "wolf/01.png"]
    assert followed.classes == ("cat", "dog", "wolf")
    assert [sample.name for sample in followed.samples][-2:] == ["00.png", "01.png"]
    assert followed.failures == []


def test_sub_folder_that_is_a_link_out_is_named_or_followed(data: Path, outside: Path) -> None:
    (data / "dog" / "more").symlink_to(outside)
    seen = listing(data)
    assert ids(seen) == PLAIN
    assert reasons(seen) == {"dog/more": OUTSIDE}
    followed = listing(data, follow_links=True)
    assert ids(followed) == [
        *PLAIN,
        *("dog/more/fox/00.png", "dog/more/wolf/00.png", "dog/more/wolf/01.png"),
    ]
    assert followed.samples[-1].name == "more/wolf/01.png"


def test_where_every_class_folder_is_a_link_out_the_error_names_the_flag(
    tmp_path: Path, outside: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for name in ("wolf", "fox"):
        (data / name).symlink_to(outside / name)
    with pytest.raises(
        InputError, match=r"every class folder in .* is a link .* such as 'fox'; pass --follow-li"
    ):
        listing(data)
    assert listing(data, follow_links=True).classes == ("fox", "wolf")


@pytest.mark.parametrize("nested", ["", "sub/"])
def test_class_of_links_out_alone_says_which_flag_helps(
    data: Path, outside: Path, nested: str
) -> None:
    link = data / "fox" / f"{nested}00.png"
    link.parent.mkdir(parents=True)
    link.symlink_to(outside / "fox/00.png")
    with pytest.raises(
        InputError,
        match=rf"class 'fox' .* no images to train on \(e.g. 'fox/{nested}00.png': .*--fol",
    ):
        listing(data)


def test_folders_of_links_as_caches_have_them_are_read(tmp_path: Path) -> None:
    """The hub's snapshots and DVC's work trees: names that are links to nameless blobs."""
    hub = tmp_path / "models/datasets--pets"
    for number, split_class in enumerate(itertools.product(("train", "val"), ("cat", "dog"))):
        blob = write(tmp_path / "blob.png", picture(number))
        (hub / "blobs").mkdir(parents=True, exist_ok=True)
        blob.rename(hub / "blobs" / f"{number:064x}")
        link = hub / "snapshots/abc" / "/".join(split_class) / "1.png"
        link.parent.mkdir(parents=True)
        link.symlink_to(os.path.relpath(hub / "blobs" / f"{number:064x}", link.parent))
    seen = listing(hub / "snapshots/abc", follow_links=True)
    assert ids(seen) == ["train/cat/1.png", "train/dog/1.png", "val/cat/1.png", "val/dog/1.png"]
    assert seen.failures == []
    with pytest.raises(InputError, match="--follow-links"):
        listing(hub / "snapshots/abc")


@pytest.mark.parametrize("split", ["train", "val"])
def test_split_folder_that_is_a_link_out_is_named_or_followed(tmp_path: Path, split: str) -> None:
    make_tree(tmp_path / "data/train", {"cat": 1, "dog": 1})
    make_tree(tmp_path / "data/val", {"cat": 1})
    (tmp_path / "data" / split).rename(tmp_path / "away")
    (tmp_path / "data" / split).symlink_to(tmp_path / "away")
    followed = listing(tmp_path / "data", follow_links=True)
    assert ids(followed) == ["train/cat/00.png", "train/dog/00.png", "val/cat/00.png"]
    assert followed.failures == []
    if split == "train":
        with pytest.raises(InputError, match=r"data/train is a link .*--follow-links"):
            listing(tmp_path / "data")
    else:
        seen = listing(tmp_path / "data")
        assert (reasons(seen), seen.has_splits) == ({"val": OUTSIDE}, True)


@pytest.mark.parametrize("follow_links", [False, True])
def test_circles_of_links_are_named(data: Path, follow_links: bool) -> None:
    (data / "cat/up").symlink_to("..")
    (data / "cat/here").symlink_to(".")
    (data / "cat/above").symlink_to(data.parent)
    (data / "cat/top").symlink_to("/")
    (data / "cat/self.png").symlink_to("self.png")
    (data / "cat/one").symlink_to("two")
    (data / "cat/two").symlink_to("one")
    (data / "loop").symlink_to(".")
    (data / "ring").symlink_to("ring")
    seen = listing(data, follow_links=follow_links)
    itself = "is a link that leads back to itself; remove the link"
    assert ids(seen) == PLAIN
    assert reasons(seen) == {
        **dict.fromkeys(["cat/up", "cat/here", "cat/above", "cat/top", "loop"], CIRCLE),
        **dict.fromkeys(["cat/self.png", "cat/one", "cat/two", "ring"], itself),
    }


def test_circles_beside_splits_are_named(tmp_path: Path) -> None:
    make_tree(tmp_path / "data/train", {"cat": 1, "dog": 1})
    (tmp_path / "data/loop").symlink_to(".")
    (tmp_path / "data/train/loop").symlink_to("..")
    seen = listing(tmp_path / "data")
    assert (ids(seen), seen.has_splits) == (["train/cat/00.png", "train/dog/00.png"], True)
    assert reasons(seen) == {"loop": CIRCLE, "train/loop": CIRCLE}


def test_circle_outside_of_the_data_ends(data: Path, outside: Path) -> None:
    (outside / "wolf/den").symlink_to("../fox")
    (outside / "fox/den").symlink_to("../wolf")
    (outside / "fox/home").symlink_to(data)
    (data / "cat/wild").symlink_to(outside / "wolf")
    seen = listing(data, follow_links=True)
    assert ids(seen) == [
        *(*PLAIN[:2], "cat/wild/00.png", "cat/wild/01.png", "cat/wild/den/00.png", *PLAIN[2:])
    ]
    assert reasons(seen) == {
        "cat/wild/den/den": again("cat/wild"),
        "cat/wild/den/home": CIRCLE,
    }


@pytest.mark.parametrize(
    ("link", "to"),
    [("cat/gone.png", "nowhere.png"), ("cat/sub", "/no/such"), ("fox", "../nowhere")],
)
def test_broken_links_are_named(data: Path, link: str, to: str) -> None:
    (data / link).symlink_to(to)
    seen = listing(data)
    assert ids(seen) == PLAIN
    broken = "is a broken link: nothing is where it leads; restore that, or remove the link"
    assert reasons(seen) == {link: broken}


def test_image_reached_without_a_link_is_the_one_that_is_taken(data: Path) -> None:
    (data / "cat/a.png").symlink_to("../dog/01.png")
    (data / "dog/z.png").symlink_to("01.png")
    seen = listing(data)
    assert ids(seen) == PLAIN
    assert reasons(seen) == {"cat/a.png": again("dog/01.png"), "dog/z.png": again("dog/01.png")}


def test_of_several_links_to_an_image_the_first_id_is_taken(data: Path, outside: Path) -> None:
    for name in ("dog/a.png", "cat/z.png", "cat/y.png"):
        (data / name).symlink_to(outside / "fox/00.png")
    (data / "cat/w").symlink_to(outside / "fox")
    seen = listing(data, follow_links=True)
    assert ids(seen) == [*PLAIN[:2], "cat/w/00.png", *PLAIN[2:]]
    assert reasons(seen) == dict.fromkeys(
        ["cat/y.png", "cat/z.png", "dog/a.png"], again("cat/w/00.png")
    )


def test_links_to_links_count_as_what_they_end_at(data: Path) -> None:
    (data / "cat/b.png").symlink_to("a.png")
    (data / "cat/a.png").symlink_to("00.png")
    assert reasons(listing(data)) == {
        "cat/a.png": again("cat/00.png"),
        "cat/b.png": again("cat/00.png"),
    }


def test_hard_links_are_files_of_their_own(data: Path) -> None:
    (data / "dog/02.png").hardlink_to(data / "cat/00.png")
    seen = listing(data)
    assert ids(seen) == [*PLAIN, "dog/02.png"]
    assert seen.failures == []


@pytest.mark.parametrize("follow_links", [False, True])
@pytest.mark.parametrize("prefix", ["", "cat/"])
def test_folders_that_link_to_each_other_do_not_multiply_an_image(
    tmp_path: Path, prefix: str, follow_links: bool
) -> None:
    """Six folders, each with links to the other five: 1,958 ways to one photo."""
    data = tmp_path / "data"
    names = [f"f{number}" for number in range(6)]
    make_tree(data, {f"{prefix}{name}": 1 for name in names})
    for one, other in itertools.permutations(names, 2):
        (data / f"{prefix}{one}/{other}").symlink_to(f"../{other}")
    seen = listing(data, follow_links=follow_links)
    assert ids(seen) == [f"{prefix}{name}/00.png" for name in names]
    assert reasons(seen) == {
        f"{prefix}{one}/{other}": again(f"{prefix}{other}")
        for one, other in itertools.permutations(names, 2)
    }


def test_folder_outside_is_entered_once_by_its_first_id(data: Path, outside: Path) -> None:
    (data / "cat/wild-life").symlink_to(outside / "wolf")
    (data / "cat/wild").symlink_to(outside)
    (data / "dog/fox").symlink_to(outside / "fox")
    (data / "cat/a").symlink_to(outside / "fox")
    seen = listing(data, follow_links=True)
    assert ids(seen) == [
        *(*PLAIN[:2], "cat/a/00.png", "cat/wild-life/00.png", "cat/wild-life/01.png", *PLAIN[2:])
    ]
    assert reasons(seen) == {
        "cat/wild/fox": again("cat/a", "leads through a link"),
        "cat/wild/wolf": again("cat/wild-life", "leads through a link"),
        "dog/fox": again("cat/a"),
    }


def test_class_folder_that_links_to_another_is_named_and_no_class(data: Path) -> None:
    (data / "hound").symlink_to("dog")
    seen = listing(data)
    assert (ids(seen), seen.classes) == (PLAIN, ("cat", "dog"))
    assert reasons(seen) == {"hound": again("dog")}
    with pytest.raises(InputError, match=r"class 'hound' .*'hound': is a link to dog, which"):
        listing(data, ["cat", "dog", "hound"])


def test_what_is_left_out_with_classes_takes_nothing_from_the_rest(data: Path) -> None:
    """A pool of images, and classes that are links into it."""
    (data / "hound").symlink_to("dog")
    (data / "fox").mkdir()
    (data / "fox/1.png").symlink_to("../dog/01.png")
    seen = listing(data, ["fox", "hound"])
    assert ids(seen) == ["fox/1.png", "hound/00.png"]
    assert reasons(seen) == {"hound/01.png": again("fox/1.png", "leads through a link")}


def test_links_between_splits_do_not_leak(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data", {"train/cat": 2, "train/dog": 1, "val/cat": 1})
    (data / "val/cat/x.png").symlink_to("../../train/cat/00.png")
    (data / "val/dog").symlink_to("../train/dog")
    (data / "test").symlink_to("train")
    (data / "train/dog/all").symlink_to("../../val")
    seen = listing(data)
    assert ids(seen) == [
        "train/cat/00.png",
        "train/cat/01.png",
        "train/dog/00.png",
        "val/cat/00.png",
    ]
    assert reasons(seen) == {
        "test/cat": again("train/cat", "leads through a link"),
        "test/dog": again("train/dog", "leads through a link"),
        "train/dog/all": again("val"),
        "val/cat/x.png": again("train/cat/00.png"),
        "val/dog": again("train/dog"),
    }


def test_link_in_a_class_to_a_hidden_folder_of_the_data_needs_no_flag(data: Path) -> None:
    write(data / ".cache/blob.png", picture(9))
    (data / "cat/x.png").symlink_to("../.cache/blob.png")
    (data / "dog/all").symlink_to("../.cache")
    seen = listing(data)
    assert ids(seen) == [*PLAIN[:2], "cat/x.png", *PLAIN[2:]]
    assert reasons(seen) == {"dog/all/blob.png": again("cat/x.png", "leads through a link")}


def test_link_to_what_is_no_image_is_ignored_like_it(data: Path) -> None:
    (data / "notes.md").write_text("x")
    (data / "cat/notes.md").symlink_to("../notes.md")
    seen = listing(data)
    assert (seen.failures, seen.ignored) == ([], {".md": 2})


def test_root_may_be_a_link(data: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(data)
    (data / "cat/x.png").symlink_to("00.png")
    seen = listing(tmp_path / "link")
    assert ids(seen) == PLAIN
    assert reasons(seen) == {"cat/x.png": again("cat/00.png")}


def test_listed_images_are_found_through_links(data: Path, outside: Path) -> None:
    (data / "hound").symlink_to("dog")
    (data / "cat/wild").symlink_to(outside)
    (data / "cat/loop").symlink_to(".")
    only = ["hound/00.png", "hound/01.png", "dog/01.png", "cat/wild/fox/00.png"]
    seen = listing(data, only=[*only, "cat/loop/00.png"], follow_links=True)
    assert ids(seen) == ["cat/wild/fox/00.png", "dog/01.png", "hound/00.png"]
    assert reasons(seen) == {
        "cat/loop/00.png": f"its folder 'cat/loop' {CIRCLE}",
        "hound/01.png": again("dog/01.png", "leads through a link"),
    }
    seen = listing(data, only=only)
    assert reasons(seen)["cat/wild/fox/00.png"] == f"its folder 'cat/wild' {OUTSIDE}"


def test_order_of_the_disk_does_not_count(
    data: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / "cat/wild").symlink_to(outside)
    (data / "dog/a").symlink_to(outside / "wolf")
    (data / "dog/b.png").symlink_to(outside / "fox/00.png")
    expected = listing(data, follow_links=True)
    real = os.scandir

    class Backwards:
        def __init__(self, path: str) -> None:
            with real(path) as entries:
                self._entries = sorted(entries, key=lambda entry: entry.name, reverse=True)

        def __enter__(self) -> list[os.DirEntry[str]]:
            return self._entries

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(os, "scandir", Backwards)
    assert listing(data, follow_links=True) == expected


def test_tree_without_links_costs_no_look_at_its_files(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    for name in ("stat", "lstat", "readlink"):
        real = getattr(os, name)

        def counted(path: Any, *more: Any, real: Any = real, **options: Any) -> Any:
            asked.append(str(path))
            return real(path, *more, **options)

        monkeypatch.setattr(os, name, counted)
    listing(data)
    assert not [path for path in asked if path.endswith(".png")]


def test_names_with_a_leading_dot_are_counted_but_for_litter(data: Path) -> None:
    write(data / "cat/.a.png", picture())
    write(data / "dog/sub/.b.png", picture())
    write(data / ".fox/1.png", picture())
    for name in (".DS_Store", "cat/.DS_Store", "cat/._00.png", "dog/.Trashes"):
        (data / name).write_bytes(b"x")
    write(data / "__MACOSX/1.png", picture())
    seen = listing(data)
    assert ids(seen) == PLAIN
    assert (seen.failures, seen.ignored) == ([], {"(hidden)": 3})


def test_names_with_a_leading_dot_are_counted_once_in_splits(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data", {"train/cat": 1, "val/cat": 1})
    for name in (".a.png", "train/.b.png", "val/cat/.c.png"):
        write(data / name, picture())
    assert listing(data).ignored == {"(hidden)": 3}
