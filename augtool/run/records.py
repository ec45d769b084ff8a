"""Makes the records of samples: originals and copies, encoded, hashed and stored.

Each step is taken for some samples before the next one: a processor that decodes one picture after
another needs little more than half the time for it that it needs with other work in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple, TypeVar

from augtool.config.schema import Config
from augtool.core.geometry import Image
from augtool.core.image_spec import ImageSpec
from augtool.core.pipeline import Copies
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

__all__ = ["DrawnTask", "LoadedTask", "RecordMaker", "few_pixels_at_once"]

#: Images are made together up to so many pixels: they stay in the processor's cache, and take
#: far less time than one image may.
_PIXELS_AT_ONCE = 2**17

_Item = TypeVar("_Item")


class DrawnTask(NamedTuple):
    """A task whose source was read, and its copies: some of those that were drawn together."""

    task: Task
    probed: ProbedImage
    copies: Copies
    first: int

    @property
    def pixels(self) -> int:
        """How many pixels of the source are used."""
        height, width = self.probed.geometry.region
        return height * width

    def decode(self, config: Config) -> SourceImage:
        """Return the source, ready for its copies.

        Raises
        ------
        InputError
            When it can't be decoded, or is not supported.
        """
        own = slice(self.first, self.first + self.task.copies)
        return self.probed.decode(config, self.copies.reductions[own])


@dataclass(slots=True, eq=False)
class LoadedTask:
    """A task whose source is decoded, and its records as far as they are made.

    Parameters
    ----------
    drawn, source
        What they are made from.
    stored
        The records.
    error
        What keeps one of them, and so all, from being made.
    """

    drawn: DrawnTask
    source: SourceImage
    stored: list[StoredRecord] = field(default_factory=list)
    error: InputError | None = None


#: A record to be made: of what, and the number of a copy; None for the original.
_Wanted = tuple[LoadedTask, "int | None"]


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

    def keeps_original(self, task: Task) -> bool:
        """Return whether a sample's original is written, too."""
        return task.sample.split != TRAIN or self.config.output.originals != "omit"

    def store_all(self, loaded: Sequence[LoadedTask], writer: ChunkWriter) -> None:
        """Store the records of some samples: of each first its original, then its copies."""
        left: list[_Wanted] = []
        for each in loaded:
            try:
                self._check(each)
            except InputError as error:
                each.error = error
            else:
                left += self._records_left(each)
        for some in few_pixels_at_once(left, lambda wanted: wanted[0].source.spec.pixels):
            self._store(some, writer)
        for each in loaded:
            if each.drawn.task.previous:
                each.stored.sort(key=lambda one: -1 if one.record.copy is None else one.record.copy)

    def _check(self, loaded: LoadedTask) -> None:
        """Refuse what the output can't hold, before anything is written."""
        task, spec = loaded.drawn.task, loaded.source.spec
        if not self.sink.stores_pixels:
            if task.copies:
                _require_holds(task.names.format, spec)
            if self.keeps_original(task) and not self._is_byte_copy(loaded):
                _require_holds(task.names.original_format, spec)
        if task.copies and (reason := loaded.drawn.copies.pipeline.unsupported_reason(spec)):
            raise InputError(reason, stage="transform")

    def _records_left(self, loaded: LoadedTask) -> Iterator[_Wanted]:
        """Yield the records of a sample that must be made; others are there from an earlier run."""
        task = loaded.drawn.task
        for number in (*[None] * self.keeps_original(task), *range(task.copies)):
            if kept := self._kept(loaded, number):
                loaded.stored.append(kept)
            else:
                yield loaded, number

    def _store(self, wanted: Sequence[_Wanted], writer: ChunkWriter) -> None:
        """Make some records and store them: each step for all of them before the next one."""
        with item_deadline:
            images = [self._image_of(*each) for each in wanted]
            files = [self._file_of(*each, image) for each, image in zip(wanted, images)]
        digests = [_digest(of.source, data) for (of, _), data in zip(wanted, files)]
        records = [_record(of, digest, number) for (of, number), digest in zip(wanted, digests)]
        for (loaded, number), data, record in zip(wanted, files, records):
            if loaded.error is None:
                path = loaded.drawn.task.planned_path(number)
                link_to = self._link_target(loaded, data) if number is None else None
                place = writer.write(path, record, data, link_to)
                loaded.stored.append(StoredRecord(record, place, len(data)))

    def _image_of(self, loaded: LoadedTask, number: int | None) -> Image | None:
        """Return a record's pixels; None where the source's bytes do, or its sample fails."""
        source, drawn = loaded.source, loaded.drawn
        if loaded.error is not None:
            return None
        try:
            if number is None:
                return None if self._is_byte_copy(loaded) else source.resized()
            copies, index = drawn.copies, drawn.first + number
            return copies.make(index, source.at(copies.reductions[index]), source.channels)
        except InputError as error:
            loaded.error = error
            return None

    def _file_of(self, loaded: LoadedTask, number: int | None, image: Image | None) -> bytes:
        """Return what the sink stores of a record; nothing where one of its sample fails."""
        source, names = loaded.source, loaded.drawn.task.names
        if loaded.error is not None:
            return b""
        if image is None:
            return source.data or b""
        if self.sink.stores_pixels:
            return source_image.levels_of(image, source.channels)
        file_format = names.original_format if number is None else names.format
        try:
            return source_image.encode(image, source.channels, file_format, self.config)
        except InputError as error:
            loaded.error = error
            return b""

    def _link_target(self, loaded: LoadedTask, data: bytes) -> str | None:
        """Return the file that an original is to be a link to, if it is to be one."""
        is_linked = self.config.output.originals in ("hardlink", "symlink")
        if is_linked and self.source.has_files and data is loaded.source.data:
            return self.source.path_of(loaded.drawn.task.sample)
        return None

    def _kept(self, loaded: LoadedTask, number: int | None) -> StoredRecord | None:
        """Return the complete record where an earlier run's file is just what is wanted."""
        task = loaded.drawn.task
        if task.previous is None:
            return None
        fingerprint = self.fingerprints.get(task.class_name, self.fingerprints[""])
        path = task.planned_path(number)
        wanted = _record(loaded, "", number)._replace(path=path)
        kept = reusable(task.previous, self.folder, fingerprint, wanted)
        return kept and StoredRecord(kept[0], path, kept[1])

    def _is_byte_copy(self, loaded: LoadedTask) -> bool:
        """Tell whether the source's own bytes are the original that is wanted."""
        source, names = loaded.source, loaded.drawn.task.names
        if self.sink.stores_pixels or not source.is_as_stored or source.data is None:
            return False
        return self.config.output.format == "keep" or source.format == names.original_format


