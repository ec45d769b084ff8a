"""A table of image files: one row each, with path, class and, optionally, split."""

from __future__ import annotations

import csv
import os
import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from augtool.core.records import TRAIN, Failure, Listing, Sample
from augtool.errors import InputError
from augtool.images.codec import format_of_name
from augtool.sources.classes import choose_classes
from augtool.sources.walk import SPLITS
from augtool.storage.files import read_regular

__all__ = ["CsvSource"]

_ENDINGS = {".csv": ",", ".tsv": "\t"}


class CsvSource:
    """Files listed in a table with a header.

    Parameters
    ----------
    root
        The table: ``.csv``, or ``.tsv`` with tabs.
    files_root
        The folder its paths are relative to; None for the folder of the table.
    path_column, class_column
        Names of its columns. A column ``split`` is used if there is one.
    follow_links
        Also read symbolic links that lead out of the files' root.
    """

    name: ClassVar[str] = "csv"
    has_files: ClassVar[bool] = True
    extension: ClassVar[str] = ""

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        files_root: str | None = None,
        path_column: str = "filename",
        class_column: str = "class",
        follow_links: bool = False,
    ) -> None:
        self.root = os.fspath(root)
        self.files_root = files_root or os.path.dirname(self.root) or "."  # noqa: PTH120
        self.path_column = path_column
        self.class_column = class_column
        self.follow_links = follow_links

    @classmethod
    def detects(cls, path: str) -> bool:
        """Return whether `path` is a file named like a table."""
        return path.lower().endswith(tuple(_ENDINGS)) and os.path.isfile(path)  # noqa: PTH113

    def describe(self) -> dict[str, object]:
        """Return what changes the listing."""
        columns = [self.path_column, self.class_column]
        return {"from": self.name, "columns": columns, "follow_links": self.follow_links}

    def path_of(self, sample: Sample) -> str:
        """Return the path of the sample's file."""
        return f"{self.files_root}/{sample.id}"

    def read(self, sample: Sample) -> bytes:
        """Return the bytes of the sample's file."""
        return read_regular(self.path_of(sample))

    def listing(self, classes: Sequence[str] | None = None) -> Listing:
        """Return the images of all rows, sorted by split, class and id."""
        table = _Table(self)
        table.read()
        names = sorted({row.class_name for row in table.rows.values()})
        if not names:
            first = f" ({table.failures[0].reason})" if table.failures else ""
            raise InputError(f"{self.root}: lists no usable image{first}; fix its paths")
        chosen = choose_classes(names, classes, self.root)
        labels = {name: label for label, name in enumerate(chosen)}
        ordered = sorted(
            (row.split, row.class_name, sample_id)
            for sample_id, row in table.rows.items()
            if row.class_name in labels
        )
        samples = [
            Sample(sample_id, split, labels[class_name], sample_id.rfind("/") + 1)
            for split, class_name, sample_id in ordered
        ]
        ignored = {"(repeated rows)": table.repeated} if table.repeated else {}
        return Listing(samples, chosen, table.has_splits, sorted(table.failures), ignored)


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    class_name: str
    split: str


@dataclass(slots=True)
class _Table:
    """Reads the table, and records what could not be used."""

    source: CsvSource
    rows: dict[str, _Row] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    repeated: int = 0
    has_splits: bool = False

    def read(self) -> None:
        """Read all rows."""
        real_root = os.path.realpath(self.source.files_root)
        for number, values in self._lines():
            where = f"{self.source.root}, row {number}"
            path, class_name, split = self._cells(where, values)
            sample_id = _relative(path, real_root)
            reason = _refusal(self.source, sample_id, real_root)
            if reason:
                name = sample_id if sample_id is not None else path
                self.failures.append(Failure(name, "list", f"row {number}: {reason}"))
            elif sample_id is not None:
                self._add(sample_id, _Row(number, class_name, split))

    def _add(self, sample_id: str, row: _Row) -> None:
        known = self.rows.setdefault(sample_id, row)
        if known is row:
            return
        if (known.class_name, known.split) != (row.class_name, row.split):
            raise InputError(
                f"{self.source.root}: rows {known.number} and {row.number} give {sample_id!r}"
                f" different classes or splits ({known.class_name!r} in {known.split},"
                f" {row.class_name!r} in {row.split}); keep one of them"
            )
        self.repeated += 1

    def _cells(self, where: str, values: Mapping[str | None, Any]) -> tuple[str, str, str]:
        """Return path, class and split of a row."""
        if None in values or None in values.values():
            raise InputError(f"{where}: has more or fewer cells than the header; fix the row")
        path, class_name = values[self.source.path_column], values[self.source.class_column]
        if not path or not class_name or "\0" in path:
            raise InputError(f"{where}: has no path or no class; fill it in, or remove the row")
        if not self.has_splits:
            return path, class_name, TRAIN
        split = SPLITS.get(values["split"].strip().lower())
        if split is None:
            raise InputError(
                f"{where}: has the split {values['split']!r}; expected one of {', '.join(SPLITS)}"
            )
        return path, class_name, split

    def _lines(self) -> Iterator[tuple[int, Mapping[str | None, Any]]]:
        """Yield the rows with their numbers, numbered as in spreadsheets: the header is row 1."""
        path = self.source.root
        delimiter = _ENDINGS.get(os.path.splitext(path)[1].lower(), ",")  # noqa: PTH122
        try:
            with open(  # noqa: PTH123
                path, encoding="utf-8-sig", errors="surrogateescape", newline=""
            ) as file:
                reader = csv.DictReader(file, delimiter=delimiter, strict=True)
                self._check_header(list(reader.fieldnames or ()))
                yield from enumerate(reader, 2)
        except OSError as error:
            raise InputError(f"{path}: can't be read: {error.strerror}") from error
        except csv.Error as error:
            raise InputError(f"{path}: is not a CSV table ({error}); save it again") from error

    def _check_header(self, columns: Sequence[str]) -> None:
        wanted = {
            self.source.path_column: "--path-column",
            self.source.class_column: "--class-column",
        }
        for name, flag in wanted.items():
            if name not in columns:
                raise InputError(
                    f"{self.source.root}: has no column {name!r}, only {', '.join(columns[:20])};"
                    f" pass its name with {flag}"
                )
        twice = [name for name, count in Counter(columns).items() if count > 1]
        if twice:
            raise InputError(f"{self.source.root}: has two columns {twice[0]!r}; keep one")
        self.has_splits = "split" in columns


def _relative(path: str, real_root: str) -> str | None:
    """Return a path as an id below the root, None if it leads out of it."""
    if os.path.isabs(path):  # noqa: PTH117
        path = os.path.relpath(path, real_root)
    normal = posixpath.normpath(path)
    return None if normal == ".." or normal.startswith("../") else normal


def _refusal(source: CsvSource, sample_id: str | None, real_root: str) -> str | None:
    """Return why a path can't be used, None when it can."""
    if sample_id is None:
        return f"leads out of {source.files_root}; pass the folder above it with --root"
    if not format_of_name(sample_id):
        return "its name does not end in an image extension; add it"
    path = f"{source.files_root}/{sample_id}"
    if not os.path.lexists(path):
        return f"there is no such file below {source.files_root}; check the path, or pass --root"
    real = os.path.realpath(path)
    if not (source.follow_links or real.startswith(real_root.rstrip("/") + "/")):
        return "is a link that leads out of the data; pass --follow-links to read it"
    return None
