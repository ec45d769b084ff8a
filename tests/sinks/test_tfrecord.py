from __future__ import annotations

import hashlib
import struct
import warnings
from pathlib import Path
from typing import Any

import pytest

from augtool import expand
from augtool.config.load import load
from augtool.core.crc32c import masked_crc32c
from augtool.run.options import Options
from augtool.sinks.tfrecord import encode_example
from tests.pictures import make_tree
from tests.sinks.reading import records_in, rows_of


def run(data: Path, out: Path, **settings: Any) -> list[Path]:
    config = load(None, {"output.to": "tfrecord", **settings})
    expand(data, out, config=config, options=Options(1, engine="serial"))
    return sorted(out.rglob("*.tfrecord"))


def test_frames_hold_length_and_checksums(tiny_tree: Path, tmp_path: Path) -> None:
    (shard,) = run(tiny_tree, tmp_path / "out")
    data, at, count = shard.read_bytes(), 0, 0
    while at < len(data):
        length, of_length = struct.unpack_from("<QI", data, at)
        message = data[at + 12 : at + 12 + length]
        (of_message,) = struct.unpack_from("<I", data, at + 12 + length)
        assert of_length == masked_crc32c(data[at : at + 8])
        assert of_message == masked_crc32c(message)
        at, count = at + 16 + length, count + 1
    assert count == 30


def test_message_is_protocol_buffers_own_bytes() -> None:
    """Field by field: 0a = field 1, length follows; 1a = field 3; ac 02 = 300."""
    message = encode_example([("a", b"xyz"), ("n", 300)])
    first = bytes.fromhex("0a 0c  0a 01 61  12 07  0a 05 0a 03 78 79 7a".replace(" ", ""))
    second = bytes.fromhex("0a 0b  0a 01 6e  12 06  1a 04 0a 02 ac 02".replace(" ", ""))
    assert message == b"\x0a" + bytes([len(first + second)]) + first + second


def test_shards_are_cut_by_size(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data/train", {"cat": 5, "dog": 5}).parent
    make_tree(tmp_path / "data/val", {"cat": 1, "dog": 1})
    shards = run(data, tmp_path / "out", **{"output.shard_size": 10_000})
    assert {path.parent.name for path in shards} == {"train", "val"}
    assert all(path.stat().st_size <= 10_000 for path in shards)
    assert sum(len(list(records_in(path))) for path in shards) == 27


@pytest.mark.optional
@pytest.mark.parametrize("format", ["png", "jpg"])
def test_the_tfrecord_package_reads_it(tmp_path: Path, format: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader = pytest.importorskip("tfrecord.reader")
    data = make_tree(tmp_path / "data", {"cat": 2, "dög": 3})
    (shard,) = run(data, tmp_path / "out", **{"output.format": format})
    examples = list(reader.tfrecord_loader(str(shard), None))
    rows = {int(row["path"].split("[")[1][:-1]): row for row in rows_of(tmp_path / "out")}
    assert len(examples) == len(rows) == 12
    for at, example in enumerate(examples):
        row = rows[at]
        assert hashlib.sha256(bytes(example["image/encoded"])).hexdigest() == row["sha256"]
        assert bytes(example["image/format"]) == {"png": b"png", "jpg": b"jpeg"}[format]
        assert bytes(example["image/class/text"]).decode() == row["class"]
        assert bytes(example["image/filename"]).decode().startswith(row["class"])
        numbers = [int(example[f"image/{key}"][0]) for key in ("class/label", "height", "width")]
        assert numbers == [int(row["label"]), 24, 31]
