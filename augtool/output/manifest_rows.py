"""Rows of records as CSV text, as chunk results have them and a manifest does."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence

from pydantic_core import to_json

from augtool.core.pipeline import GEOMETRY_COLUMNS
from augtool.core.records import AUGMENTED, MATRIX_COLUMNS, ORIGINAL, Record
from augtool.output.csv_text import encoded, quoted, to_csv

__all__ = ["rows_csv", "with_paths"]


def rows_csv(records: Sequence[Record], places: Iterable[str], photometric: Sequence[str]) -> bytes:
    """Return the rows of records, in the order of the columns; numbers as their repr.

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
