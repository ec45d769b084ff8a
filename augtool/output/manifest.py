"""The manifest, in either of its forms, read back to the last bit: one row per record.

Functions take the path of manifest.csv, or of manifest.json, the index of Parquet parts.  Where an
index does not lie beside the folder of its parts, they are told by `open_part` how to open them.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import operator
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from augtool.core.pipeline import Params
from augtool.core.records import AUGMENTED, MATRIX_COLUMNS, ORIGINAL, Record
from augtool.errors import InputError, OccupiedError
from augtool.output.csv_text import to_csv
from augtool.output.manifest_columns import LEADING, REPAIR, DamagedRow, columns
from augtool.output.manifest_index import Index, OpenPart, opener_beside, read_index
from augtool.output.manifest_parts import part_columns, part_rows
from augtool.storage.files import open_regular
from augtool.storage.which_manifest import CSV, is_index

__all__ = [
    "DamagedRow",
    "columns",
    "damaged_part",
    "digest_of",
    "is_manifest",
    "parse",
    "read",
    "read_columns",
    "read_rows",
    "read_sources",
    "to_csv",
]

_MOST_HEADER_BYTES = 2**16


def read(path: Path, open_part: OpenPart | None = None) -> Iterator[Record]:
    """Yield the records of a manifest, in its order, without holding them.

    Raises
    ------
    InputError
        When it can't be read, or is not a manifest; with the line.
    """
    yield from _sound(read_rows(path, open_part), path)


def read_rows(path: Path, open_part: OpenPart | None = None) -> Iterator[Record | DamagedRow]:
    """Yield the records of a manifest; a row that can't be read does not keep the others back.

    Raises
    ------
    InputError
        When the file can't be read, or is not a manifest.
    """
    if is_index(path):
        yield from part_rows(read_index(path), open_part or opener_beside(path))
    else:
        with _opened(path) as file:
            yield from _rows(file, path)


def read_sources(path: Path, open_part: OpenPart | None = None) -> Iterator[tuple[str, ...]]:
    """Yield path, source and the source's SHA-256 of each row: a tenth of the work of `read`.

    Raises
    ------
    InputError
        When it can't be read, or is not a manifest.
    """
    return read_columns(path, ("path", "source", "source_sha256"), open_part)


def read_columns(
    path: Path, names: tuple[str, ...], open_part: OpenPart | None = None
) -> Iterator[tuple[str, ...]]:
    """Yield columns of text of each row, of those that every manifest begins with.

    Raises
    ------
    InputError
        When it can't be read, or is not a manifest.
    """
    if is_index(path):
        try:
            yield from part_columns(read_index(path), open_part or opener_beside(path), names)
        except InputError as error:
            raise InputError(f"{path}: {error.reason}") from error
        return
    wanted = operator.itemgetter(*map(LEADING.index, names))
    with _opened(path) as file, _readable_csv(path):
        rows = csv.reader(file)
        _require_manifest(next(rows, ()), path)
        try:
            yield from map(wanted, rows)
        except IndexError as error:
            raise InputError(f"{path}: a row is damaged; {REPAIR}") from error


def digest_of(file: BinaryIO) -> str:
    """Return the SHA-256 of an open file; of a manifest, dataset.json calls it its digest."""
    state = hashlib.sha256()
    while block := file.read(2**20):
        state.update(block)
    return state.hexdigest()


def damaged_part(index: Index, open_part: OpenPart) -> tuple[str, str] | None:
    """Return the path of the first part that is not what an index says, and why; None for none."""
    for part in index.parts:
        try:
            with open_part(part.path) as file:
                if digest_of(file) != part.sha256:
                    return part.path, "was changed after the run"
        except FileNotFoundError:
            return part.path, "is missing"
        except OccupiedError:
            return part.path, "is not a regular file"
    return None


def is_manifest(path: Path) -> bool:
    """Tell whether a file is there and begins as a manifest does."""
    try:
        if is_index(path):
            return bool(read_index(path))
        with open_regular(path) as file:
            line = file.readline(_MOST_HEADER_BYTES)
    except (OSError, InputError):
        return False
    names = tuple(line.decode("utf-8", "replace").rstrip("\n").split(","))
    return names[: len(LEADING)] == LEADING


def parse(data: bytes) -> Iterator[Record]:
    """Yield the records of a manifest's CSV; header first, as in a file."""
    text = io.StringIO(data.decode("utf-8", "surrogateescape"), newline="")
    return _sound(_rows(text, "the manifest"), "the manifest")


def _sound(rows: Iterable[Record | DamagedRow], name: object) -> Iterator[Record]:
    """Yield records; refuse the first row that is damaged."""
    for row in rows:
        if isinstance(row, DamagedRow):
            if row.is_part:
                raise InputError(f"{name}: {row.path}: {row.reason}")
            raise InputError(f"{name}, {row.where}: the row is damaged ({row.reason}); {REPAIR}")
        yield row


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror}") from error


@contextlib.contextmanager
def _readable_csv(name: object) -> Iterator[None]:
    try:
        yield
    except csv.Error as error:
        raise InputError(f"{name}: is damaged ({error}); {REPAIR}") from error


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Iterable[str]]:
    with (
        _readable(path),
        io.TextIOWrapper(open_regular(path), "utf-8", "surrogateescape", newline="") as file,
    ):
        yield file


def _require_manifest(header: Iterable[str], name: object) -> None:
    if tuple(header)[: len(LEADING)] != LEADING:
        raise InputError(f"{name}: is no augtool manifest: its first columns are not known")


def _rows(lines: Iterable[str], name: object) -> Iterator[Record | DamagedRow]:
    reader = csv.DictReader(lines)
    with _readable_csv(name):
        _require_manifest(reader.fieldnames or (), name)
    while True:
        path = CSV
        try:
            values = next(reader)
            path = values.get("path") or CSV
            yield _record(values)
        except StopIteration:
            return
        except csv.Error as error:  # the reader has not counted that line yet
            yield DamagedRow(CSV, f"line {reader.line_num + 1}", str(error))
        except (KeyError, TypeError, ValueError) as error:
            yield DamagedRow(path, f"line {reader.line_num}", f"{error!s:.100}")


def _record(values: dict[str, str]) -> Record:
    if None in values or None in values.values():
        raise ValueError("wrong number of columns")
    if values["kind"] not in (ORIGINAL, AUGMENTED):
        raise ValueError(f"kind is {values['kind']!r:.40}")
    is_copy = values["kind"] == AUGMENTED
    matrix = tuple(float(values[name]) for name in MATRIX_COLUMNS) if is_copy else None
    return Record(
        path=values["path"],
        split=values["split"],
        class_name=values["class"],
        label=int(values["label"]),
        source=values["source"],
        copy=int(values["copy"]) if is_copy else None,
        width=int(values["width"]),
        height=int(values["height"]),
        sha256=values["sha256"],
        source_sha256=values["source_sha256"],
        matrix=matrix,  # type: ignore[arg-type]  # six values, by MATRIX_COLUMNS
        params=_params(values) if is_copy else None,
    )


def _params(values: dict[str, str]) -> Params:
    known = {*LEADING, *MATRIX_COLUMNS}
    return {name: _number(text) for name, text in values.items() if name not in known and text}


def _number(text: str) -> float:
    """Return an int where the text is one (flips, whole shifts), else a float."""
    try:
        return int(text)
    except ValueError:
        return float(text)
