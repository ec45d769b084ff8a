"""The worker: tasks in, records in the sink and one part file out. Runs in any process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from augtool import codec, picture, stats
from augtool.config import Config
from augtool.core.draws import rank
from augtool.core.form import Form
from augtool.core.geometry import Image
from augtool.core.recipe import Recipe
from augtool.errors import InputError, UnequalError
from augtool.files import TempFolder
from augtool.manifest import Record, facts
from augtool.parts import Part, Span
from augtool.picture import Picture
from augtool.plan import Task
from augtool.sinks import ChunkWriter, Entry, Sink
from augtool.sources import TRAIN, Failure, Source

__all__ = ["Worker"]


@dataclass(slots=True)
class Worker:
    """Makes the records of tasks. Holds what all tasks share, and is sent to each process once.

    Parameters
    ----------
    config, source, sink
        What is made, read and written.
    out
        The output folder.
    parts, payloads, scratch
        Where part files, the sink's payloads and unfinished files go.
    looks
        From :func:`augtool.previous.looks_of`: what decides whether an earlier file can stay.
    form
        What all pictures must be like; None for anything.
    """

    config: Config
    source: Source
    sink: Sink
    out: Path
    parts: Path
    payloads: Path
    scratch: Path
    looks: dict[str, str]
    form: Form | None = None
    _recipes: dict[str, Recipe] = field(default_factory=dict)
    _temporary: TempFolder | None = None
    _photometric: tuple[str, ...] = ()

    def __call__(self, tasks: Sequence[Task]) -> dict[str, Any]:
        """Make all records of `tasks`, leave their part file, and return its head.

        Raises
        ------
        OutputError
            When something can't be written; no part file appears then.
        UnequalError
            When a picture is not of the form that all must have.
        """
        first = tasks[0]
        part = Part(Span(first.chunk, first.position, len(tasks)), first.sample.split)
        if self._temporary is None:
            self._temporary = TempFolder(self.scratch)
            self._photometric = self.config.photometric_columns
        writer = self._open(part.span)
        try:
            with codec.Listening():
                for task in tasks:
                    self._expand(task, part, writer)
            writer.close()
        except BaseException:
            writer.abandon()
            raise
        head, data = part.encode(self._photometric)
        self._temporary.write(str(self.parts / part.span.file_name), data)
        return head

    def fail(self, task: Task, failure: Failure) -> dict[str, Any]:
        """Leave the part file of a task that can't even be tried, and return its head."""
        span = Span(task.chunk, task.position, 1)
        part = Part(span, task.sample.split, failures=[failure], missing=self._size(task))
        writer = self._open(span)
        writer.remove(_planned_paths(task))
        writer.abandon()
        head, data = part.encode(self.config.photometric_columns)
        TempFolder(self.scratch).write(str(self.parts / span.file_name), data)
        return head

    def _open(self, span: Span) -> ChunkWriter:
        return self.sink.open(self.out, self.scratch, self.payloads / span.file_name)

    def _expand(self, task: Task, part: Part, writer: ChunkWriter) -> None:
        """Make the records of one sample, all of them or none."""
        records: list[Record] = []
        sums: stats.Sums = {}
        try:
            loaded = picture.load(self.source.read(task.sample), self.config)
            if self.form not in (None, loaded.form):
                raise UnequalError(f"{task.sample.id}: {loaded.form.unlike(self.form)}")
            self._check(task, loaded)
            framed = loaded.framed()
            if self.config.output.stats and task.sample.split == TRAIN:
                sums = stats.sums_of(framed)
            for wanted in self._wanted(task, loaded):
                kept = self._kept(task, wanted) or self._store(task, loaded, framed, wanted, writer)
                records.append(kept)
        except InputError as error:
            writer.remove(_planned_paths(task))
            part.failures.append(Failure(task.sample.id, error.stage, error.reason))
            part.missing += self._size(task)
            return
        part.records += records
        stats.add(part.sums, sums)

    def _wanted(self, task: Task, loaded: Picture) -> Iterator[Record]:
        """Yield the records of a task, complete but for what their files turn out to be."""
        frame = loaded.placement.frame
        plain = Record(
            path=f"{task.folder}/{task.names.original}",
            split=task.sample.split,
            class_name=task.class_name,
            label=task.sample.label,
            source=task.sample.id,
            copy=None,
            width=frame.width,
            height=frame.height,
            sha256="",
            source_sha256=loaded.digest,
        )
        if self._keeps_original(task):
            yield plain
        recipe, seed = self._recipe(task), self.config.seed
        for number in range(task.copies):
            draw = loaded.draw(recipe, seed, task.sample.id, number)
            path = f"{task.folder}/{task.names.copy(number)}"
            yield plain._replace(path=path, copy=number, matrix=draw.matrix, params=draw.params)

    def _store(
        self, task: Task, loaded: Picture, framed: Image, wanted: Record, writer: ChunkWriter
    ) -> Record:
        """Make a record's file, hand it to the sink, and return the complete record."""
        link_to = None
        if wanted.matrix is not None and wanted.params is not None:
            pixels = loaded.copy(self._recipe(task), wanted.matrix, wanted.params)
        else:
            pixels = framed
        if self.sink.stores_pixels:
            data = picture.levels_of(pixels)
            digest = sha256(data).hexdigest()
        elif wanted.copy is None and loaded.data is not None and self._is_byte_copy(task, loaded):
            data, digest = loaded.data, loaded.digest
            if self.config.output.originals in ("hardlink", "symlink"):
                link_to = self.source.path_of(task.sample)
        else:
            data = picture.encode(pixels, wanted.path, self.config)
            digest = sha256(data).hexdigest()
        record = wanted._replace(sha256=digest)
        entry = Entry(
            record.path,
            data,
            pixels,
            record.label,
            record.class_name,
            facts=partial(facts, record, self._photometric),
            rank=partial(rank, self.config.seed, f"shuffle {record.copy}", record.source),
            link_to=link_to,
            is_original=record.copy is None,
        )
        path = writer.write(entry)
        return record if path == record.path else record._replace(path=path)

    def _kept(self, task: Task, wanted: Record) -> Record | None:
        """Return the complete record where an earlier run's file is just what is wanted."""
        look = self.looks.get(task.class_name, self.looks[""])
        kept = (earlier.kept(self.out, look, wanted) for earlier in task.earlier)
        return next((record for record in kept if record is not None), None)

    def _size(self, task: Task) -> int:
        """Return how many records the plan has for a task."""
        return task.copies + self._keeps_original(task)

    def _keeps_original(self, task: Task) -> bool:
        return task.sample.split != TRAIN or self.config.output.originals != "omit"

    def _check(self, task: Task, loaded: Picture) -> None:
        """Refuse what the output can't hold, before anything is written."""
        formats = {codec.format_of_name(task.names.copy(0))} if task.copies else set()
        if self._keeps_original(task) and not self._is_byte_copy(task, loaded):
            formats.add(codec.format_of_name(task.names.original))
        for each in sorted(formats) if not self.sink.stores_pixels else ():
            if loss := codec.lost_in(each, loaded.prepared):
                raise InputError(loss, stage="encode")
        try:
            self._recipe(task).sampling.border_value(loaded.channels)
        except ValueError as error:
            raise InputError(f"{error}; give cval one number", stage="transform") from error

    def _is_byte_copy(self, task: Task, loaded: Picture) -> bool:
        """Tell whether the source's own bytes are the original that is wanted."""
        if not loaded.is_as_stored or loaded.data is None:
            return False
        wanted = codec.format_of_name(task.names.original)
        return self.config.output.format == "keep" or loaded.format == wanted

    def _recipe(self, task: Task) -> Recipe:
        if task.class_name not in self._recipes:
            self._recipes[task.class_name] = self.config.recipe(task.class_name)
        return self._recipes[task.class_name]


def _planned_paths(task: Task) -> list[str]:
    """Return where a task's records would go; an interrupted try may have left some there."""
    copies = (task.names.copy(number) for number in range(task.copies))
    return [f"{task.folder}/{name}" for name in (task.names.original, *copies)]
