from __future__ import annotations

import builtins
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augtool import expand
from augtool.config.load import load
from augtool.errors import ConfigError
from augtool.run.options import Options
from tests.pictures import make_tree
from tests.sinks.reading import pictures_in, rows_of


def run(data: Path, out: Path, **settings: Any) -> list[Path]:
    config = load(None, {"output.to": "parquet", **settings})
    expand(data, out, config=config, options=Options(1, engine="serial"))
    return sorted(out.rglob("*.parquet"))


def test_missing_pyarrow_names_the_extra(
    tiny_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(f"No module named {name!r}")
        return honest(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError) as caught:
        run(tiny_tree, tmp_path / "out")
    assert str(caught.value) == (
        "output.to: parquet needs pyarrow (No module named 'pyarrow'); pip install pyarrow"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.optional
def test_schema_is_hugging_faces(tiny_tree: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    (shard,) = run(tiny_tree, tmp_path / "out")
    schema = parquet.read_schema(shard)
    assert str(schema.field("image").type) == "struct<bytes: binary, path: string>"
    assert str(schema.field("label").type) == "int64"
    assert json.loads(schema.metadata[b"huggingface"]) == {
        "info": {
            "features": {
                "image": {"_type": "Image"},
                "label": {"names": ["cat", "deer", "dog"], "_type": "ClassLabel"},
            }
        }
    }


@pytest.mark.optional
def test_shards_are_cut_by_size_and_named_as_on_the_hub(tiny_tree: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    shards = run(tiny_tree, tmp_path / "out", **{"output.shard_size": 20_000})
    count = len(shards)
    assert count > 1
    expected = [f"data/train-{at:05}-of-{count:05}.parquet" for at in range(count)]
    assert [str(path.relative_to(tmp_path / "out")) for path in shards] == expected


@pytest.mark.optional
def test_the_datasets_package_loads_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    make_tree(tmp_path / "data/train", {"cat": 3, "dog": 2})
    make_tree(tmp_path / "data/val", {"cat": 1, "dog": 1})
    run(tmp_path / "data", tmp_path / "out")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        datasets = pytest.importorskip("datasets")
        loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
        sizes = {name: len(split) for name, split in loaded.items()}
        first = loaded["train"][0]
        names = loaded["train"].features["label"].names
    assert (sizes["train"], sum(sizes.values())) == (12, 14)
    assert names == ["cat", "dog"]
    row = rows_of(tmp_path / "out")[0]
    stored = pictures_in(tmp_path / "out", "parquet")
    np.testing.assert_array_equal(np.asarray(first["image"]), stored[row["path"]])
    assert first["label"] == 0
