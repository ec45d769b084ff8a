"""Shards for tests as other programs write them (tar, TFRecord, MDS, Parquet), made in code."""

from __future__ import annotations

import io
import json
import struct
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2

from augtool.core.crc32c import masked_crc32c
from tests.pictures import picture

CLASSES = ("cat", "dog")


def file_of(seed: int, suffix: str = ".png", **form: Any) -> bytes:
    """Return an image file."""
    return bytes(cv2.imencode(suffix, picture(seed, **form))[1])


def write_tar_shard(path: Path, members: Iterable[tuple[str, bytes]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def web_members(numbers: Iterable[int]) -> list[tuple[str, bytes]]:
    """Return members as the webdataset package writes them: `__key__` and what belongs to it."""
    members = []
    for number in numbers:
        key = f"{number:04}"
        members.append((f"{key}.cls", str(number % 2).encode()))
        members.append((f"{key}.jpg", file_of(number, ".jpg")))
        members.append((f"{key}.json", json.dumps({"width": 31}).encode()))
    return members


def write_webdataset(folder: Path) -> Path:
    write_tar_shard(folder / "pets-train-000000.tar", web_members(range(4)))
    write_tar_shard(folder / "pets-train-000001.tar", web_members(range(4, 7)))
    write_tar_shard(folder / "pets-val-000000.tar", web_members(range(2)))
    return folder


def varint(value: int) -> bytes:
    parts = bytearray()
    value &= 2**64 - 1
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def field(number: int, value: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(value)) + value


def example(features: Mapping[str, bytes | int | float]) -> bytes:
    """Return a tf.train.Example; its integers are packed, as protobuf's own writer does it."""
    entries = b""
    for name, value in features.items():
        if isinstance(value, bytes):
            inner = field(1, field(1, value))
        elif isinstance(value, float):
            inner = field(2, field(1, struct.pack("<f", value)))
        else:
            inner = field(3, field(1, varint(value)))
        entries += field(1, field(1, name.encode()) + field(2, inner))
    return field(1, entries)


def framed(message: bytes) -> bytes:
    length = struct.pack("<Q", len(message))
    sums = [struct.pack("<I", masked_crc32c(part)) for part in (length, message)]
    return length + sums[0] + message + sums[1]


def write_tfrecord(folder: Path) -> Path:
    """Write shards as TensorFlow Datasets does: no text of the class, and a feature too many."""
    folder.mkdir(parents=True, exist_ok=True)
    for shard in range(2):
        name = f"pets-train.tfrecord-{shard:05}-of-00002"
        messages = [
            example(
                {
                    "area": 0.5,
                    "file_name": f"{number}.png".encode(),
                    "image": file_of(number),
                    "label": number % 2,
                }
            )
            for number in range(4 * shard, 4 * shard + 4)
        ]
        (folder / name).write_bytes(b"".join(map(framed, messages)))
    return folder


def mds_shard(columns: Mapping[str, tuple[str, int | None]], samples: Sequence[Any]) -> bytes:
    """Return an MDS shard: `columns` by name, sorted, with encoding and size; samples as bytes."""
    head = json.dumps(
        {
            "column_encodings": [encoding for encoding, _ in columns.values()],
            "column_names": list(columns),
            "column_sizes": [size for _, size in columns.values()],
        }
    ).encode()
    packed = []
    for sample in samples:
        free = [len(each) for each, (_, size) in zip(sample, columns.values()) if size is None]
        packed.append(struct.pack(f"<{len(free)}I", *free) + b"".join(sample))
    begins = 4 * (len(samples) + 2) + len(head)
    ends = [begins + sum(map(len, packed[:number])) for number in range(len(packed) + 1)]
    return struct.pack(f"<{len(ends) + 1}I", len(packed), *ends) + head + b"".join(packed)


def write_mds(folder: Path) -> Path:
    """Write shards as streaming's own converters do: an image's number, the file, and its class."""
    columns = {"i": ("int", 8), "x": ("jpeg", None), "y": ("int", 8)}
    for split, count in (("train", 7), ("val", 2)):
        (folder / split).mkdir(parents=True)
        for first in range(0, count, 4):
            numbers = range(first, min(first + 4, count))
            samples = [
                (struct.pack("<q", at), file_of(at, ".jpg"), struct.pack("<q", at % 2))
                for at in numbers
            ]
            name = f"shard.{first // 4:05}.mds"
            (folder / split / name).write_bytes(mds_shard(columns, samples))
        (folder / split / "index.json").write_text("{}")
    return folder


def write_parquet(
    path: Path,
    rows: Sequence[tuple[bytes | None, str | None, Any]],
    names: Sequence[str] | None = CLASSES,
    **options: Any,
) -> Path:
    """Write a file as `datasets` does."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    features: dict[str, Any] = {"image": {"_type": "Image"}, "label": {"_type": "Value"}}
    if names is not None:
        features["label"] = {"names": list(names), "_type": "ClassLabel"}
    image = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    label = arrow.string() if any(isinstance(row[2], str) for row in rows) else arrow.int64()
    schema = arrow.schema(
        [("image", image), ("label", label)],
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )
    table = arrow.Table.from_pylist(
        [{"image": {"bytes": data, "path": name}, "label": each} for data, name, each in rows],
        schema,
    )
    parquet.write_table(table, path, **options)
    return path


def write_hub(folder: Path) -> Path:
    """Write a data set as the Hugging Face hub has it: files without paths, three a row group."""
    for split, count in (("train", 7), ("validation", 2)):
        rows = [(file_of(number, ".jpg"), None, number % 2) for number in range(count)]
        write_parquet(folder / f"data/{split}-00000-of-00001.parquet", rows, row_group_size=3)
    return folder
