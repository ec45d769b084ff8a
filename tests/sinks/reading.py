"""Reads what each sink wrote, with other code than what wrote it."""

from __future__ import annotations

import csv
import struct
import tarfile
from collections.abc import Iterator
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


_READERS = {
    "tree": _tree,
    "webdataset": _webdataset,
    "npz": _npz,
    "npy": _npy,
    "tfrecord": _tfrecord,
    "parquet": _parquet,
}
