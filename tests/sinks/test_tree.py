from __future__ import annotations

import csv
import gc
import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from augtool import expand
from augtool.config.load import load
from augtool.run.options import Options
from tests.pictures import contents, make_tree
from tests.sinks.reading import rows_of


def run(data: Path, out: Path, **settings: Any) -> None:
    config = load(None, {"output.metadata": "hf", **settings})
    expand(data, out, config=config, options=Options(1, engine="serial"))


@pytest.fixture
def split_tree(tmp_path: Path) -> Path:
    make_tree(tmp_path / "data/train", {"cat": 3, "dog": 2})
    make_tree(tmp_path / "data/val", {"cat": 1, "dog": 1})
    return tmp_path / "data"


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_metadata_names_every_picture(tiny_tree: Path, tmp_path: Path) -> None:
    run(tiny_tree, tmp_path / "out")
    assert table(tmp_path / "out/metadata.csv") == [
        {
            "file_name": row["path"],
            **{key: row[key] for key in ("label", "class", "kind", "source", "copy")},
        }
        for row in rows_of(tmp_path / "out")
    ]


def test_metadata_lies_beside_each_splits_pictures(split_tree: Path, tmp_path: Path) -> None:
    run(split_tree, tmp_path / "out")
    names = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("m*.csv")}
    assert names == {"manifest.csv", "train/metadata.csv", "val/metadata.csv"}
    for split in ("train", "val"):
        folder = tmp_path / "out" / split
        rows = table(folder / "metadata.csv")
        assert rows
        assert all((folder / row["file_name"]).is_file() for row in rows)
    files = json.loads((tmp_path / "out/dataset.json").read_text())["files"]
    assert set(files) == {"train/metadata.csv", "val/metadata.csv"}


def test_overwrite_takes_the_metadata_away(split_tree: Path, tmp_path: Path) -> None:
    run(split_tree, tmp_path / "out")
    options = Options(1, engine="serial", existing="overwrite")
    for out in ("out", "fresh"):
        expand(split_tree, tmp_path / out, config=load(), options=options)
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


@pytest.mark.optional
def test_the_datasets_package_loads_the_folder(split_tree: Path, tmp_path: Path) -> None:
    run(split_tree, tmp_path / "out")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        datasets = pytest.importorskip("datasets")
        loaded = datasets.load_dataset(
            "imagefolder", data_dir=str(tmp_path / "out"), cache_dir=str(tmp_path / "cache")
        )
        sizes = {name: len(split) for name, split in loaded.items()}
        sample = loaded["train"][0]
        del loaded
        gc.collect()  # the library leaves files open
    assert sizes == {"train": 12, "validation": 2}
    assert sample["image"].size == (31, 24)
    assert (sample["label"], sample["class"], sample["kind"]) == (0, "cat", "original")
