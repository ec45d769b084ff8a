"""Writes the parts of a manifest: rows of CSV become Parquet files of a million rows each.

Bytes depend on the rows alone, not on how they are handed over, and little is held in memory.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

from augtool.errors import OutputError
from augtool.output.manifest_columns import REPEATED, Kind
from augtool.output.manifest_index import Index, Part
from augtool.runtime.arrow import import_pyarrow
from augtool.storage.files import sha256_of

__all__ = ["write_parts"]

#: Rows of a row group, which is held in memory, and row groups of a part.
_GROUP_ROWS = 2**16
_GROUPS = 16
#: How many bytes of CSV to parse at once.
_PARSED_BYTES = 2**22


def write_parts(folder: Path, kinds: Mapping[str, Kind], rows: Iterable[bytes]) -> Index:
    """Write rows of CSV as parts of a manifest; the same rows give the same bytes, however cut.

    Parameters
    ----------
    folder
        Where they go; it is there and empty.
    kinds
        What each column holds.
    rows
        As :func:`augtool.output.manifest_rows.rows_csv` returns them; some whole rows each.

    Raises
    ------
    OSError
        When they can't be written.
    OutputError
        When a row does not fit its columns.
    """
    arrow = import_pyarrow("a manifest in Parquet")
    schema = arrow.schema([(name, kind) for name, kind in kinds.items()])
    groups = _groups(arrow, schema, rows)
    parts: list[Part] = []
    for group in groups:
        path, count = folder / "part", 0
        with (
            path.open("wb") as file,
            arrow.parquet.ParquetWriter(
                file, schema, compression="zstd", use_dictionary=REPEATED
            ) as writer,
        ):
            for each in chain([group], islice(groups, _GROUPS - 1)):
                writer.write_table(each)
                count += len(each)
        digest = sha256_of(path)
        part = Part(Part.name_of(len(parts), digest), count, digest)
        path.rename(folder / part.name)
        parts.append(part)
    return Index(dict(kinds), parts)


def _groups(arrow: Any, schema: Any, rows: Iterable[bytes]) -> Iterator[Any]:
    """Yield tables of as many rows as a row group has, each in one piece; one at least."""
    held, count, is_first = [], 0, True
    for block in _blocks(rows):
        table = _parsed(arrow, schema, block)
        held.append(table)
        count += len(table)
        while count >= _GROUP_ROWS:
            together = arrow.concat_tables(held)
            yield together.slice(0, _GROUP_ROWS).combine_chunks()
            held, count, is_first = [together.slice(_GROUP_ROWS)], count - _GROUP_ROWS, False
    if count or is_first:
        yield arrow.concat_tables([schema.empty_table(), *held]).combine_chunks()


def _blocks(rows: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same rows, many at a time."""
    block = bytearray()
    for each in rows:
        block += each
        if len(block) >= _PARSED_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


def _parsed(arrow: Any, schema: Any, block: bytes) -> Any:
    """Return rows of CSV as a table.

    Whole numbers are read as floats first: policies write some of them so, and all that augtool
    draws are below 2**53.
    """
    from pyarrow import csv  # noqa: PLC0415 - an extra

    floats = {field.name: arrow.float64() for field in schema if field.type == arrow.int64()}
    try:
        table = csv.read_csv(
            io.BytesIO(block),
            csv.ReadOptions(
                use_threads=False, block_size=len(block) + 1, column_names=schema.names
            ),
            csv.ParseOptions(newlines_in_values=True),
            csv.ConvertOptions(
                column_types={**{field.name: field.type for field in schema}, **floats},
                null_values=[""],
                strings_can_be_null=False,
            ),
        )
        return table.cast(schema)
    except arrow.ArrowException as error:
        said = str(error).splitlines()[0]
        raise OutputError(
            f"the manifest can't be written as Parquet ({said:.200}); pass --set"
            " output.manifest=csv"
        ) from error
