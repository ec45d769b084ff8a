"""A folder of objects, over a bucket in memory."""

from __future__ import annotations

import pickle
from pathlib import Path
from unittest.mock import Mock

import pytest

from augtool.core.records import Failure
from augtool.errors import InputError, StoreError
from augtool.sources.flat import FlatSource
from augtool.sources.tree import TreeSource
from augtool.storage.data_folder import Located
from augtool.storage.files import MOST_BYTES
from augtool.storage.remote.bucket import StoredObject
from augtool.storage.remote.folder import RemoteFolder
from augtool.storage.remote.url import RemoteUrl
from tests.memory_bucket import MemoryBucket
from tests.pictures import contents, make_tree

ROOT = RemoteUrl.parse("s3://photos/data")


@pytest.fixture(autouse=True)
def _bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augtool.storage.remote.folder.Bucket", MemoryBucket)
    MemoryBucket.clear()


def _folder(files: dict[str, bytes]) -> RemoteFolder:
    MemoryBucket.objects |= {f"{ROOT}/{path}": data for path, data in files.items()}
    return RemoteFolder(ROOT)


def test_a_listing_is_walked_as_the_same_folder_on_disk(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "data", {"train/cat": 2, "train/dog/old": 2, "validation/cat": 1})
    for path in (".hidden/1.png", "train/cat/._1.png", "train/cat/a.heic", "train/b.png", "c.txt"):
        (tree / path).parent.mkdir(exist_ok=True)
        (tree / path).write_bytes(b"x")
    here = TreeSource(tree)
    there = TreeSource(str(ROOT), located=Located(_folder(contents(tree)), None))
    assert there.listing() == here.listing()
    assert there.listing().split_folders == {"val": "validation"}


@pytest.mark.parametrize("order", [1, -1])
def test_an_object_that_is_a_folder_too_is_a_failure_and_markers_are_not(
    order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _folder({"cat": b"", "cat/1.png": b"x", "cat/1.png/2.png": b"x", "cat/3.png": b"x"})
    listed = list(folder.bucket.walk("data"))[::order]
    monkeypatch.setattr(folder.bucket, "walk", Mock(return_value=listed))
    listing = FlatSource(str(ROOT), located=Located(folder, None)).listing()
    assert [sample.id for sample in listing.samples] == ["cat/1.png/2.png", "cat/3.png"]
    assert listing.failures == [
        Failure("cat/1.png", "list", "is an object and a folder of others; rename one")
    ]


def test_names_that_no_file_can_have_are_failures() -> None:
    folder = _folder({f"cat/{'x' * 300}.png": b"x", "cat/1.png": b"x"})
    assert list(folder.paths()) == ["cat/1.png"]
    assert list(folder.unusable.values()) == ["has a name that is too long for a path; rename it"]


def test_only_what_is_below_the_root_is_in_the_folder() -> None:
    folder = _folder({"cat/1.png": b"x"})
    assert folder.below("cat/./1.png") == folder.below(f"{ROOT}/cat/1.png") == "cat/1.png"
    for path in ("../cat", "/cat/1.png", "s3://photos/database/1.png", "gs://photos/data/1.png"):
        assert folder.below(path).startswith("..")


def test_a_version_is_that_of_the_bytes_that_come_with_it() -> None:
    folder = _folder({"a.png": b"old", "b.png": b"b"})
    listed = folder.version("a.png")
    worker: RemoteFolder = pickle.loads(pickle.dumps(folder))
    assert worker.read("a.png") == (b"old", listed)
    MemoryBucket.objects[f"{ROOT}/a.png"] = b"newer"
    data, version = worker.read("a.png")
    assert data == b"newer"
    assert version != listed
    assert worker.version("a.png") == ""
    with pytest.raises(InputError, match="no such object"):
        worker.read("c.png")


def test_an_object_larger_than_any_image_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _folder({"a.png": b"x"})
    large = b"", StoredObject("data/a.png", MOST_BYTES, "tag")
    monkeypatch.setattr(folder.bucket, "read", Mock(return_value=large))
    with pytest.raises(InputError, match="is 2,147,483,648 bytes long, larger than any image"):
        folder.read("a.png")


def test_what_is_large_is_read_only_when_it_is_wanted() -> None:
    folder = _folder({"a.png": b"x" * 2**24, "b.png": b"y"})
    folder.expect(["a.png", "b.png"])
    assert folder.read("a.png")[0] == b"x" * 2**24
    assert folder.read("b.png")[0] == b"y"


def test_a_list_of_files_selects_objects_by_path_and_url() -> None:
    folder = _folder({"cat/1.png": b"x", "cat/2.png": b"x", "dog/1.png": b"x"})
    selected = ["dog/1.png", f"{ROOT}/cat/2.png", "cat", "cat/3.png", "../1.png"]
    source = TreeSource(str(ROOT), located=Located(folder, None), only=selected)
    listing = source.listing()
    assert [sample.id for sample in listing.samples] == ["cat/2.png", "dog/1.png"]
    assert {each.source: each.reason.partition(";")[0] for each in listing.failures} == {
        "../1.png": "leads out of the data",
        "cat": "is a folder",
        "cat/3.png": "does not exist",
    }


def test_nothing_at_a_url_is_an_error() -> None:
    with pytest.raises(StoreError, match="s3://photos/data: there are no objects"):
        RemoteFolder.locate(ROOT)
