"""Reads what each sink wrote, with other code than what wrote it."""

from __future__ import annotations

import csv
import json
import struct
import tarfile
from collections.abc import Iterator
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest


def rows_of(out: Path) -> list[dict[str, str]]:
    with (out / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def pictures_in(out: Path, name: str) -> dict[str, Any]:
    """Return every stored picture, R, G, B(, A) with a channel axis, by the manifest's path."""
    return dict(_READERS[name](out))


def decoded(data: bytes) -> Any:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image.ndim == 2:
        return image[..., None]
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB if image.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)


def _tree(out: Path) -> Iterator[tuple[str, Any]]:
    for row in rows_of(out):
        yield row["path"], decoded((out / row["path"]).read_bytes())


def _webdataset(out: Path) -> Iterator[tuple[str, Any]]:
    for shard in sorted(out.rglob("*.tar")):
        with tarfile.open(shard) as archive:
            for member in archive:
                if not member.name.endswith((".cls", ".json")):
                    data = archive.extractfile(member).read()  # type: ignore[union-attr]
                    yield f"{shard.relative_to(out)}/{member.name}", decoded(data)


def _npz(out: Path) -> Iterator[tuple[str, Any]]:
    with np.load(out / "data.npz") as arrays:
        for name in arrays.files:
            if name.startswith("x_"):
                yield from ((f"data.npz/{name}[{at}]", x) for at, x in enumerate(arrays[name]))


def _npy(out: Path) -> Iterator[tuple[str, Any]]:
    for path in sorted(out.glob("x_*.npy")):
        array = np.load(path, mmap_mode="r")
        yield from ((f"{path.name}[{at}]", np.array(x)) for at, x in enumerate(array))


def _tfrecord(out: Path) -> Iterator[tuple[str, Any]]:
    for shard in sorted(out.rglob("*.tfrecord")):
        for at, message in enumerate(records_in(shard)):
            start = message.index(b"\x89PNG")  # enough for pictures; the package reads the rest
            yield f"{shard.relative_to(out)}[{at}]", decoded(message[start:])


def records_in(shard: Path) -> Iterator[bytes]:
    data, at = shard.read_bytes(), 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        yield data[at + 12 : at + 12 + length]
        at += 16 + length
    assert at == len(data)


def _parquet(out: Path) -> Iterator[tuple[str, Any]]:
    parquet = pytest.importorskip("pyarrow.parquet")
    for shard in sorted(out.rglob("*.parquet")):
        images = parquet.read_table(shard)["image"].to_pylist()
        for at, image in enumerate(images):
            yield f"{shard.relative_to(out)}[{at}]", decoded(image["bytes"])


def _mds(out: Path) -> Iterator[tuple[str, Any]]:
    for index in out.rglob("index.json"):
        for each in json.loads(index.read_bytes())["shards"]:
            shard = index.with_name(each["raw_data"]["basename"])
            for at, sample in enumerate(samples_in(shard)):
                yield f"{shard.relative_to(out)}[{at}]", decoded(sample["image"])


def samples_in(shard: Path) -> Iterator[dict[str, Any]]:
    """Yield the samples of an MDS shard, as streaming's own reader takes them apart."""
    data = shard.read_bytes()
    (count,) = struct.unpack_from("<I", data)
    offsets = struct.unpack_from(f"<{count + 1}I", data, 4)
    head = json.loads(data[4 * (count + 2) : offsets[0]])
    assert offsets[-1] == len(data)
    assert list(zip(head["column_names"], head["column_encodings"], head["column_sizes"])) == [
        *(
            ("class", "str", None),
            ("id", "str", None),
            ("image", "bytes", None),
            ("label", "int", 8),
        )
    ]
    for start, end in pairwise(offsets):
        sizes = struct.unpack_from("<3I", data, start)
        ends = list(accumulate((start + 12, *sizes, 8)))
        assert ends[-1] == end
        kind, name, image, label = (data[a:b] for a, b in pairwise(ends))
        yield {
            "class": kind.decode(),
            "id": name.decode(),
            "image": image,
            "label": struct.unpack("<q", label)[0],
        }


_READERS = {
    "tree": _tree,
    "webdataset": _webdataset,
    "npz": _npz,
    "npy": _npy,
    "tfrecord": _tfrecord,
    "parquet": _parquet,
    "mds": _mds,
}
