from __future__ import annotations

import json
import tarfile
import warnings
from pathlib import Path
from typing import Any

import pytest

from augtool import expand
from augtool.config.load import load
from augtool.run.options import Options
from tests.pictures import picture, write
from tests.sinks.reading import decoded, rows_of


def run(data: Path, out: Path, **settings: Any) -> list[Path]:
    config = load(None, {"output.to": "webdataset", **settings})
    expand(data, out, config=config, options=Options(1, engine="serial"))
    return sorted(out.rglob("*.tar"))


def members_of(shard: Path) -> list[tarfile.TarInfo]:
    with tarfile.open(shard) as archive:
        return archive.getmembers()


def test_a_record_is_picture_label_and_row(tiny_tree: Path, tmp_path: Path) -> None:
    (shard,) = run(tiny_tree, tmp_path / "out")
    names = [member.name for member in members_of(shard)]
    keys = [name.partition(".")[0] for name in names[::3]]
    assert names == [f"{key}.{kind}" for key in keys for kind in ("png", "cls", "json")]
    assert len(set(keys)) == 30
    row = rows_of(tmp_path / "out")[-1]
    assert row["path"].startswith(f"{shard.name}/")
    with tarfile.open(shard) as archive:
        key = row["path"].partition("/")[2].partition(".")[0]
        label = archive.extractfile(f"{key}.cls").read()  # type: ignore[union-attr]
        told = json.loads(archive.extractfile(f"{key}.json").read())  # type: ignore[union-attr]
    assert label == row["label"].encode()
    assert told.pop("key") == key
    assert {name: str(value) for name, value in told.items()} == {
        name: value for name, value in row.items() if value and name != "path"
    }


def test_headers_hold_nothing_of_the_run(tiny_tree: Path, tmp_path: Path) -> None:
    (shard,) = run(tiny_tree, tmp_path / "out")
    for member in members_of(shard):
        assert (member.mtime, member.uid, member.gid, member.uname) == (0, 0, 0, "")
        assert member.mode == 0o644
        assert member.isreg()


def test_keys_have_no_dots_and_stay_apart(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for name in ("a.b.png", "a_b.png", "sub/a.b.png", "a.b.bmp", "é" * 90 + ".png"):
        write(data / "x" / name, picture(len(name)))
    (shard,) = run(data, tmp_path / "out", per_image=1)
    names = [member.name for member in members_of(shard)]
    assert len(set(names)) == 30
    assert all(name.count(".") == 1 and len(name) < 100 for name in names)


def test_shards_are_cut_by_size(tiny_tree: Path, tmp_path: Path) -> None:
    (whole,) = run(tiny_tree, tmp_path / "whole")
    shards = run(tiny_tree, tmp_path / "out", **{"output.shard_size": "20KB"})
    assert [shard.name for shard in shards] == [f"shard-{at:06}.tar" for at in range(len(shards))]
    assert len(shards) > 3
    assert all(shard.stat().st_size <= 20_000 + 1024 for shard in shards)
    names = [member.name for shard in shards for member in members_of(shard)]
    assert names == [member.name for member in members_of(whole)]


def test_shuffled_shards_hold_the_same(tiny_tree: Path, tmp_path: Path) -> None:
    (plain,) = run(tiny_tree, tmp_path / "plain")
    (mixed,) = run(tiny_tree, tmp_path / "mixed", **{"output.shuffle": True})
    in_order = [member.name for member in members_of(plain)]
    in_disorder = [member.name for member in members_of(mixed)]
    assert in_disorder != in_order
    assert sorted(in_disorder) == sorted(in_order)
    for row in rows_of(tmp_path / "mixed"):
        assert row["path"].partition("/")[2] in in_disorder


@pytest.mark.optional
def test_the_webdataset_package_reads_it(tiny_tree: Path, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        webdataset = pytest.importorskip("webdataset")
        run(tiny_tree, tmp_path / "out", **{"output.shard_size": "20KB"})
        urls = [str(path) for path in sorted((tmp_path / "out").glob("*.tar"))]
        dataset = webdataset.WebDataset(urls, shardshuffle=False).decode()
        samples = [(each["__key__"], each["cls"], each["json"]) for each in dataset]
        raw = list(webdataset.WebDataset(urls, shardshuffle=False))
    rows = {
        row["path"].partition("/")[2].partition(".")[0]: row for row in rows_of(tmp_path / "out")
    }
    assert rows.keys() == {key for key, _, _ in samples}
    for key, label, facts in samples:
        assert str(label) == rows[key]["label"]
        assert facts["source"] == rows[key]["source"]
    assert decoded(raw[0]["png"]).shape == (24, 31, 3)
