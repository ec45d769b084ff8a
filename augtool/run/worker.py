"""The worker: tasks in, records in the sink and chunk results out. Runs in any process."""

from __future__ import annotations

import os
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from augtool.config.own_code import OwnCode
from augtool.config.schema import Config
from augtool.core.channel_stats import Batch
from augtool.core.image_spec import ImageSpec
from augtool.core.pipeline import Pipeline, Subject
from augtool.core.records import TRAIN, Failure
from augtool.engines import item_deadline
from augtool.errors import ConfigError, EngineError, InputError, ShapeMismatchError
from augtool.images import codec, source_image
from augtool.images.source_image import ProbedImage
from augtool.output.made_with import MadeWith
from augtool.plan.plan import Plan
from augtool.plan.task import Task, TaskRef
from augtool.run.chunk_results import ChunkResult, ChunkSpan, ChunkSummary
from augtool.run.places import WorkPlaces
from augtool.run.records import DrawnTask, LoadedTask, RecordMaker, few_pixels_at_once
from augtool.run.result_files import all_chunk_results
from augtool.run.stamps import Stamps
from augtool.sinks import ChunkWriter, Sink
from augtool.sources import Source
from augtool.storage.confined import ConfinedFolder
from augtool.storage.files import clean_errors
from augtool.storage.remote.url import is_remote

__all__ = ["Worker"]

#: Sources are read ahead up to so many bytes, so that their copies are drawn together.
_READ_AHEAD_BYTES = 2**24
#: A result is left at least this often: what a kill can cost.
_LONGEST_S = 2.0

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


class _OpenChunk(NamedTuple):
    """What is made of some tasks, as far as it is."""

    result: ChunkResult
    writer: ChunkWriter
    batch: Batch


