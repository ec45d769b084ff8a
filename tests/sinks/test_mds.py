from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from augtool import expand
from augtool.config.load import load
from augtool.core.records import Record
from augtool.errors import ConfigError, InputError
from augtool.run.options import Options
from augtool.sinks.mds import MdsSink
from tests.pictures import make_tree
from tests.sinks.reading import rows_of, samples_in


def run(data: Path, out: Path, **settings: Any) -> list[Path]:
    config = load(None, {"output.to": "mds", **settings})
    expand(data, out, config=config, options=Options(1, engine="serial"))
    return sorted(out.rglob("*.mds"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    make_tree(root / "train", {"cat": 4, "dög": 3})
    make_tree(root / "val", {"cat": 1, "dög": 1})
    return root


def test_a_sample_is_what_its_row_says(data: Path, tmp_path: Path) -> None:
    shards = run(data, tmp_path / "out", **{"output.shuffle": True, "output.shard_size": 10_000})
    assert len(shards) > 3
    stored = {
        f"{shard.relative_to(tmp_path / 'out')}[{at}]": sample
        for shard in shards
        for at, sample in enumerate(samples_in(shard))
    }
    rows = rows_of(tmp_path / "out")
    assert stored.keys() == {row["path"] for row in rows}
    for row in rows:
        sample = stored[row["path"]]
        assert hashlib.sha256(sample["image"]).hexdigest() == row["sha256"]
        assert (sample["class"], str(sample["label"])) == (row["class"], row["label"])
        if row["kind"] == "original":
            assert sample["id"] == row["source"]
    assert len({sample["id"] for sample in stored.values()}) == len(rows)


def test_index_lists_the_shards_of_a_split(data: Path, tmp_path: Path) -> None:
    shards = run(data, tmp_path / "out", **{"output.shard_size": 10_000})
    for split in ("train", "val"):
        index = json.loads((tmp_path / "out" / split / "index.json").read_bytes())
        own = [shard for shard in shards if shard.parent.name == split]
        assert [each["raw_data"]["basename"] for each in index["shards"]] == [
            shard.name for shard in own
        ]
        for each, shard in zip(index["shards"], own):
            assert each["raw_data"]["bytes"] == shard.stat().st_size <= each["size_limit"] == 10_000
            assert each["samples"] == len(list(samples_in(shard)))


def test_a_shard_may_be_full_to_the_byte(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data", {"cat": 4})
    (whole,) = run(data, tmp_path / "whole")
    size = whole.stat().st_size - len("256000000") + len("20000")  # its head has the limit
    (full,) = run(data, tmp_path / "full", **{"output.shard_size": size})
    assert full.stat().st_size == size
    assert len(run(data, tmp_path / "less", **{"output.shard_size": size - 1})) == 2


def test_what_the_format_can_not_hold_is_refused_or_escaped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    MdsSink(load(None, {"output.to": "mds", "output.shard_size": 2**32 - 1}))
    with pytest.raises(ConfigError, match=r"output\.shard_size: got 4,294,967,296 bytes; mds"):
        MdsSink(load(None, {"output.to": "mds", "output.shard_size": "4GiB"}))
    sink = MdsSink(load(None, {"output.to": "mds"}))
    record = Record("", "train", "cat", 0, "cat/1.png", None, 5, 6, "", "", None, None)
    packed = sink.pack("cat/1.png", record, bytes(1000))[1]
    assert rb"cat/\udcff.png" in sink.pack("cat/\udcff.png", record, b"")[1]  # always UTF-8
    head = len(sink._head) + 3 * 4
    monkeypatch.setattr("augtool.sinks.mds._MOST_BYTES", head + len(packed))
    assert sink.pack("cat/1.png", record, bytes(1000))[1] == packed
    with pytest.raises(InputError, match="has 1,001 bytes, and a shard of mds"):
        sink.pack("cat/1.png", record, bytes(1001))


@pytest.mark.optional
def test_the_streaming_package_writes_the_same_and_reads_it(data: Path, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        streaming = pytest.importorskip("streaming")
        out = tmp_path / "out"
        run(data, out, **{"output.shard_size": 10_000})
        for split in ("train", "val"):
            shards = sorted((out / split).glob("*.mds"))
            samples = [sample for shard in shards for sample in samples_in(shard)]
            columns = {"class": "str", "id": "str", "image": "bytes", "label": "int"}
            theirs = tmp_path / "theirs" / split
            with streaming.MDSWriter(out=str(theirs), columns=columns, size_limit=10_000) as writer:
                for sample in samples:
                    writer.write(sample)
            files = {path.name: path.read_bytes() for path in (out / split).iterdir()}
            assert files == {path.name: path.read_bytes() for path in theirs.iterdir()}
            dataset = streaming.StreamingDataset(local=str(out), split=split, batch_size=1)
            assert [dataset[at] for at in range(dataset.num_samples)] == samples
            streaming.base.util.clean_stale_shared_memory()
