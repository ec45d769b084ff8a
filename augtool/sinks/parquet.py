"""Parquet in Hugging Face's image layout, which ``datasets.load_dataset("out")`` reads directly.

Columns: ``image``, a struct of the encoded file and its name, and ``label``. The feature types
are in the schema metadata, including class names. pyarrow is an extra.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from augtool.config.schema import Config
from augtool.core.records import Record
from augtool.runtime.arrow import import_pyarrow
from augtool.sinks.payload import SplitRecords
from augtool.sinks.shards import Shard, ShardSink
from augtool.storage.files import clean_errors

__all__ = ["ParquetSink"]

#: Rows per row group, which is held in memory; the same number as `datasets` writes.
_GROUP = 100


class ParquetSink(ShardSink):
    """Writes Parquet shards, named as on the Hugging Face hub."""

    name: ClassVar[str] = "parquet"

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        _pyarrow()

    def pack(self, planned_path: str, record: Record, data: bytes) -> tuple[str, bytes]:
        """Return label, name and file; the conductor takes them apart again."""
        name = planned_path.encode("utf-8", "backslashreplace")
        return "", b"%d\0%b\0%b" % (record.label, name, data)

    def shard_name(self, shard: Shard, *, has_splits: bool) -> str:  # noqa: ARG002 - one form
        """Return ``data/train-00000-of-00002.parquet``."""
        return f"data/{shard.split}-{shard.number:05d}-of-{shard.count:05d}.parquet"

    def write_shard(
        self, path: Path, stock: SplitRecords, shard: Shard, classes: Sequence[str]
    ) -> None:
        """Write one shard, a row group at a time."""
        arrow = _pyarrow()
        schema = _schema(arrow, classes)
        options = {"compression": "none", "use_dictionary": False, "write_statistics": False}
        with (
            clean_errors(path),
            path.open("wb") as file,
            arrow.parquet.ParquetWriter(file, schema, **options) as writer,
        ):
            records = stock.read(shard.records)
            while rows := [_row(record) for record in islice(records, _GROUP)]:
                writer.write_table(arrow.Table.from_pylist(rows, schema))

    def index_shard(self, file: BinaryIO) -> dict[str, tuple[int, int]]:  # noqa: ARG002
        """Return nothing: the format has an index of its own."""
        return {}

    def read_record(
        self,
        file: BinaryIO,
        inside: str,
        index: Mapping[str, tuple[int, int]],  # noqa: ARG002
    ) -> bytes:
        """Return the image in a row."""
        arrow = _pyarrow()
        group, row = divmod(int(inside), _GROUP)
        try:
            with arrow.parquet.ParquetFile(file) as table:
                if not 0 <= group < table.num_row_groups:
                    raise IndexError(f"there are only {table.metadata.num_rows:,} rows")
                # One by one: a value that is stored once can stand in every row.
                rows = table.iter_batches(
                    1, row_groups=[group], columns=["image.bytes"], use_threads=False
                )
                image = next(islice(rows, row, None))
        except (arrow.ArrowException, StopIteration) as error:
            raise ValueError(f"its shard is damaged ({error!s:.200})") from error
        data = image.column(0).field(0)[0].as_py()
        if not isinstance(data, bytes):
            raise ValueError("has no bytes")
        return data


def _row(record: bytes) -> dict[str, Any]:
    label, name, data = record.split(b"\0", 2)
    return {"image": {"bytes": data, "path": name.decode()}, "label": int(label)}


def _schema(arrow: Any, classes: Sequence[str]) -> Any:
    names = [name.encode("utf-8", "backslashreplace").decode() for name in classes]
    features = {"image": {"_type": "Image"}, "label": {"names": names, "_type": "ClassLabel"}}
    image = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    return arrow.schema([("image", image), ("label", arrow.int64())], metadata=metadata)


def _pyarrow() -> Any:
    return import_pyarrow("output.to: parquet")
