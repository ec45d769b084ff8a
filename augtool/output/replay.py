"""Makes files again from their manifest rows."""

from __future__ import annotations

import hashlib
from functools import cached_property, partial
from pathlib import Path
from typing import Literal

import cv2

from augtool.core.geometry import Image, Size
from augtool.core.image_spec import MAX_PIXELS
from augtool.core.records import Record, Sample
from augtool.core.resize import ResizeGeometries
from augtool.engines import LoneWorker, item_deadline
from augtool.errors import InputError, RowError
from augtool.images import codec, source_image
from augtool.images.limits import require_within
from augtool.output import manifest
from augtool.output.dataset import read_dataset
from augtool.output.fetched import on_disk
from augtool.output.pending import OutputView
from augtool.output.rows import RowRules, foreign, is_inside
from augtool.runtime import DEFAULT_LIMITS, Limits
from augtool.sinks import RecordReader, open_sink
from augtool.sources import Source, open_source
from augtool.storage.confined import ConfinedFolder
from augtool.storage.which_manifest import manifest_in

__all__ = ["Match", "Replayer", "replay"]

#: How a copy that was made again compares.
Match = Literal["exact", "same pixels", "within 1 level", "different"]


class Replayer:
    """Makes copies again from their rows.

    Parameters
    ----------
    out
        A finished output.
    data
        The data set it was made from; None to take originals from the output, where they are
        byte copies.
    max_pixels
        Larger images are refused; None for the limit of the run, or the default if that is less:
        what lies in the output may be anybody's.
    allow_code
        Whether Python code that its config names may be imported.
    """

    def __init__(
        self,
        out: Path,
        data: str | Path | None = None,
        max_pixels: int | None = None,
        *,
        allow_code: bool = False,
    ) -> None:
        self.out = out
        dataset = read_dataset(out, OutputView(ConfinedFolder(out)).dataset)
        config = dataset.config(allow_code=allow_code)
        self.rules = RowRules(dataset, config)
        self._limit = max_pixels or min(config.max_pixels, MAX_PIXELS)
        self.config = config.model_copy(update={"max_pixels": self._limit})
        self._source: Source | None = None
        if data is not None:
            self._source = open_source(data, max_pixels=self._limit)

    def source_of(self, record: Record, original: Record | None) -> bytes | Image:
        """Return a record's source: file bytes, or pixels.

        Raises
        ------
        InputError
            When it is not to be had, or has changed since.
        """
        raw: bytes | Image
        if self._source is not None:
            raw = self._read(self._source, record)
        elif original is not None and original.sha256 == original.source_sha256:
            if not is_inside(original.path):
                raise InputError("its original's path leads out of the output")
            raw = self.stored(original.path)
        else:
            raise InputError(
                "its source is not in the output as a byte copy; pass --data DATA", stage="absent"
            )
        if source_image.source_digest(raw) != record.source_sha256:
            raise InputError("the source has changed since", stage="source")
        return raw

    def _read(self, source: Source, record: Record) -> bytes | Image:
        try:
            return source.read(Sample(record.source, record.split, record.label))
        except ValueError as error:  # an id that a packed data set can't have
            raise RowError(foreign(f"there is no {record.source!r:.40} in the data set")) from error

    def make(self, record: Record, original: Record | None) -> bytes:
        """Return the file bytes of a record, made anew.

        Raises
        ------
        InputError
            When its source is not to be had; a :class:`RowError` when augtool writes no such row.
        """
        self.rules.require(record)
        require_within(Size(record.height, record.width), 1, self._limit)
        raw = self.source_of(record, original)
        with item_deadline:
            return self._make_from(raw, record)

    def _make_from(self, raw: bytes | Image, record: Record) -> bytes:
        loaded = source_image.load(raw, self.config)
        self.rules.require_matrix(record, loaded.geometry)
        if record.matrix is None or record.params is None:
            if isinstance(raw, bytes) and record.sha256 == record.source_sha256:
                return raw
            pixels = loaded.resized()
        else:
            alone = ResizeGeometries.stack([loaded.geometry], [1])
            pipeline = self.rules.pipeline(record.class_name)
            if reason := pipeline.unsupported_reason(loaded.spec):
                raise RowError(foreign(reason))
            copies = pipeline.place(record.params, record.matrix, alone)
            pixels = copies.make(0, loaded.at(copies.reductions[0]), loaded.channels)
        return source_image.encode(pixels, loaded.channels, self._format_of(record), self.config)

    def _format_of(self, record: Record) -> str:
        """Return the format of a record, by its bytes where it has only a number in a shard."""
        if named := codec.format_of_name(record.path):
            return named
        if is_inside(record.path):
            stored = self.stored(record.path)
            if isinstance(stored, bytes):
                return codec.format_of_bytes(stored)
        raise InputError(f"{record.path}: is no image file that could be made again")

    @cached_property
    def stored(self) -> RecordReader:
        """What returns a record of the output by its path, as its sink stored it."""
        return open_sink(self.config).reader(OutputView(ConfinedFolder(self.out)).placed)

    def compare(self, record: Record, original: Record | None, data: bytes) -> Match:
        """Return how a record made anew compares with its file's bytes."""
        made = self.make(record, original)
        if made == data:
            return "exact"
        with item_deadline:
            one, other = (
                codec.decode(each, codec.probe(each, self._limit)) for each in (made, data)
            )
        if (one.shape, one.dtype) != (other.shape, other.dtype):
            return "different"
        difference = int(cv2.absdiff(one, other).max())
        return ("same pixels", "within 1 level")[difference] if difference <= 1 else "different"


def replay(
    out: str | Path,
    path: str,
    *,
    data: str | Path | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[bytes, bool]:
    """Make one file again from its manifest row, in a worker process.

    Parameters
    ----------
    out
        A finished output.
    path
        A path of its manifest.
    data
        The data set it was made from; None to take originals from the output.
    limits
        What it may take; `max_pixels` as :class:`Replayer` takes it.

    Returns
    -------
    The file's bytes, and whether they are those that the manifest names.

    Raises
    ------
    InputError
        When the manifest has no such path, its source is not to be had, or it takes too long.
    RowError
        When its row is not one that augtool writes.
    """
    with on_disk(out) as folder:
        return _replay(folder, path, data, limits)


def _replay(out: Path, path: str, data: str | Path | None, limits: Limits) -> tuple[bytes, bool]:
    original: Record | None = None
    lost: manifest.DamagedRow | None = None
    table = out / manifest_in(ConfinedFolder(out).stat)
    for record in manifest.read_rows(table):
        if isinstance(record, manifest.DamagedRow):
            if record.path == path:
                raise RowError(f"{path!r}: {foreign(record.reason)}")
            lost = record if record.is_part else lost
            continue
        if record.copy is None:
            original = record
        if record.path == path:
            same = original if original is not None and original.source == record.source else None
            replayer = Replayer(out, data, limits.max_pixels, allow_code=limits.allow_code)
            remake = partial(_remake, replayer)
            with LoneWorker(remake, timeout_s=limits.timeout_s) as worker:
                try:
                    made = worker.run((record, same))
                except RowError as error:
                    raise RowError(f"{path!r}: {error.reason}") from error
            return made, hashlib.sha256(made).hexdigest() == record.sha256
    if lost is not None:
        raise InputError(f"{table}: {lost.path}: {lost.reason}")
    raise InputError(f"{path!r} is not in {table}; use a path from its first column")


def _remake(replayer: Replayer, rows: tuple[Record, Record | None]) -> bytes:
    return replayer.make(*rows)
