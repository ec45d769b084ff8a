"""`metadata.csv` for Hugging Face's imagefolder: what the manifest says, beside the pictures.

``load_dataset("imagefolder", data_dir="out")`` then has the columns below for every picture. The
library takes the label from this table, not from the folders, once a table is there; and as a plain
number, because CSV has no types. ``metadata.parquet`` has: labels are then a ``ClassLabel``. It
needs pyarrow, an extra: ``augtool[parquet]``.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from augtool.core.records import Record
from augtool.output.csv_text import to_csv
from augtool.runtime.arrow import import_pyarrow
from augtool.sources.walk import SPLITS
from augtool.storage.files import clean_errors

__all__ = ["require_writer", "write_metadata"]

_COLUMNS = ("file_name", "label", "class", "kind", "source", "copy")
#: Rows per row group.
_GROUP = 10_000


class _Table(Protocol):
    """A table that is being written."""

    def add(self, row: Sequence[object]) -> None:
        """Add a row."""


def require_writer(form: str) -> None:
    """Refuse a form of table whose package is missing.

    Raises
    ------
    ConfigError
        With the way to get it.
    """
    if form == "hf-parquet":
        _pyarrow()


def write_metadata(
    out: Path, records: Iterable[Record], form: str, classes: Sequence[str]
) -> list[str]:
    """Write a table into each split's folder, or into `out` where there are no splits.

    Parameters
    ----------
    out
        The folder that becomes the output.
    records
        What it holds.
    form
        ``hf`` for CSV, ``hf-parquet`` for Parquet.
    classes
        Class names in the order of labels.

    Returns
    -------
    list of str
        The tables' paths below `out`.
    """
    ending = "parquet" if form == "hf-parquet" else "csv"
    with contextlib.ExitStack() as stack:
        tables: dict[str, _Table] = {}
        for record in records:
            folder, below = _split(record)
            name = f"{folder}metadata.{ending}"
            if name not in tables:
                stack.enter_context(clean_errors(out / name))
                (out / name).parent.mkdir(parents=True, exist_ok=True)
                path = out / name
                tables[name] = stack.enter_context(
                    _csv(path) if ending == "csv" else _parquet(path, classes)
                )
            tables[name].add(
                (below, record.label, record.class_name, record.kind, record.source, record.copy)
            )
    return sorted(tables)


def _split(record: Record) -> tuple[str, str]:
    """Return the folder of a record's split, with a slash, and its path below that."""
    folder, _, below = record.path.partition("/")
    is_split = SPLITS.get(folder) == record.split and "/" in below
    return (f"{folder}/", below) if is_split else ("", record.path)


class _Csv:
    def __init__(self, file: Any) -> None:
        self._file = file

    def add(self, row: Sequence[object]) -> None:
        self._file.write(to_csv([["" if value is None else value for value in row]]))


@contextlib.contextmanager
def _csv(path: Path) -> Iterator[_Table]:
    with path.open("wb") as file:
        file.write(to_csv([_COLUMNS]))
        yield _Csv(file)


class _Parquet:
    def __init__(self, writer: Any, arrow: Any) -> None:
        self._writer = writer
        self._arrow = arrow
        self._rows: list[Sequence[object]] = []

    def add(self, row: Sequence[object]) -> None:
        self._rows.append(
            [
                each.encode("utf-8", "backslashreplace").decode() if isinstance(each, str) else each
                for each in row
            ]
        )
        if len(self._rows) >= _GROUP:
            self.flush()

    def flush(self) -> None:
        columns = [list(column) for column in zip(*self._rows)]
        if columns:
            schema = self._writer.schema
            self._writer.write_table(self._arrow.table(columns, schema=schema))
        self._rows.clear()


@contextlib.contextmanager
def _parquet(path: Path, classes: Sequence[str]) -> Iterator[_Table]:
    arrow = _pyarrow()
    names = [name.encode("utf-8", "backslashreplace").decode() for name in classes]
    features = {name: {"dtype": "string", "_type": "Value"} for name in _COLUMNS}
    features["copy"] = {"dtype": "int64", "_type": "Value"}
    described = {**features, "label": {"names": names, "_type": "ClassLabel"}}
    kinds = [
        (name, arrow.int64() if name in ("label", "copy") else arrow.string()) for name in _COLUMNS
    ]
    metadata = {"huggingface": json.dumps({"info": {"features": described}})}
    with (
        path.open("wb") as file,
        arrow.parquet.ParquetWriter(file, arrow.schema(kinds, metadata=metadata)) as writer,
    ):
        table = _Parquet(writer, arrow)
        yield table
        table.flush()


def _pyarrow() -> Any:
    return import_pyarrow("output.metadata: hf-parquet", "or use hf")
