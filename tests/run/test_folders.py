"""What the folders of an output are called, and how loaders that sort them number the classes."""

from __future__ import annotations

import csv
import gc
import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from augtool import Config, ConfigError, Options, Report, expand
from augtool.output.verify import verify
from augtool.sinks import SINKS
from tests.pictures import contents, make_tree
from tests.run.test_lineage import Told
from tests.sinks.reading import pictures_in, rows_of


def run(data: Path, out: Path, told: Any = None, how: Any = None, **values: Any) -> Report:
    options = how or Options(engine="serial")
    return expand(data, out, config=Config(**values), options=options, progress=told)


@pytest.mark.parametrize("name", ["val", "valid", "validation"])
def test_a_splits_folder_keeps_its_name(tmp_path: Path, name: str) -> None:
    data = make_tree(tmp_path / "data/train", {"cat": 2, "dog": 2}).parent
    make_tree(data / name, {"cat": 1, "dog": 1})
    run(data, tmp_path / "out", output={"metadata": "hf"})
    held_out = [row for row in rows_of(tmp_path / "out") if row["split"] == "val"]
    assert [row["path"] for row in held_out] == [f"{name}/cat/00.png", f"{name}/dog/00.png"]
    with (tmp_path / "out" / name / "metadata.csv").open(newline="") as file:
        assert [row["file_name"] for row in csv.DictReader(file)] == ["cat/00.png", "dog/00.png"]
    assert verify(tmp_path / "out", replay="all").findings == []
    assert run(data, tmp_path / "out", output={"metadata": "hf"}).status == "up to date"


@pytest.mark.parametrize("sink", ["webdataset", "tfrecord"])
def test_a_splits_folder_of_shards_keeps_its_name(tmp_path: Path, sink: str) -> None:
    """On the way back, too."""
    data = make_tree(tmp_path / "data/train", {"cat": 2, "dog": 2}).parent
    make_tree(data / "validation", {"cat": 1, "dog": 1})
    run(data, tmp_path / "packed", ratio=0, output={"to": sink})
    (shard,) = (tmp_path / "packed/validation").iterdir()
    assert shard.name.startswith("shard-000000")
    for source, out in ((data, "direct"), (tmp_path / "packed", "back")):
        run(source, tmp_path / out, ratio=1)
    expected, got = contents(tmp_path / "direct"), contents(tmp_path / "back")
    assert got.keys() == expected.keys()
    assert got["manifest.csv"] == expected["manifest.csv"]


def test_an_order_that_loaders_will_not_find_is_said(tiny_tree: Path, tmp_path: Path) -> None:
    told = Told()
    run(tiny_tree, tmp_path / "out", told, classes=["dog", "deer", "cat"])
    assert told.warnings == [
        "label 0 is 'dog' in the manifest and dataset.json, but loaders sort the class folders,"
        " and number 'cat' 0; pass --number-classes for folders that sort by label, or give the"
        " loader the order of classes in dataset.json"
    ]
    described = json.loads((tmp_path / "out/dataset.json").read_text())
    assert described["classes"] == ["dog", "deer", "cat"]
    assert described["loader_order"] == ["cat", "deer", "dog"]
    assert verify(tmp_path / "out").findings == []
    same = run(tiny_tree, tmp_path / "out", classes=["dog", "deer", "cat"])
    assert same.status == "up to date"


@pytest.mark.parametrize("output", [{}, {"to": "webdataset"}, {"number_classes": True}])
def test_an_order_that_is_found_is_not(tiny_tree: Path, tmp_path: Path, output: Any) -> None:
    told = Told()
    classes = ["dog", "deer", "cat"] if output else ["cat", "dog"]
    run(tiny_tree, tmp_path / "out", told, classes=classes, output=output)
    assert told.warnings == []
    assert "loader_order" not in json.loads((tmp_path / "out/dataset.json").read_text())


