"""Tells which chunk results can be believed, and need not be made again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from augtool.core.records import Record, Sample
from augtool.errors import InputError, OccupiedError
from augtool.images.source_image import source_digest
from augtool.output import manifest
from augtool.plan.plan import Plan
from augtool.plan.task import TaskRef
from augtool.run.chunk_results import ChunkSpan, ChunkSummary, checksum
from augtool.run.places import WorkPlaces
from augtool.run.result_files import read_result
from augtool.run.reuse import size_if_intact
from augtool.run.stamps import Stamps
from augtool.sources import Source
from augtool.storage.confined import ConfinedFolder

__all__ = ["Soundness"]


class Soundness:
    """Looks at the results of a run.

    Parameters
    ----------
    folder, places
        The output, and where in it the run has its results.
    columns
        Of the manifest.
    plan, source
        What is made, and of what.
    """

    def __init__(
        self,
        folder: ConfinedFolder,
        places: WorkPlaces,
        columns: Sequence[str],
        plan: Plan,
        source: Source,
    ) -> None:
        self._folder, self._places = folder, places
        self._header = manifest.to_csv([columns])
        self._plan, self._source = plan, source

    def sound(self, spans: Iterable[ChunkSpan]) -> set[ChunkSpan]:
        """Return those of the spans that need not be made again.

        Their sources are what they were, none of their inputs failed, and all that they made is
        there to the last byte: a file that was recorded may not have reached the disk before the
        power went.
        """
        return set(self._believed(spans, is_thorough=True))

    def all_there(self, spans: Iterable[ChunkSpan]) -> set[ChunkSpan]:
        """Return those that others have just made and that can be taken into the output.

        Their sources are what they were, and all that they made is there with the size that it
        had: nobody reads a whole output again for one more look.
        """
        return set(self._believed(spans, is_thorough=False))

    def _believed(self, spans: Iterable[ChunkSpan], *, is_thorough: bool) -> Iterable[ChunkSpan]:
        by_chunk: dict[int, list[ChunkSpan]] = {}
        for span in spans:
            by_chunk.setdefault(span.chunk, []).append(span)
        stamps = Stamps(self._source)
        for refs in self._plan.chunks():
            for span in by_chunk.get(refs[0].chunk, ()):
                covered = refs[span.position : span.position + span.length]
                if len(covered) == span.length and self._is_sound(
                    span, covered, stamps, is_thorough=is_thorough
                ):
                    yield span

    def _is_sound(
        self, span: ChunkSpan, refs: Sequence[TaskRef], stamps: Stamps, *, is_thorough: bool
    ) -> bool:
        try:
            summary, rows = read_result(self._folder, f"{self._places.results}/{span.file_name}")
            if is_thorough and summary.failures:
                return False  # tried again: it may have been fixed, with an old modification time
            records = list(manifest.parse(self._header + rows))
            samples = [self._plan.samples[ref.sample_index] for ref in refs]
            if not self._is_unchanged(samples, summary, records, stamps):
                return False
            if summary.payload:
                payload = self._places.chunks.payload(span.file_name, summary.payload)
                if not is_thorough:  # whoever reads it for the output looks whether it is whole
                    return self._folder.stat(payload) is not None
                return checksum(self._folder.read(payload)).decode() == summary.payload
            if is_thorough:
                return all(self._is_intact(record) for record in records)
            return sum(map(self._size, records)) == summary.stored_bytes
        except (OSError, ValueError, InputError, OccupiedError):
            return False

    def _is_unchanged(
        self,
        samples: Sequence[Sample],
        summary: ChunkSummary,
        records: Sequence[Record],
        stamps: Stamps,
    ) -> bool:
        """Tell whether sources are what they were: a touched one is hashed."""
        noted = summary.stamps.split(" ")
        if len(noted) != len(samples):
            return False
        touched = [
            sample
            for sample, stamp in zip(samples, noted)
            if not stamp or stamps.of(sample) != stamp
        ]
        digests = {record.source: record.source_sha256 for record in records} if touched else {}
        return all(
            digests.get(sample.id) == source_digest(self._source.read(sample)) for sample in touched
        )

    def _is_intact(self, record: Record) -> bool:
        return size_if_intact(self._folder, record, self._where(record.path)) is not None

    def _size(self, record: Record) -> int:
        """Return the size of a record's file; of a link's end where it is one."""
        place = self._where(record.path)
        end = self._folder.link_end(place, record.path) if record.copy is None else None
        status = self._folder.stat(place) if end is None else end.stat()
        return -1 if status is None else status.st_size

    def _where(self, path: str) -> str:
        """Return where a record lies: made anew, or kept in its place."""
        staged = f"{self._places.staged}/{path}"
        return path if self._folder.stat(staged) is None else staged