def _require_holds(file_format: str, spec: ImageSpec) -> None:
    if loss := codec.unsupported_reason(file_format, spec):
        raise InputError(loss, stage="encode")


def few_pixels_at_once(
    items: Iterable[_Item], pixels: Callable[[_Item], int]
) -> Iterator[list[_Item]]:
    """Yield neighbours together that have few pixels in all, others one by one."""
    some: list[_Item] = []
    size = 0
    for item in items:
        more = pixels(item)
        if some and size + more > _PIXELS_AT_ONCE:
            yield some
            some, size = [], 0
        some.append(item)
        size += more
    if some:
        yield some


def _digest(source: SourceImage, data: bytes) -> str:
    return source.digest if data is source.data else sha256(data).hexdigest()


def _record(loaded: LoadedTask, digest: str = "", number: int | None = None) -> Record:
    """Return the record of a copy, or of the original (None), that lacks its path."""
    drawn, (height, width, _, _) = loaded.drawn, loaded.source.spec
    task = drawn.task
    sample = task.sample
    if number is None:
        matrix = params = None
    else:
        index = drawn.first + number
        matrix, params = drawn.copies.matrices[index], drawn.copies.params(index)
    return Record(
        "",
        sample.split,
        task.class_name,
        sample.label,
        sample.id,
        number,
        width,
        height,
        digest,
        drawn.probed.digest,
        matrix,
        params,
    )
