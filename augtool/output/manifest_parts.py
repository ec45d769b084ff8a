"""Reads the parts of a manifest, a few thousand rows at a time: what they hold may be anybody's.

Rows, their order and their columns are those of manifest.csv, and every number comes back to the
last bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from augtool.core.records import AUGMENTED, MATRIX_COLUMNS, ORIGINAL, Record
from augtool.errors import InputError, OccupiedError
from augtool.output.manifest_columns import LEADING, REPAIR, REPEATED, DamagedRow
from augtool.output.manifest_index import Index, OpenPart, Part
from augtool.runtime.arrow import import_pyarrow

__all__ = ["part_columns", "part_rows"]

#: How many rows to read at once.
_READ_ROWS = 2**13
#: A row group may claim so many bytes.
_MOST_GROUP_BYTES = 2**30
#: How values may be stored: where one stands for many, those are not made into as many.
_PLAIN = frozenset({"PLAIN", "RLE"})
_WITH_DICTIONARY = _PLAIN | {"RLE_DICTIONARY", "PLAIN_DICTIONARY"}
#: Limits on the description at a part's end: on one text, and on all of its lists.
_LIMITS = {"thrift_string_size_limit": 2**26, "thrift_container_size_limit": 2**22}
_NUMBERS_FROM = len(LEADING) + len(MATRIX_COLUMNS)
_COPY, _KIND = LEADING.index("copy"), LEADING.index("kind")


def part_rows(index: Index, open_part: OpenPart) -> Iterator[Record | DamagedRow]:
    """Yield the records of all parts; what can't be read does not keep the others back."""
    names = tuple(index.columns)[_NUMBERS_FROM:]
    for part in index.parts:
        number = 0
        try:
            for batch in _batches(index, part, open_part, list(index.columns)):
                for row in zip(*map(_values, batch.columns)):
                    number += 1
                    try:
                        yield _record(row, names)
                    except ValueError as error:
                        yield DamagedRow(
                            row[0] or part.path, f"row {number} of {part.name}", str(error)
                        )
        except InputError as error:
            yield DamagedRow(part.path, "", error.reason.partition(": ")[2], is_part=True)


def part_columns(
    index: Index, open_part: OpenPart, names: Sequence[str]
) -> Iterator[tuple[str, ...]]:
    """Yield some columns of text of each row.

    Raises
    ------
    InputError
        When a part can't be read, or a text is missing.
    """
    for part in index.parts:
        for batch in _batches(index, part, open_part, list(names)):
            if any(column.null_count for column in batch.columns):
                raise InputError(f"{part.path}: a row is damaged; {REPAIR}")
            yield from zip(*map(_values, batch.columns))


def _batches(index: Index, part: Part, open_part: OpenPart, names: list[str]) -> Iterator[Any]:
    """Yield some columns of a part, some rows at a time.

    Raises
    ------
    InputError
        When it is not a part of that manifest, or damaged.
    """
    arrow = import_pyarrow("a manifest in Parquet")
    words = arrow.dictionary(arrow.int32(), arrow.string())
    expected = arrow.schema(
        [(name, words if name in REPEATED else kind) for name, kind in index.columns.items()]
    )
    with _readable(part), open_part(part.path) as file:
        table = arrow.parquet.ParquetFile(file, read_dictionary=REPEATED, **_LIMITS)
        if not table.schema_arrow.equals(expected):
            raise ValueError("its columns are not those that manifest.json lists")
        if table.metadata.num_rows != part.rows:
            raise ValueError(f"it has {table.metadata.num_rows:,} rows instead of {part.rows:,}")
        for group in range(table.num_row_groups):
            _require_plain(table.metadata.row_group(group))
            yield from table.iter_batches(
                _READ_ROWS, row_groups=[group], columns=names, use_threads=False
            )


def _require_plain(group: Any) -> None:
    """Refuse a row group that would take more memory than it says.

    Raises
    ------
    ValueError
        With what it claims.
    """
    if group.total_byte_size > _MOST_GROUP_BYTES:
        raise ValueError(f"a row group claims {group.total_byte_size:,} bytes")
    for column in map(group.column, range(group.num_columns)):
        name, encodings = column.path_in_schema, set(column.encodings)
        if not encodings <= (_WITH_DICTIONARY if name in REPEATED else _PLAIN):
            raise ValueError(f"{name} is stored as {', '.join(sorted(encodings))}")


def _values(column: Any) -> list[Any]:
    """Return the values of a column of a batch; None where there is none."""
    if column.null_count < len(column) and hasattr(column, "dictionary"):
        words = [*_values(column.dictionary), None]
        return [words[-1 if at is None else at] for at in _values(column.indices)]
    if not column.null_count:
        values: list[Any] = column.to_numpy(zero_copy_only=False).tolist()
        return values
    if column.null_count == len(column):
        return [None] * len(column)
    kept = iter(column.drop_null().to_numpy(zero_copy_only=False).tolist())
    is_there = column.is_valid().to_numpy(zero_copy_only=False).tolist()
    return [next(kept) if there else None for there in is_there]


def _record(row: tuple[Any, ...], names: tuple[str, ...]) -> Record:
    """Return the record of a row.

    Raises
    ------
    ValueError
        When augtool writes no such row.
    """
    leading, matrix = row[: len(LEADING)], row[len(LEADING) : _NUMBERS_FROM]
    path, split, class_name, label, kind, source, copy, *rest = leading
    if kind not in (ORIGINAL, AUGMENTED):
        raise ValueError(f"kind is {kind!r:.40}")
    is_copy = kind == AUGMENTED
    needed = (*leading, *matrix) if is_copy else (*leading[:_COPY], *rest)
    if None in needed:
        raise ValueError("a value is missing")
    params = {name: value for name, value in zip(names, row[_NUMBERS_FROM:]) if value is not None}
    of_copy = (matrix, params) if is_copy else (None, None)
    return Record(
        path, split, class_name, label, source, copy if is_copy else None, *rest, *of_copy
    )


@contextmanager
def _readable(part: Part) -> Iterator[None]:
    """Name the part in errors about its content."""
    arrow = import_pyarrow("a manifest in Parquet")
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(f"{part.path}: is missing; {REPAIR}") from error
    except OccupiedError as error:  # a link, a pipe, a folder
        raise InputError(f"{part.path}: is not a regular file; {REPAIR}") from error
    except (arrow.ArrowException, OSError, ValueError) as error:
        said = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{part.path}: is damaged ({said:.200}); {REPAIR}") from error
