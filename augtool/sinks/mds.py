"""MDS, the shards of MosaicML Streaming, written without the package.

``streaming.StreamingDataset(local="out", split="train")`` reads them, by way of the `index.json`
beside the shards of a split. Columns: `class` and `id` (what the tree would call the file), both
text, `image` (the encoded file) and `label`. :mod:`augtool.storage.mds` has the layout.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np

from augtool.config.schema import Config
from augtool.core.records import Record
from augtool.errors import ConfigError, InputError
from augtool.sinks.payload import SplitRecords
from augtool.sinks.shards import Shard, ShardSink
from augtool.storage.files import clean_errors
from augtool.storage.mds import NUMBER, MdsShard

__all__ = ["MdsSink"]

_SIZES, _LABEL = struct.Struct("<3I"), struct.Struct("<q")
#: Columns in the package's order, by name, with their encodings and fixed sizes.
_COLUMNS = {
    "class": ("str", None),
    "id": ("str", None),
    "image": ("bytes", None),
    "label": ("int", _LABEL.size),
}
#: An offset can't be larger.
_MOST_BYTES = 2**32 - 1


class MdsSink(ShardSink):
    """Writes MDS shards, each byte as the package's own MDSWriter would."""

    name: ClassVar[str] = "mds"
    bytes_in_head: ClassVar[int] = NUMBER.itemsize

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        if self._shard_size > _MOST_BYTES:
            raise ConfigError(
                f"output.shard_size: got {self._shard_size:,} bytes; mds counts them in 32 bits, so"
                f" that a shard has {_MOST_BYTES:,} at most; use a smaller size, e.g. 256MB"
            )
        self._facts: dict[str, Any] = {
            "column_encodings": [encoding for encoding, _ in _COLUMNS.values()],
            "column_names": list(_COLUMNS),
            "column_sizes": [size for _, size in _COLUMNS.values()],
            "compression": None,
            "format": "mds",
            "hashes": [],
            "size_limit": self._shard_size,
            "version": 2,
        }
        self._head = json.dumps(self._facts, sort_keys=True).encode()
        #: Count and the last offset come first.
        self._shard_size -= 2 * NUMBER.itemsize + len(self._head)

    def pack(self, planned_path: str, record: Record, data: bytes) -> tuple[str, bytes]:
        """Return a sample, which has no name in the shard."""
        texts = [_text(record.class_name), _text(planned_path)]
        packed = b"".join(
            (_SIZES.pack(*map(len, (*texts, data))), *texts, data, _LABEL.pack(record.label))
        )
        most = _MOST_BYTES - 3 * NUMBER.itemsize - len(self._head)
        if len(packed) > most:
            raise InputError(
                f"has {len(data):,} bytes, and a shard of mds can't hold more than {most:,};"
                " write it with --to webdataset",
                stage="encode",
            )
        return "", packed

    def shard_name(self, shard: Shard, *, has_splits: bool) -> str:
        """Return ``train/shard.00000.mds``, or without the folder."""
        return f"{shard.folder}/" * has_splits + f"shard.{shard.number:05d}.mds"

    def write_shard(
        self,
        path: Path,
        stock: SplitRecords,
        shard: Shard,
        classes: Sequence[str],  # noqa: ARG002 - each sample has its own
    ) -> None:
        """Write one shard: count, offsets, columns, samples."""
        count = len(shard.records)
        begins = NUMBER.itemsize * (count + 2) + len(self._head)
        offsets = np.cumsum([begins, *stock.sizes[shard.records].tolist()])
        with clean_errors(path), path.open("wb") as file:
            file.write(np.array([count, *offsets], NUMBER).tobytes() + self._head)
            file.writelines(stock.read_together(shard.records))

    def list_shards(self, paths: Sequence[Path], shards: Sequence[Shard]) -> None:
        """Write the index.json of a split."""
        path = paths[0].with_name("index.json")
        with clean_errors(path):
            listed = [
                {
                    **self._facts,
                    "raw_data": {"basename": each.name, "bytes": each.stat().st_size, "hashes": {}},
                    "samples": len(shard.records),
                    "zip_data": None,
                }
                for each, shard in zip(paths, shards)
            ]
            with path.open("wb") as file:
                file.write(json.dumps({"shards": listed, "version": 2}, sort_keys=True).encode())

    def index_shard(self, file: BinaryIO) -> dict[str, tuple[int, int]]:
        """Return where each image begins, by the number of its sample."""
        shard = MdsShard.read(file)
        return {str(number): shard.values(file, number)["image"] for number in range(len(shard))}


def _text(text: str) -> bytes:
    """Return UTF-8, which the package insists on; bytes of a name that are none are escaped."""
    return text.encode("utf-8", "backslashreplace")