@dataclass(slots=True)
class Worker:
    """Makes the records of tasks. Holds what all tasks share, and is sent to each process once.

    The engine's time limit holds for decoding a picture, and for making each of its copies (small
    ones together); not for reading and writing, since a slow disk, or an archive to unpack, is no
    fault of the picture.

    Parameters
    ----------
    config, source, sink, plan
        What is made, read and written.
    folder, places
        The output folder, and where in it the run works.
    records
        Makes the records of a sample.
    spec
        What all pictures must be like; None for anything.
    own_code
        What the code of the user's own transforms is known by.
    made_with
        What makes the run's files; None for whatever is there.
    """

    config: Config
    source: Source
    sink: Sink
    plan: Plan
    folder: ConfinedFolder
    places: WorkPlaces
    records: RecordMaker
    spec: ImageSpec | None = None
    own_code: dict[str, OwnCode] = field(default_factory=dict)
    made_with: MadeWith | None = None
    _pipelines: dict[str, Pipeline] = field(default_factory=dict)
    _photometric: tuple[str, ...] | None = None

    def __call__(self, refs: Sequence[TaskRef]) -> list[ChunkSummary]:
        """Make all records of some neighbouring tasks, and leave their chunk results.

        Raises
        ------
        OutputError
            When something can't be written; its chunk result does not appear then.
        ShapeMismatchError
            When a picture is not of the spec that all must have.
        """
        left = deque(self.plan.tasks(refs))
        summaries = []
        with codec.capture_stderr():
            while left:
                summaries.append(self._make_some(left))
        return summaries

    @property
    def reads_ahead(self) -> bool:
        """Whether sources are better read before they are wanted."""
        return self.source.reads_ahead

    def expect(self, refs: Sequence[TaskRef]) -> None:
        """Begin to read what the next tasks need."""
        self.source.expect(self.plan.samples[ref.sample_index] for ref in refs)

    def check_place(self) -> None:
        """Refuse a machine that would make other files, or does not see the same ones.

        Raises
        ------
        EngineError
            With its name, and what it lacks.
        """
        machine = socket.gethostname()
        if self.made_with is not None:
            here = MadeWith.here(self.config, self.made_with.machine)
            if differences := self.made_with.differences(here):
                raise EngineError(
                    f"{machine}: would make other bytes ({differences}); install the same versions"
                    " on every machine, or set portable: true"
                )
        for path in (self.source.files_root, self.folder.path_of(self.places.root)):
            if not is_remote(path) and not os.path.exists(path):  # noqa: PTH110
                raise EngineError(
                    f"{machine}: {os.fspath(path)}: is not there; every machine must see DATA and"
                    " OUT under the same path, so pass absolute paths on a disk that all share"
                )

    def is_made(self, ref: TaskRef) -> bool:
        """Tell whether there is a chunk result that a task is part of."""
        return any(
            span.chunk == ref.chunk and 0 <= ref.position - span.position < span.length
            for span in all_chunk_results(self.folder, self.places.results)
        )

    def fail(self, ref: TaskRef, failure: Failure) -> ChunkSummary:
        """Leave the chunk result of a task that can't even be tried, and return its summary."""
        (task,) = self.plan.tasks([ref])
        chunk = self._open(task, 1)
        chunk.result.stamps.append(Stamps(self.source).of(task.sample))
        self._note_failure(task, failure, chunk)
        chunk.writer.abandon()
        return self._leave(chunk.result)

    def _open(self, first: Task, length: int) -> _OpenChunk:
        result = ChunkResult(ChunkSpan(first.chunk, first.position, length), first.sample.split)
        writer = self.sink.open(self.folder, self.places.chunks)
        return _OpenChunk(result, writer, Batch())

    def _make_some(self, left: deque[Task]) -> ChunkSummary:
        """Make records for a while, take their tasks from the left, and leave their result."""
        until = time.monotonic() + _LONGEST_S
        count, chunk = len(left), self._open(left[0], 0)
        result, writer = chunk.result, chunk.writer
        try:
            while True:
                drawn = self._draw(self._read(left, chunk))
                for some in few_pixels_at_once(drawn, lambda each: each.pixels):
                    self._expand(some, chunk)
                if not left or time.monotonic() >= until:
                    break
            result.span = result.span._replace(length=count - len(left))
            result.payload = writer.close(result.span.file_name)
        except BaseException:
            writer.abandon()
            raise
        result.sums = chunk.batch.sums()
        return self._leave(result)

    def _leave(self, result: ChunkResult) -> ChunkSummary:
        """Let the result appear: what it tells of is all there."""
        if self._photometric is None:
            self._photometric = self.config.photometric_columns
        summary, data = result.encode(self._photometric)
        path = f"{self.places.results}/{result.span.file_name}"
        with clean_errors(self.folder.path_of(path)):
            self.folder.replace(path, data)
        return summary

    def _read(self, left: deque[Task], chunk: _OpenChunk) -> list[tuple[Task, ProbedImage]]:
        """Read the sources of some tasks, with their headers.

        Those that can't be read have stamps, too: what is fixed is noticed later.
        """
        read, size = [], 0
        while left and size < _READ_AHEAD_BYTES:
            task, stamp = left.popleft(), ""
            try:
                raw, stamp = self.source.read_stamped(task.sample)
            except InputError as error:
                self._refuse(task, error, chunk)
            else:
                read.append((task, raw))
                size += len(raw) if isinstance(raw, bytes) else raw.nbytes
            chunk.result.stamps.append(stamp or Stamps(self.source).of(task.sample))
        return self._made_of(read, lambda raw: source_image.probe(raw, self.config), chunk)

    def _draw(self, found: Sequence[tuple[Task, ProbedImage]]) -> list[DrawnTask]:
        """Draw the copies of all at once; of classes with a pipeline of their own, apart."""
        places: dict[str, list[int]] = {}
        for place, (task, _) in enumerate(found):
            own = task.class_name if task.class_name in self.config.per_class else ""
            places.setdefault(own, []).append(place)
        drawn: dict[int, DrawnTask] = {}
        for own, members in places.items():
            subjects = [
                Subject(task.sample.id, probed.geometry, task.copies)
                for task, probed in (found[place] for place in members)
            ]
            copies = self._pipeline(own).draw(self.config.seed, subjects)
            first = 0
            for place, subject in zip(members, subjects):
                drawn[place] = DrawnTask(*found[place], copies, first)
                first += subject.copies
        return [drawn[place] for place in range(len(found))]

    def _expand(self, drawn: Sequence[DrawnTask], chunk: _OpenChunk) -> None:
        """Make the records of some samples; of each all, or none."""
        loaded = self._load(drawn, chunk)
        self.records.store_all(loaded, chunk.writer)
        for each in loaded:
            task, source = each.drawn.task, each.source
            if each.error is not None:
                self._refuse(task, each.error, chunk)
                continue
            chunk.result.add(task.class_name, each.stored)
            if self.config.output.stats and task.sample.split == TRAIN:
                chunk.batch.add(source.resized(), source.channels)

    def _load(self, drawn: Sequence[DrawnTask], chunk: _OpenChunk) -> list[LoadedTask]:
        """Decode the sources of some samples."""
        given = [(each.task, each) for each in drawn]
        decoded = self._made_of(
            given, lambda each: LoadedTask(each, each.decode(self.config)), chunk
        )
        expected = self.spec
        for task, loaded in decoded:
            spec = loaded.source.spec
            if expected is not None and spec != expected:
                raise ShapeMismatchError(f"{task.sample.id}: {spec.mismatch_reason(expected)}")
        return [loaded for _, loaded in decoded]

    def _made_of(
        self,
        given: Sequence[tuple[Task, _Given]],
        make: Callable[[_Given], _Made],
        chunk: _OpenChunk,
    ) -> list[tuple[Task, _Made]]:
        """Return what `make` makes for some tasks, within one deadline; refuse those it can't."""
        made, refused = [], []
        with item_deadline:
            for task, each in given:
                try:
                    made.append((task, make(each)))
                except InputError as error:
                    refused.append((task, error))
        for task, reason in refused:
            self._refuse(task, reason, chunk)
        return made

    def _refuse(self, task: Task, error: InputError, chunk: _OpenChunk) -> None:
        self._note_failure(task, Failure(task.sample.id, error.stage, error.reason), chunk)

    def _note_failure(self, task: Task, failure: Failure, chunk: _OpenChunk) -> None:
        """Count a sample that can't be used, some of whose records may be made already."""
        chunk.writer.remove([task.planned_path(copy) for copy in (None, *range(task.copies))])
        chunk.result.failures.append(failure)
        chunk.result.missing += task.copies + self.records.keeps_original(task)

    def _pipeline(self, class_name: str) -> Pipeline:
        """Return the pipeline of a class that has its own, or of all others ("")."""
        if class_name not in self._pipelines:
            # Read anew by a process that started late.
            if not self._pipelines and self.config.own_code != self.own_code:
                raise ConfigError(
                    "transforms.own: the code was changed during the run; run the command again"
                )
            self._pipelines[class_name] = self.config.pipeline(class_name or None)
        return self._pipelines[class_name]
