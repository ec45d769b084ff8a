"""The manifest: its columns, one row per record, written as CSV and read back to the last bit."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from pydantic_core import to_json

from augtool.core.pipeline import GEOMETRY_COLUMNS, Params
from augtool.core.records import AUGMENTED, MATRIX_COLUMNS, ORIGINAL, Record
from augtool.errors import InputError
from augtool.output.csv_text import encoded, quoted, to_csv
from augtool.storage.files import open_regular

__all__ = [
    "DamagedRow",
    "columns",
    "digest_of",
    "is_header",
    "parse",
    "read",
    "read_columns",
    "read_rows",
    "read_sources",
    "rows_csv",
    "to_csv",
    "with_paths",
]

_MEND = "run augtool expand again with --overwrite"
_LEADING = (
    *("path", "split", "class", "label", "kind", "source", "copy"),
    *("width", "height", "sha256", "source_sha256"),
)


class DamagedRow(NamedTuple):
    """A row that can't be read: its path ("" where that is lost too), its line, and why."""

    path: str
    line: int
    reason: str


def columns(photometric: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the manifest's columns, given those of the level changes that are on."""
    return (*_LEADING, *MATRIX_COLUMNS, *GEOMETRY_COLUMNS, *photometric)


def rows_csv(records: Sequence[Record], places: Iterable[str], photometric: Sequence[str]) -> bytes:
    """Return the rows of records, in the order of :func:`columns`; numbers as their repr.

    Parameters
    ----------
    records
        What was written.
    places
        What the first column says of each: its path, or whatever stands for it until
        :func:`with_paths`.
    photometric
        The columns of the level changes that are on.
    """
    names = (*GEOMETRY_COLUMNS, *photometric)
    nothing = "," * (len(MATRIX_COLUMNS) + len(names) - 1)
    drawn = [
        [*record.matrix, *map(record.params.get, names)]
        for record in records
        if record.matrix is not None and record.params is not None
    ]
    texts = iter(_numbers(drawn))
    lines = []
    for record, place in zip(records, places):
        if record.copy is None:
            kind, copy, numbers = ORIGINAL, "", nothing
        else:
            kind, copy, numbers = AUGMENTED, str(record.copy), next(texts)
        lines.append(
            f"{quoted(place)},{record.split},{quoted(record.class_name)},{record.label},"
            f"{kind},{quoted(record.source)},{copy},{record.width},{record.height},"
            f"{record.sha256},{record.source_sha256},{numbers}\n"
        )
    return encoded(lines)


def _numbers(rows: Sequence[Sequence[float | None]]) -> list[str]:
    """Return for each row the reprs of its numbers with commas between them; nothing for None.

    By way of JSON, because pydantic's own serializer takes a tenth of the time of repr and writes
    the same digits; but what is below 1e-4, from 1e16, or None, it writes otherwise.
    """
    texts = to_json(rows)[2:-2].decode().split("],[") if rows else []
    return [
        ",".join(["" if value is None else repr(value) for value in row])
        if "0.0000" in text or "e" in text or "n" in text
        else text
        for row, text in zip(rows, texts)
    ]


def with_paths(rows: bytes, locate: Callable[[str], str]) -> bytes:
    """Return rows with other paths, and otherwise the same bytes."""
    if b'"' not in rows:  # the usual case, a tenth of the work
        cells = (line.partition(b",") for line in rows.splitlines(keepends=True))
        return b"".join(
            encoded([quoted(locate(place.decode("utf-8", "surrogateescape")))]) + comma + rest
            for place, comma, rest in cells
        )
    text = io.StringIO(rows.decode("utf-8", "surrogateescape"), newline="")
    return to_csv((locate(values[0]), *values[1:]) for values in csv.reader(text))


def read(path: Path) -> Iterator[Record]:
    """Yield the records of a manifest, in its order, without holding them.

    Raises
    ------
    InputError
        When it can't be read, or is not a manifest; with the line.
    """
    with _opened(path) as file:
        yield from _records(file, path)


def read_rows(path: Path) -> Iterator[Record | DamagedRow]:
    """Yield the records of a manifest; a row that can't be read does not keep the others back.

    Raises
    ------
    InputError
        When the file can't be read, or is not a manifest.
    """
    with _opened(path) as file:
        yield from _rows(file, path)


def read_sources(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield path, source and the source's SHA-256 of each row: a tenth of the work of `read`.

    Raises
    ------
    InputError
        When it can't be read, or is not a manifest.
    """
    return read_columns(path, ("path", "source", "source_sha256"))


def read_columns(path: Path, names: tuple[str, str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield three columns of each row, of those that every manifest begins with, as text.

    Raises
    ------
    InputError
        When it can't be read, or is not a manifest.
    """
    first, second, third = (_LEADING.index(name) for name in names)
    with _opened(path) as file, _readable_csv(path):
        rows = csv.reader(file)
        _require_manifest(next(rows, ()), path)
        try:
            for row in rows:
                yield row[first], row[second], row[third]
        except IndexError as error:
            raise InputError(f"{path}: a row is damaged; {_MEND}") from error


def digest_of(file: BinaryIO) -> str:
    """Return the SHA-256 of an open file; of a manifest, dataset.json calls it its digest."""
    state = hashlib.sha256()
    while block := file.read(2**20):
        state.update(block)
    return state.hexdigest()


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
        raise InputError(f"{name}: is damaged ({error}); {_MEND}") from error


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Iterable[str]]:
    with (
        _readable(path),
        io.TextIOWrapper(open_regular(path), "utf-8", "surrogateescape", newline="") as file,
    ):
        yield file


def is_header(line: bytes) -> bool:
    """Tell whether a line is the first one of a manifest."""
    names = tuple(line.decode("utf-8", "replace").rstrip("\n").split(","))
    return names[: len(_LEADING)] == _LEADING


def _require_manifest(header: Iterable[str], name: object) -> None:
    if tuple(header)[: len(_LEADING)] != _LEADING:
        raise InputError(f"{name}: is no augtool manifest: its first columns are not known")


def parse(data: bytes) -> Iterator[Record]:
    """Yield the records of a manifest's bytes; header first, as in a file."""
    text = io.StringIO(data.decode("utf-8", "surrogateescape"), newline="")
    return _records(text, "the manifest")


def _records(lines: Iterable[str], name: object) -> Iterator[Record]:
    for row in _rows(lines, name):
        if isinstance(row, DamagedRow):
            raise InputError(f"{name}, line {row.line}: the row is damaged ({row.reason}); {_MEND}")
        yield row


def _rows(lines: Iterable[str], name: object) -> Iterator[Record | DamagedRow]:
    reader = csv.DictReader(lines)
    with _readable_csv(name):
        _require_manifest(reader.fieldnames or (), name)
    while True:
        path = ""
        try:
            values = next(reader)
            path = values.get("path") or ""
            yield _record(values)
        except StopIteration:
            return
        except csv.Error as error:  # the reader has not counted that line yet
            yield DamagedRow("", reader.line_num + 1, str(error))
        except (KeyError, TypeError, ValueError) as error:
            yield DamagedRow(path, reader.line_num, f"{error!s:.100}")


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
    known = {*_LEADING, *MATRIX_COLUMNS}
    return {name: _number(text) for name, text in values.items() if name not in known and text}


def _number(text: str) -> float:
    """Return an int where the text is one (flips, whole shifts), else a float."""
    try:
        return int(text)
    except ValueError:
        return float(text)
