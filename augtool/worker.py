"""The worker: tasks in, records in the sink and one part file out. Runs in any process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from augtool import codec, picture, stats
from augtool.config import Config
from augtool.core.geometry import Image
from augtool.core.recipe import Recipe
from augtool.errors import InputError
from augtool.files import TempFolder
from augtool.manifest import Record
from augtool.parts import Part, Span
from augtool.picture import Copy, Picture
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
    parts, scratch
        Where part files and unfinished files go.
    """

    config: Config
    source: Source
    sink: Sink
    out: Path
    parts: Path
    scratch: Path
    _recipes: dict[str, Recipe] = field(default_factory=dict)
    _temporary: TempFolder | None = None
    _writer: ChunkWriter | None = None

    def __call__(self, tasks: Sequence[Task]) -> dict[str, Any]:
        """Make all records of `tasks`, leave their part file, and return its head.

        Raises
        ------
        OutputError
            When something can't be written; no part file appears then.
        """
        first = tasks[0]
        part = Part(Span(first.chunk, first.position, len(tasks)), first.sample.split)
        if self._temporary is None or self._writer is None:
            self._temporary = TempFolder(self.scratch)
            self._writer = self.sink.open(self.out, self.scratch)
        for task in tasks:
            self._expand(task, part, self._writer)
        self._writer.close()
        head, data = part.encode(self.config.photometric_columns)
        self._temporary.write(str(self.parts / part.span.file_name), data)
        return head

    def fail(self, task: Task, failure: Failure) -> dict[str, Any]:
        """Leave the part file of a task that can't even be tried, and return its head."""
        span = Span(task.chunk, task.position, 1)
        part = Part(span, task.sample.split, failures=[failure], missing=self._size(task))
        head, data = part.encode(self.config.photometric_columns)
        TempFolder(self.scratch).write(str(self.parts / span.file_name), data)
        return head

    def _expand(self, task: Task, part: Part, writer: ChunkWriter) -> None:
        """Make the records of one sample, all of them or none."""
        records: list[Record] = []
        sums: stats.Sums = {}
        try:
            loaded = picture.load(self.source.read(task.sample), self.config)
            self._check(task, loaded)
            framed = loaded.framed()
            if self.config.output.stats and task.sample.split == TRAIN:
                sums = stats.sums_of(framed)
            for made in self._make(task, loaded, framed):
                records.append(_store(task, loaded, made, writer))
        except InputError as error:
            writer.remove([record.path for record in records])
            part.failures.append(Failure(task.sample.id, error.stage, error.reason))
            part.missing += self._size(task)
            return
        part.records += records
        stats.add(part.sums, sums)

    def _make(self, task: Task, loaded: Picture, framed: Image) -> Iterator[_Made]:
        """Yield the original, unless it is omitted, and the copies."""
        if self._keeps_original(task):
            yield self._make_original(task, loaded, framed)
        for number in range(task.copies):
            copy = loaded.copy(self._recipe(task), self.config.seed, task.sample.id, number)
            name = task.names.copy(number)
            yield _Made(
                name, copy.pixels, self._encode(name, copy.pixels), number=number, copy=copy
            )

    def _make_original(self, task: Task, loaded: Picture, framed: Image) -> _Made:
        name = task.names.original
        if loaded.data is None or not self._is_byte_copy(task, loaded):
            return _Made(name, framed, self._encode(name, framed))
        is_link = self.config.output.originals in ("hardlink", "symlink")
        target = self.source.path_of(task.sample) if is_link else None
        return _Made(name, framed, loaded.data, link_to=target)

    def _encode(self, name: str, pixels: Image) -> bytes:
        return codec.encode(pixels, codec.format_of_name(name), self.config.output.quality)

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
        for each in sorted(formats):
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


@dataclass(frozen=True, slots=True)
class _Made:
    """One record before it is stored; `number` and `copy` are None for originals."""

    name: str
    pixels: Image
    data: bytes
    link_to: str | None = None
    number: int | None = None
    copy: Copy | None = None


def _store(task: Task, loaded: Picture, made: _Made, writer: ChunkWriter) -> Record:
    """Hand a record to the sink, and return its row."""
    entry = Entry(f"{task.folder}/{made.name}", made.data, made.pixels, made.link_to)
    return Record(
        path=writer.write(entry),
        split=task.sample.split,
        class_name=task.class_name,
        label=task.sample.label,
        source=task.sample.id,
        copy=made.number,
        width=int(made.pixels.shape[1]),
        height=int(made.pixels.shape[0]),
        sha256=loaded.digest if made.data is loaded.data else sha256(made.data).hexdigest(),
        source_sha256=loaded.digest,
        matrix=made.copy.matrix if made.copy else None,
        params=made.copy.params if made.copy else {},
    )
