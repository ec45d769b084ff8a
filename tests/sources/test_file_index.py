"""The index of ids, also of those that somebody made to break it."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from augtool.errors import InputError
from augtool.sources.file_index import FileIndex, Place
from tests import packed_data as packed
from tests import shard_data as shards
from tests.conftest import Run


def index_of(ids: Sequence[str]) -> FileIndex:
    places = np.arange(4 * len(ids), dtype=np.int64).reshape(-1, 4)
    return FileIndex(ids, places)


def test_place_of_each_id_is_found_and_no_other() -> None:
    ids = [f"{number}.jpg" for number in range(100)] + ["\udcff", "é"]
    index = index_of(ids)
    assert [index.place_of(each) for each in ids] == [
        Place(*range(4 * at, 4 * at + 4)) for at in range(len(ids))
    ]
    with pytest.raises(InputError, match=r"there is no '100\.jpg'"):
        index.place_of("100.jpg")


@pytest.mark.parametrize("ids", [["é", "a", "é"], ["a", "é", "\udcc3\udca9"]])
def test_ids_that_no_hash_tells_apart_are_named(ids: list[str]) -> None:
    with pytest.raises(InputError, match=r"'(é|\\udcc3\\udca9)' is in the data set twice"):
        index_of(ids)


def _web_record(at: int, source: str, class_name: str = "cat") -> list[tuple[str, bytes]]:
    facts = {"source": source, "kind": "original", "label": 0, "class": class_name}
    return [
        (f"{at}.jpg", shards.file_of(at, ".jpg")),
        (f"{at}.json", json.dumps(facts).encode()),
    ]


def test_names_in_json_that_have_no_bytes_of_their_own_are_failures(
    run_cli: Run, tmp_path: Path
) -> None:
    """JSON can name half a character, or the bytes of one that another id has, too."""
    members = [
        *_web_record(0, "é.jpg"),
        *_web_record(1, "\udcc3\udca9.jpg"),
        *_web_record(2, "\ud800.jpg"),
        *_web_record(3, "a.jpg", "\udcc3\udca9"),
        *_web_record(4, "b.jpg", "\ud800"),
        *_web_record(5, "\udcff.jpg"),
    ]
    shards.write_tar_shard(tmp_path / "data/a.tar", members)
    done = run_cli("expand", "data", "out", "--ratio", 1)
    assert done.returncode == 3, done.stderr
    names = sorted(path.name for path in (tmp_path / "out/cat").iterdir())
    assert names == ["é.jpg", "é__aug0.jpg", "\udcff.jpg", "\udcff__aug0.jpg"]
    lines = (tmp_path / "out/failures.csv").read_text().splitlines()[1:]
    assert [line.partition(",")[0] for line in lines] == [
        "\\ud800.jpg", "\\udcc3\\udca9.jpg", "a.jpg", "b.jpg",
    ]  # fmt: skip
    assert all("not valid Unicode" in line for line in lines)


def _pickled(folder: Path, name: str) -> None:
    names = [name, *packed.CIFAR10[1:]]
    files = packed.cifar10_files(1) | {"batches.meta": pickle.dumps({"label_names": names})}
    packed.write_folder(folder, files)


def _parquet(folder: Path, name: str) -> None:
    pytest.importorskip("pyarrow")
    shards.write_parquet(folder / "a.parquet", [(shards.file_of(1), None, 0)], [name])


@pytest.mark.parametrize("make", [_pickled, _parquet])
def test_class_names_without_bytes_are_refused(
    run_cli: Run, tmp_path: Path, make: Callable[[Path, str], None]
) -> None:
    make(tmp_path / "data", "\ud800")
    done = run_cli("expand", "data", "out")
    assert done.returncode == 2
    assert "the class '\\ud800', which is not valid Unicode; rename the class" in done.stderr
    assert not (tmp_path / "out").exists()
