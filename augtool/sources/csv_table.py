"""A table of image files: one row each, with path, class and, optionally, split."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, ClassVar

from augtool.core.records import TRAIN, Failure, Listing, Sample, Samples
from augtool.errors import InputError
from augtool.images.codec import format_of_name
from augtool.sources.classes import choose_classes
from augtool.sources.files_below import FilesBelow
from augtool.sources.label_sets import ClassColumns
from augtool.sources.links import OUTSIDE, Links, already_there
from augtool.sources.walk import SPLITS
from augtool.storage.data_folder import Located, folder_around, locate

__all__ = ["TABLES", "CsvSource"]

_ENDINGS = {".csv": ",", ".tsv": "\t"}
#: What the names of tables end with.
TABLES = tuple(_ENDINGS)


class CsvSource(FilesBelow):
    """Files listed in a table with a header.

    Parameters
    ----------
    root
        The table: ``.csv``, or ``.tsv`` with tabs.
    files_root
        The folder its paths are relative to; None for the folder of the table.
    path_column, class_column
        Names of its columns. A column ``split`` is used if there is one. Several class columns,
        with commas between them, hold a 1 for each label of an image.
    label_separator
        What is between the labels of an image in its class column; None for one class an image.
    follow_links
        Also read symbolic links that lead out of the files' root.
    located
        Where the table is, where that is known.
    """

    name: ClassVar[str] = "csv"
    has_files: ClassVar[bool] = True
    extension: ClassVar[str] = ""

    def __init__(  # noqa: PLR0913 - a keyword for each flag
        self,
        root: str | os.PathLike[str],
        *,
        files_root: str | None = None,
        path_column: str = "filename",
        class_column: str = "class",
        label_separator: str | None = None,
        follow_links: bool = False,
        located: Located | None = None,
    ) -> None:
        self.root = os.fspath(root)
        self._table = located or locate(self.root)
        around = folder_around(self.root)
        self.folder = around if files_root is None else locate(files_root).folder
        self.path_column = path_column
        self.class_column = class_column
        self.label_separator = label_separator
        self.follow_links = follow_links

    @classmethod
    def detects(cls, path: str) -> bool:
        """Return whether `path` is a file named like a table."""
        return path.lower().endswith(TABLES) and os.path.isfile(path)  # noqa: PTH113

    def open_table(self) -> BinaryIO:
        """Open the table; an OSError or InputError where that fails."""
        folder, name = self._table
        try:
            return folder.open(name or "")
        except InputError as error:
            raise InputError(f"{self.root}: {error.reason}") from error

    def describe(self) -> dict[str, object]:
        """Return what changes the listing."""
        columns = [self.path_column, self.class_column]
        columns += [] if self.label_separator is None else [self.label_separator]
        return {"from": self.name, "columns": columns, "follow_links": self.follow_links}

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
        table.drop_repeated_links(labels)
        ordered = sorted(
            (row.split, row.class_name, sample_id)
            for sample_id, row in table.rows.items()
            if row.class_name in labels
        )
        samples = Samples.of(
            Sample(sample_id, split, labels[class_name], sample_id.rfind("/") + 1)
            for split, class_name, sample_id in ordered
        )
        ignored = {"(repeated rows)": table.repeated} if table.repeated else {}
        return Listing(
            samples,
            chosen,
            table.has_splits,
            sorted(table.failures),
            ignored,
            linked_files=table.folders,
        )


@dataclass(frozen=True, slots=True)
class _Row:
    """A row: its number, class and split, and the real path of the image if that is another."""

    number: int
    class_name: str
    split: str
    real: str = ""


@dataclass(slots=True)
class _Table:
    """Reads the table, and records what could not be used."""

    source: CsvSource
    rows: dict[str, _Row] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    #: Real paths of the folders that the rows lead to, each with an id.
    folders: dict[str, str] = field(default_factory=dict)
    repeated: int = 0
    has_splits: bool = False
    _classes: ClassColumns = field(init=False)
    _links: Links = field(init=False)

    def __post_init__(self) -> None:
        self._links = Links(self.source.folder, follow=self.source.follow_links)

    def read(self) -> None:
        """Read all rows."""
        real_root = self._links.root
        for number, values in self._lines():
            where = f"{self.source.root}, row {number}"
            path, class_name, split = self._cells(where, values)
            sample_id = _id_of(self.source.folder.below(path))
            reason = _refusal(self.source, sample_id)
            real = ""
            if not reason and sample_id is not None:
                real, reason = self._target(sample_id)
            if sample_id is not None and reason != OUTSIDE:
                folder = os.path.dirname(real or f"{real_root}/{sample_id}")  # noqa: PTH120
                self.folders.setdefault(folder, sample_id)
            if reason or sample_id is None:
                name = sample_id if sample_id is not None else path
                self.failures.append(Failure(name, "list", f"row {number}: {reason}"))
            else:
                self._add(sample_id, _Row(number, class_name, split, real))

    def drop_repeated_links(self, classes: Container[str]) -> None:
        """Keep one row of each image of these classes: the one without a link, or the first id."""
        linked = sorted(
            sample_id
            for sample_id, row in self.rows.items()
            if row.real and row.class_name in classes
        )
        if not linked:
            return
        sizes = Counter(row.class_name for row in self.rows.values())
        taken: dict[str, str] = {}
        for sample_id in linked:
            row = self.rows[sample_id]
            inside = self._links.id_of(row.real)
            known = self.rows.get(inside) if inside is not None else None
            if known is not None and not known.real and known.class_name in classes:
                first = str(inside)
            else:
                first = taken.setdefault(row.real, sample_id)
            if first != sample_id:
                reason = already_there(f"{self.source.folder.root}/{sample_id}", first)
                self.failures.append(Failure(sample_id, "list", f"row {row.number}: {reason}"))
                del self.rows[sample_id]
                sizes[row.class_name] -= 1
                if not sizes[row.class_name]:
                    raise InputError(
                        f"{self.source.root}: class {row.class_name!r} has no image of its own"
                        f" ({sample_id!r}: {reason}); remove its rows, or leave it out with classes"
                    )

    def _target(self, sample_id: str) -> tuple[str, str]:
        """Return the real path of what is reached through a link, and why it can't be used."""
        path = f"{self.source.folder.root}/{sample_id}"
        real = self._links.real(path)
        is_plain = real == os.path.join(self._links.root, sample_id)  # noqa: PTH118
        if is_plain and not self._links.is_link(path):  # a link to itself is its own path
            return "", ""
        target = self._links.target(path, "")
        return target.real, target.reason

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
        path, class_name = values[self.source.path_column], self._classes.class_of(values, where)
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
            with io.TextIOWrapper(
                self.source.open_table(), encoding="utf-8-sig", errors="surrogateescape", newline=""
            ) as file:
                reader = csv.DictReader(file, delimiter=delimiter, strict=True)
                self._check_header(list(reader.fieldnames or ()))
                yield from enumerate(reader, 2)
        except OSError as error:
            raise InputError(f"{path}: can't be read: {error.strerror}") from error
        except csv.Error as error:
            raise InputError(f"{path}: is not a CSV table ({error}); save it again") from error

    def _check_header(self, columns: Sequence[str]) -> None:
        if not columns:
            raise InputError(
                f"{self.source.root}: is empty; expected a row of column names, then one per image"
            )
        self._classes = ClassColumns.find(
            self.source.class_column, columns, self.source.label_separator, self.source.root
        )
        wanted = [(self.source.path_column, "--path-column")]
        wanted += [(name, "--class-column") for name in self._classes.names]
        for name, flag in wanted:
            if name not in columns:
                raise InputError(
                    f"{self.source.root}: has no column {name!r}, only {', '.join(columns[:20])};"
                    f" pass its name with {flag}"
                )
        twice = [name for name, count in Counter(columns).items() if count > 1]
        if twice:
            raise InputError(f"{self.source.root}: has two columns {twice[0]!r}; keep one")
        self.has_splits = "split" in columns


def _id_of(path: str) -> str | None:
    """Return a path below the root as an id; None where it leads out of it."""
    return None if path == ".." or path.startswith("../") else path


def _refusal(source: CsvSource, sample_id: str | None) -> str | None:
    """Return why a path can't be used, None when it can."""
    if sample_id is None:
        return f"leads out of {source.folder.root}; pass the folder above it with --root"
    if not format_of_name(sample_id):
        return "its name does not end in an image extension; add it"
    if not source.folder.exists(sample_id):
        return f"there is no such file below {source.folder.root}; check the path, or pass --root"
    return None
