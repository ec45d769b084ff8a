"""Parquet in Hugging Face's image layout: a column of encoded images, and one of labels.

Reads what `datasets` writes and the hub holds. An image can only be read together with the others
of its row group, so that data stored in another order than that of their ids take longer. pyarrow
is an extra: ``augtool[parquet]``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from augtool.core.image_spec import MAX_PIXELS
from augtool.core.records import Sample
from augtool.errors import InputError
from augtool.images.codec import format_of_bytes
from augtool.runtime.arrow import import_pyarrow
from augtool.sources.catalogue import Catalogue, Found, Label
from augtool.sources.file_index import Place
from augtool.sources.parquet_columns import Columns, find_columns
from augtool.sources.shard_files import Shard
from augtool.sources.sharded import ShardedSource
from augtool.storage.files import open_regular

__all__ = ["ParquetSource"]

#: How many rows to decode at a time, and how many bytes if all were as large as the group claims:
#: a value that is stored once can stand in every row.
_ROWS = 32
_BATCH_BYTES = 2**28
#: Of which size row groups are kept whole, how many of them, and how many files are kept open.
_KEPT_BYTES = 2**26
_MOST_KEPT = 2
_MOST_OPEN = 16
#: A row group may claim so many bytes for each pixel of --max-pixels, or what is on disk.
_GROUP_BYTES = 8
#: A file may claim so many rows however small it is; above that, each takes a byte on disk.
_MOST_ROWS = 1_000_000
_PEEK_BYTES = 16
#: Limits on the description at a file's end: on one text, and on all of its lists.
_LIMITS = {"thrift_string_size_limit": 2**26, "thrift_container_size_limit": 2**22}


@dataclass(slots=True)
class _Group:
    """The images of one row group, decoded as far as they were asked for."""

    batches: Iterator[Any]
    room_bytes: int
    rows: list[Any] = field(default_factory=list)
    first: int = 0


class ParquetSource(ShardedSource):
    """Images in Parquet files.

    Parameters
    ----------
    root
        A file, or a folder of files, or one with a folder ``data`` of files.
    class_column
        The column of labels; None for the first that the schema, or its name, says is one.
    max_pixels
        Larger images are refused.
    """

    name: ClassVar[str] = "parquet"
    endings: ClassVar[tuple[str, ...]] = (".parquet",)

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        class_column: str | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        super().__init__(root, max_pixels=max_pixels)
        self.class_column = class_column
        self._found: list[Found] = []
        self._columns: Columns | None = None
        self._files: dict[str, Any] = {}
        self._groups: dict[tuple[int, int], _Group] = {}

    def __getstate__(self) -> dict[str, object]:
        return {**super().__getstate__(), "_files": {}, "_groups": {}}

    def describe(self) -> dict[str, object]:
        """Return what changes the labels."""
        return {**super().describe(), "class_column": self.class_column}

    def read(self, sample: Sample) -> bytes:
        """Return the bytes of an image file."""
        place = self._place_of(sample)
        shard = self._shards[place.shard]
        with _readable(shard.path):
            data = self._row(shard, place)
        if not isinstance(data, bytes):
            raise InputError("has no bytes in the data set; embed the images when you write it")
        return data

    def _row(self, shard: Shard, place: Place) -> Any:
        """Return the image of a row; `start` and `size` of a place are its group, and row there."""
        group, row = place.start, place.size
        known = self._groups.get((place.shard, group))
        if known is None or row < known.first:
            known = self._open_group(shard, place.shard, group)
        while row >= known.first + len(known.rows):
            batch = next(known.batches, None)
            if batch is None:
                raise InputError(f"{shard.path}: ends before row {place.number:,}")
            if known.room_bytes <= 0:
                known.first += len(known.rows)
                known.rows.clear()
            images = _leaf(batch).to_pylist()
            known.room_bytes -= sum(len(each) for each in images if isinstance(each, bytes))
            known.rows += images
        return known.rows[row - known.first]

    def _open_group(self, shard: Shard, number: int, group: int) -> _Group:
        self._groups.pop((number, group), None)
        while len(self._groups) >= _MOST_KEPT:
            del self._groups[next(iter(self._groups))]
        file, columns = self._file_of(shard), self._columns_of(shard)
        size = _claimed(file, group, columns.data)
        rows = max(1, min(_ROWS, _BATCH_BYTES // max(1, size)))
        batches = file.iter_batches(
            rows, row_groups=[group], columns=[columns.data], use_threads=False
        )
        room = _KEPT_BYTES if size <= _KEPT_BYTES else 0
        opened = self._groups[number, group] = _Group(batches, room)
        return opened

    def _read_shard(self, number: int, shard: Shard, catalogue: Catalogue) -> None:
        with _readable(shard.path):
            file, columns = self._file_of(shard), self._columns_of(shard)
            self._check(shard, file, columns)
            catalogue.names = catalogue.names or dict(enumerate(columns.names)) or None
            place = 0
            for group in range(file.num_row_groups):
                for row, (path, label) in enumerate(self._heads(file, group, columns)):
                    at = Place(number, place, group, row)
                    self._add(shard, path, label, at, catalogue)
                    place += 1

    def _heads(self, file: Any, group: int, columns: Columns) -> Iterator[tuple[Any, Any]]:
        """Yield path and label of each row of a group, without its image."""
        wanted = [name for name in (columns.path, columns.label) if name]
        for batch in file.iter_batches(
            2**12, row_groups=[group], columns=wanted, use_threads=False
        ):
            labels = batch.column(columns.label).to_pylist()
            top = columns.path.partition(".")[0]
            paths = _leaf(batch.select([top])).to_pylist() if top else [None] * len(labels)
            yield from zip(paths, labels)

    def _add(self, shard: Shard, path: Any, label: Any, at: Place, catalogue: Catalogue) -> None:
        where = f"{shard.name}[{at.number}]"
        if isinstance(label, bool) or not isinstance(label, (int, str)) or label == "":
            catalogue.fail(where, f"has no class (its label is {label!r:.40}); fill it in")
        elif isinstance(label, int) and label < 0:
            catalogue.fail(where, f"has the label {label}, which stands for none; leave it out")
        else:
            value = Label(name=label) if isinstance(label, str) else Label(number=label)
            name = path if isinstance(path, str) and path else None
            self._found.append(Found(name, shard.split, value, at))

    def _finish(self, catalogue: Catalogue) -> None:
        catalogue.add_all(self._found, self._format_of)
        self._found = []

    def _format_of(self, found: Found) -> str:
        shard = self._shards[found.place.shard]
        with _readable(shard.path):
            data = self._row(shard, found.place)
        return format_of_bytes(data[:_PEEK_BYTES]) if isinstance(data, bytes) else ""

    def _file_of(self, shard: Shard) -> Any:
        if shard.path not in self._files:
            while len(self._files) >= _MOST_OPEN:
                self._files.pop(next(iter(self._files))).close()
            open_regular(shard.path).close()  # a pipe would be waited for
            self._files[shard.path] = _pyarrow().parquet.ParquetFile(shard.path, **_LIMITS)
        return self._files[shard.path]

    def _columns_of(self, shard: Shard) -> Columns:
        if self._columns is None:
            self._columns = find_columns(
                self._file_of(shard).schema_arrow, shard.path, self.class_column
            )
        return self._columns

    def _check(self, shard: Shard, file: Any, columns: Columns) -> None:
        """Refuse what claims more than it can hold."""
        names = {file.schema.column(at).path for at in range(len(file.schema))}
        for name in (columns.data, columns.label):
            if name not in names:
                raise InputError(f"{shard.path}: has no column {name!r}, which other shards have")
        on_disk = os.path.getsize(shard.path)  # noqa: PTH202
        rows = file.metadata.num_rows
        if rows > max(_MOST_ROWS, on_disk):
            raise InputError(
                f"{shard.path}: claims {rows:,} rows in a file of {on_disk:,} bytes;"
                " get the file again, or split it"
            )
        most = max(_GROUP_BYTES * self.max_pixels, on_disk)
        for group in range(file.num_row_groups):
            claimed = _claimed(file, group, columns.data)
            if claimed > most:
                raise InputError(
                    f"{shard.path}: row group {group} claims {claimed:,} bytes of images in a file"
                    f" of {on_disk:,} bytes; if it is really that large, pass --max-pixels"
                    f" {-(-claimed // _GROUP_BYTES)}"
                )


def _leaf(batch: Any) -> Any:
    """Return the only column of a batch; of a struct with one field, that field."""
    column = batch.column(0)
    return column.field(0) if column.type.num_fields else column


def _claimed(file: Any, group: int, name: str) -> int:
    """Return how many bytes a column claims to have in a row group, decompressed."""
    described = file.metadata.row_group(group)
    sizes = [
        described.column(at).total_uncompressed_size
        for at in range(described.num_columns)
        if described.column(at).path_in_schema == name
    ]
    return int(sum(sizes))


@contextmanager
def _readable(path: str) -> Iterator[None]:
    """Name the file in errors about its content."""
    arrow = _pyarrow()
    try:
        yield
    except (arrow.ArrowException, OSError, UnicodeDecodeError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: is no sound Parquet file ({said:.200}); get it again") from error


def _pyarrow() -> Any:
    return import_pyarrow("--from parquet")
