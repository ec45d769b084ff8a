"""Makes the records of one sample: its original and its copies, encoded, hashed and stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from augtool.config.schema import Config
from augtool.core.geometry import Affine, Image
from augtool.core.image_spec import ImageSpec
from augtool.core.pipeline import Copies, Params
from augtool.core.records import TRAIN, Record
from augtool.engines import item_deadline
from augtool.errors import InputError
from augtool.images import codec, source_image
from augtool.images.source_image import ProbedImage, SourceImage
from augtool.plan.task import Task
from augtool.run.chunk_results import StoredRecord
from augtool.run.reuse import reusable
from augtool.sinks import ChunkWriter, Sink
from augtool.sources import Source
from augtool.storage.confined import ConfinedFolder

__all__ = ["DrawnTask", "RecordMaker"]


class DrawnTask(NamedTuple):
    """A task whose source was read, and its copies: some of those that were drawn together."""

    task: Task
    probed: ProbedImage
    copies: Copies
    first: int

    def decode(self, config: Config) -> SourceImage:
        """Return the source, ready for its copies.

        Raises
        ------
        InputError
            When it can't be decoded, or is not supported.
        """
        own = slice(self.first, self.first + self.task.copies)
        return self.probed.decode(config, self.copies.reductions[own])


@dataclass(frozen=True, slots=True)
class RecordMaker:
    """Makes the records of samples; holds what is the same for all.

    Parameters
    ----------
    config, source, sink, folder
        As for :class:`augtool.run.worker.Worker`.
    fingerprints
        From :func:`augtool.run.reuse.render_fingerprints`: they decide whether an earlier file
        can stay.
    """

    config: Config
    source: Source
    sink: Sink
    folder: ConfinedFolder
    fingerprints: dict[str, str]

    def check(self, drawn: DrawnTask, loaded: SourceImage) -> None:
        """Refuse what the output can't hold, before anything is written."""
        task = drawn.task
        if not self.sink.stores_pixels:
            if task.copies:
                _require_holds(task.names.format, loaded.spec)
            if self.keeps_original(task) and not self._is_byte_copy(task, loaded):
                _require_holds(task.names.original_format, loaded.spec)
        reason = drawn.copies.pipeline.unsupported_reason(loaded.spec)
        if task.copies and reason:
            raise InputError(reason, stage="transform")

    def keeps_original(self, task: Task) -> bool:
        """Return whether a sample's original is written, too."""
        return task.sample.split != TRAIN or self.config.output.originals != "omit"

    def store_all(
        self, drawn: DrawnTask, loaded: SourceImage, writer: ChunkWriter
    ) -> Iterator[StoredRecord]:
        """Store a sample's records one by one, and yield each with its place.

        First its original, if that is wanted, then its copies.
        """
        if self.keeps_original(drawn.task):
            yield self._original(drawn.task, loaded, writer)
        for number in range(drawn.task.copies):
            yield self._copy(drawn, loaded, writer, number)

    def _original(self, task: Task, loaded: SourceImage, writer: ChunkWriter) -> StoredRecord:
        planned_path = task.planned_path(None)
        if kept := task.previous and self._kept(task, _record(task, loaded), planned_path):
            return kept
        link_to = None
        with item_deadline:
            if self.sink.stores_pixels:
                data = source_image.levels_of(loaded.resized(), loaded.channels)
            elif loaded.data is not None and self._is_byte_copy(task, loaded):
                data = loaded.data
                is_linked = self.config.output.originals in ("hardlink", "symlink")
                if is_linked and self.source.has_files:
                    link_to = self.source.path_of(task.sample)
            else:
                data = self._encode(loaded.resized(), loaded, task.names.original_format)
        digest = loaded.digest if data is loaded.data else sha256(data).hexdigest()
        record = _record(task, loaded, digest)
        return StoredRecord(record, writer.write(planned_path, record, data, link_to), len(data))

    def _copy(
        self, drawn: DrawnTask, loaded: SourceImage, writer: ChunkWriter, number: int
    ) -> StoredRecord:
        task, copies, index = drawn.task, drawn.copies, drawn.first + number
        planned_path = task.planned_path(number)
        draw = copies.matrix(index), copies.params(index)
        if task.previous:
            kept = self._kept(task, _record(task, loaded, "", number, draw), planned_path)
            if kept is not None:
                return kept
        with item_deadline:
            prepared = loaded.at(copies.reductions[index])
            pixels = copies.make(index, prepared, loaded.channels)
            if self.sink.stores_pixels:
                data = source_image.levels_of(pixels, loaded.channels)
            else:
                data = self._encode(pixels, loaded, task.names.format)
        record = _record(task, loaded, sha256(data).hexdigest(), number, draw)
        return StoredRecord(record, writer.write(planned_path, record, data), len(data))

    def _encode(self, pixels: Image, loaded: SourceImage, file_format: str) -> bytes:
        return source_image.encode(pixels, loaded.channels, file_format, self.config)

    def _kept(self, task: Task, wanted: Record, planned_path: str) -> StoredRecord | None:
        """Return the complete record where an earlier run's file is just what is wanted."""
        if task.previous is None:
            return None
        fingerprint = self.fingerprints.get(task.class_name, self.fingerprints[""])
        final = wanted._replace(path=planned_path)
        kept = reusable(task.previous, self.folder, fingerprint, final)
        return kept and StoredRecord(kept[0], planned_path, kept[1])

    def _is_byte_copy(self, task: Task, loaded: SourceImage) -> bool:
        """Tell whether the source's own bytes are the original that is wanted."""
        if not loaded.is_as_stored or loaded.data is None:
            return False
        return self.config.output.format == "keep" or loaded.format == task.names.original_format


def _require_holds(file_format: str, spec: ImageSpec) -> None:
    if loss := codec.unsupported_reason(file_format, spec):
        raise InputError(loss, stage="encode")


def _record(
    task: Task,
    loaded: SourceImage,
    digest: str = "",
    copy: int | None = None,
    draw: tuple[Affine | None, Params | None] = (None, None),
) -> Record:
    """Return a record that lacks its path; `draw` is a copy's matrix and parameters."""
    sample, (height, width) = task.sample, loaded.geometry.frame
    return Record(
        "",
        sample.split,
        task.class_name,
        sample.label,
        sample.id,
        copy,
        width,
        height,
        digest,
        loaded.digest,
        *draw,
    )