def test_numbered_folders_sort_by_label(tmp_path: Path) -> None:
    names = [f"{chr(ord('z') - at)}/x" if at == 3 else chr(ord("z") - at) for at in range(11)]
    data = make_tree(tmp_path / "data", dict.fromkeys(names, 1))
    classes = [name.partition("/")[0] for name in names]
    run(data, tmp_path / "out", classes=classes, output={"number_classes": True})
    folders = sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_dir())
    assert folders == [f"{at:02}_{name}" for at, name in enumerate(classes)]
    assert {row["class"] for row in rows_of(tmp_path / "out")} == set(classes)
    assert verify(tmp_path / "out", replay="all").findings == []
    how = Options(engine="serial", existing="update")
    run(data, tmp_path / "out", how=how, classes=classes)
    run(data, tmp_path / "fresh", classes=classes)
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


def test_only_trees_have_folders_to_number(tiny_tree: Path, tmp_path: Path) -> None:
    settings = {"to": "npz", "number_classes": True}
    with pytest.raises(ConfigError, match="number_classes: not supported by --to npz"):
        run(tiny_tree, tmp_path / "out", output=settings)


@pytest.mark.parametrize("sink", SINKS)
def test_classes_called_like_files_of_the_output(tmp_path: Path, sink: str) -> None:
    """They are written, under other names, and the manifest has the true ones."""
    if sink == "parquet":
        pytest.importorskip("pyarrow")
    names = ["dataset.json", "failures.csv", "manifest.csv", "metadata.csv", "metadata.parquet"]
    data = make_tree(tmp_path / "data", dict.fromkeys(names, 1))
    metadata = {"metadata": "hf"} if sink == "tree" else {}
    report = run(data, tmp_path / "out", ratio=1, output={"to": sink, **metadata})
    assert (report.exit_code, report.files) == (0, 10)
    assert sorted({row["class"] for row in rows_of(tmp_path / "out")}) == names
    assert len(pictures_in(tmp_path / "out", sink)) == 10
    assert verify(tmp_path / "out").findings == []


@pytest.mark.parametrize("has_splits", [True, False])
def test_metadata_in_parquet_tells_what_the_csv_does(tmp_path: Path, has_splits: bool) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    data = tmp_path / "data"
    if has_splits:
        make_tree(data / "train", {"cat": 2, "dog": 2})
        make_tree(data / "valid", {"cat": 1, "dog": 1})
    else:
        make_tree(data, {"cat": 2, "dog": 2})
    run(data, tmp_path / "csv", output={"metadata": "hf"})
    run(data, tmp_path / "out", output={"metadata": "hf-parquet"})
    tables = sorted((tmp_path / "csv").rglob("metadata.csv"))
    assert len(tables) == 1 + has_splits
    for table in tables:
        with table.open(newline="") as file:
            expected = list(csv.DictReader(file))
        other = tmp_path / "out" / table.relative_to(tmp_path / "csv").with_suffix(".parquet")
        read = parquet.read_table(other)
        assert [
            {name: "" if value is None else str(value) for name, value in row.items()}
            for row in read.to_pylist()
        ] == expected
        features = json.loads(read.schema.metadata[b"huggingface"])["info"]["features"]
        assert features["label"] == {"names": ["cat", "dog"], "_type": "ClassLabel"}
    assert verify(tmp_path / "out").findings == []


@pytest.mark.optional
def test_the_datasets_package_keeps_the_names_of_labels(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data/train", {"cat": 2, "dog": 2}).parent
    make_tree(data / "validation", {"cat": 1, "dog": 1})
    run(data, tmp_path / "out", output={"metadata": "hf-parquet"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        datasets = pytest.importorskip("datasets")
        loaded = datasets.load_dataset(
            "imagefolder", data_dir=str(tmp_path / "out"), cache_dir=str(tmp_path / "cache")
        )
        label = loaded["train"].features["label"]
        sizes = {name: len(split) for name, split in loaded.items()}
        del loaded
        gc.collect()  # the library leaves files open
    assert label.names == ["cat", "dog"]
    assert sizes == {"train": 10, "validation": 2}
