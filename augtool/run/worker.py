"""The worker: tasks in, records in the sink and one chunk result out. Runs in any process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from augtool.config.schema import Config
from augtool.core.channel_stats import Batch
from augtool.core.geometry import Image
from augtool.core.image_spec import ImageSpec
from augtool.core.pipeline import DrawnParams, Pipeline
from augtool.core.records import TRAIN, Failure, Record
from augtool.core.rng import sample_key
from augtool.engines import item_deadline
from augtool.errors import InputError, ShapeMismatchError
from augtool.images import codec, source_image
from augtool.images.source_image import SourceImage
from augtool.output.pending import STAGED
from augtool.plan.task import Task
from augtool.run.chunk_results import ChunkResult, ChunkSpan, ChunkSummary, StoredRecord
from augtool.run.reuse import reusable
from augtool.run.workspace import PAYLOADS, RESULTS
from augtool.sinks import ChunkWriter, Sink
from augtool.sources import Source
from augtool.storage.confined import ConfinedFolder
from augtool.storage.files import clean_errors

__all__ = ["Worker"]


@dataclass(slots=True)
class Worker:
    """Makes the records of tasks. Holds what all tasks share, and is sent to each process once.

    The engine's time limit holds for decoding a picture, and for making each of its copies; not for
    reading and writing, since a slow disk, or an archive to unpack, is no fault of the picture.

    Parameters
    ----------
    config, source, sink
        What is made, read and written.
    folder
        The output folder.
    fingerprints
        From :func:`augtool.run.reuse.render_fingerprints`: they decide whether an earlier file
        can stay.
    spec
        What all pictures must be like; None for anything.
    """

    config: Config
    source: Source
    sink: Sink
    folder: ConfinedFolder
    fingerprints: dict[str, str]
    spec: ImageSpec | None = None
    _pipelines: dict[str, Pipeline] = field(default_factory=dict)
    _photometric: tuple[str, ...] | None = None

    def __call__(self, tasks: Sequence[Task]) -> ChunkSummary:
        """Make all records of `tasks`, leave their chunk result, and return its summary.

        Raises
        ------
        OutputError
            When something can't be written; no chunk result appears then.
        ShapeMismatchError
            When a picture is not of the spec that all must have.
        """
        first = tasks[0]
        span = ChunkSpan(first.chunk, first.position, len(tasks))
        result = ChunkResult(span, first.sample.split)
        batch = Batch()
        writer = self._open(span)
        try:
            with codec.capture_stderr():
                for task in tasks:
                    self._expand(task, result, batch, writer)
            result.payload = writer.close()
        except BaseException:
            writer.abandon()
            raise
        result.sums = batch.sums()
        return self._leave(result)

    def fail(self, task: Task, failure: Failure) -> ChunkSummary:
        """Leave the chunk result of a task that can't even be tried, and return its summary."""
        span = ChunkSpan(task.chunk, task.position, 1)
        missing = self._size(task)
        result = ChunkResult(span, task.sample.split, failures=[failure], missing=missing)
        writer = self._open(span)
        writer.remove(_planned_paths(task))
        writer.abandon()
        return self._leave(result)

    def _open(self, span: ChunkSpan) -> ChunkWriter:
        return self.sink.open(self.folder, STAGED, f"{PAYLOADS}/{span.file_name}")

    def _leave(self, result: ChunkResult) -> ChunkSummary:
        """Let the result appear: what it tells of is all there."""
        if self._photometric is None:
            self._photometric = self.config.photometric_columns
        summary, data = result.encode(self._photometric)
        path = f"{RESULTS}/{result.span.file_name}"
        with clean_errors(self.folder.path_of(path)):
            self.folder.replace(path, data)
        return summary

    def _expand(self, task: Task, result: ChunkResult, batch: Batch, writer: ChunkWriter) -> None:
        """Make the records of one sample, all of them or none."""
        try:
            raw = self.source.read(task.sample)
            with item_deadline:
                loaded = source_image.load(raw, self.config)
            if self.spec is not None and self.spec != loaded.spec:
                raise ShapeMismatchError(
                    f"{task.sample.id}: {loaded.spec.mismatch_reason(self.spec)}"
                )
            self._check(task, loaded)
            stored = list(self._store_all(task, loaded, writer))
        except InputError as error:
            writer.remove(_planned_paths(task))
            result.failures.append(Failure(task.sample.id, error.stage, error.reason))
            result.missing += self._size(task)
            return
        result.add(stored)
        if self.config.output.stats and task.sample.split == TRAIN:
            batch.add(loaded.resized())

    def _store_all(
        self, task: Task, loaded: SourceImage, writer: ChunkWriter
    ) -> Iterator[StoredRecord]:
        """Store a sample's records one by one, and yield each with its place.

        First its original, if that is wanted, then its copies.
        """
        if self._keeps_original(task):
            yield self._original(task, loaded, writer)
        key = sample_key(self.config.seed, task.sample.id)
        for number in range(task.copies):
            yield self._copy(task, loaded, writer, key, number)

    def _original(self, task: Task, loaded: SourceImage, writer: ChunkWriter) -> StoredRecord:
        record, planned_path = _record(task, loaded), task.planned_path(None)
        kept = self._kept(task, record, planned_path)
        if kept is not None:
            return kept
        link_to = None
        with item_deadline:
            if self.sink.stores_pixels:
                data = source_image.levels_of(loaded.resized())
            elif loaded.data is not None and self._is_byte_copy(task, loaded):
                data = loaded.data
                if self.config.output.originals in ("hardlink", "symlink"):
                    link_to = self.source.path_of(task.sample)
            else:
                file_format = task.names.original_format
                data = source_image.encode(loaded.resized(), file_format, self.config)
        digest = loaded.digest if data is loaded.data else sha256(data).hexdigest()
        record = record._replace(sha256=digest)
        place = writer.write(planned_path, record, data, link_to)
        return StoredRecord(record, place, len(data))

    def _copy(
        self, task: Task, loaded: SourceImage, writer: ChunkWriter, key: bytes, number: int
    ) -> StoredRecord:
        pipeline = self._pipeline(task)
        draw = loaded.make_params(pipeline, key, number)
        record, planned_path = _record(task, loaded, number, draw), task.planned_path(number)
        kept = self._kept(task, record, planned_path)
        if kept is not None:
            return kept
        with item_deadline:
            if self.sink.stores_pixels:
                data = source_image.levels_of(loaded.augment(pipeline, draw.matrix, draw.params))
            else:
                data = loaded.augment_to_file(pipeline, draw, task.names.format, self.config)
        record = record._replace(sha256=sha256(data).hexdigest())
        return StoredRecord(record, writer.write(planned_path, record, data), len(data))

    def _kept(self, task: Task, wanted: Record, planned_path: str) -> StoredRecord | None:
        """Return the complete record where an earlier run's file is just what is wanted."""
        if task.previous is None:
            return None
        fingerprint = self.fingerprints.get(task.class_name, self.fingerprints[""])
        final = wanted._replace(path=planned_path)
        kept = reusable(task.previous, self.folder, fingerprint, final)
        return kept and StoredRecord(kept[0], planned_path, kept[1])

    def _size(self, task: Task) -> int:
        """Return how many records the plan has for a task."""
        return task.copies + self._keeps_original(task)

    def _keeps_original(self, task: Task) -> bool:
        return task.sample.split != TRAIN or self.config.output.originals != "omit"

    def _check(self, task: Task, loaded: SourceImage) -> None:
        """Refuse what the output can't hold, before anything is written."""
        if not self.sink.stores_pixels:
            if task.copies:
                _require_holds(task.names.format, loaded.prepared)
            if self._keeps_original(task) and not self._is_byte_copy(task, loaded):
                _require_holds(task.names.original_format, loaded.prepared)
        try:
            self._pipeline(task).warp_options.border_value(loaded.channels)
        except ValueError as error:
            raise InputError(f"{error}; set cval to one number", stage="transform") from error

    def _is_byte_copy(self, task: Task, loaded: SourceImage) -> bool:
        """Tell whether the source's own bytes are the original that is wanted."""
        if not loaded.is_as_stored or loaded.data is None:
            return False
        return self.config.output.format == "keep" or loaded.format == task.names.original_format

    def _pipeline(self, task: Task) -> Pipeline:
        if task.class_name not in self._pipelines:
            self._pipelines[task.class_name] = self.config.pipeline(task.class_name)
        return self._pipelines[task.class_name]


def _require_holds(file_format: str, image: Image) -> None:
    if loss := codec.unsupported_reason(file_format, image):
        raise InputError(loss, stage="encode")


def _record(
    task: Task, loaded: SourceImage, copy: int | None = None, draw: DrawnParams | None = None
) -> Record:
    """Return a record that lacks its path and its SHA-256."""
    sample, frame = task.sample, loaded.geometry.frame
    return Record(
        path="",
        split=sample.split,
        class_name=task.class_name,
        label=sample.label,
        source=sample.id,
        copy=copy,
        width=frame.width,
        height=frame.height,
        sha256="",
        source_sha256=loaded.digest,
        matrix=draw and draw.matrix,
        params=draw and draw.params,
    )


def _planned_paths(task: Task) -> list[str]:
    """Return where a task's records would go; an interrupted try may have left some there."""
    return [task.planned_path(copy) for copy in (None, *range(task.copies))]
