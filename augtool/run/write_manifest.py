"""Writes the manifest of a run that is made whole: its rows are merged and never held together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from augtool.core.records import Record
from augtool.output import manifest
from augtool.output.dataset import FileFacts
from augtool.output.manifest_columns import column_kinds
from augtool.output.write_parts import write_parts
from augtool.run.chunk_results import ChunkSpan
from augtool.run.job import Job
from augtool.run.places import Whole
from augtool.run.result_files import merge
from augtool.sinks import PathResolver
from augtool.storage.confined import ConfinedFolder
from augtool.storage.files import clean_errors
from augtool.storage.which_manifest import PARTS, is_index

__all__ = ["WrittenManifest", "write_manifest"]


class WrittenManifest(NamedTuple):
    """A manifest that has not got its place yet.

    Parameters
    ----------
    folder, whole
        The output, and where in it the run is made whole.
    name
        What it is called.
    digest
        Its SHA-256.
    parts
        The files that hold its rows, where it is an index, by path below the output.
    """

    folder: ConfinedFolder
    whole: Whole
    name: str
    digest: str
    parts: dict[str, FileFacts]

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.folder.path_of(f"{self.whole.final}/{self.name}")

    def records(self) -> Iterator[Record]:
        """Yield what it holds."""
        return manifest.read(
            self.path, lambda path: self.folder.open(f"{self.whole.staged}/{path}")
        )


def write_manifest(
    job: Job, whole: Whole, spans: Sequence[ChunkSpan], resolve: PathResolver | None
) -> WrittenManifest:
    """Write the manifest in the form that the config says, from the results of all spans.

    Parts go where records lie, so that they get their places with them; the manifest comes later.
    """
    folder = job.workspace.folder
    path = folder.path_of(f"{whole.final}/{job.manifest}")
    rows = merge(folder, job.places.results, spans, resolve)
    parts: dict[str, FileFacts] = {}
    with clean_errors(path):
        if is_index(path):
            data, parts = _write_parts(job, whole, rows)
            folder.write(f"{whole.final}/{job.manifest}", data)
            digest = hashlib.sha256(data).hexdigest()
        else:
            digest = _write_csv(job, path, rows)
    return WrittenManifest(folder, whole, job.manifest, digest, parts)


def _write_csv(job: Job, path: Path, rows: Iterable[bytes]) -> str:
    """Write manifest.csv, and return its SHA-256."""
    state = hashlib.sha256()
    header = manifest.to_csv([manifest.columns(job.config.photometric_columns)])
    with path.open("wb") as file:
        for each in chain([header], rows):
            state.update(each)
            file.write(each)
    return state.hexdigest()


def _write_parts(
    job: Job, whole: Whole, rows: Iterable[bytes]
) -> tuple[bytes, dict[str, FileFacts]]:
    """Write the parts among what is staged; return the index's bytes, and what the parts are."""
    folder = job.workspace.folder
    apart, staged = f"{whole.folder}/{PARTS}", f"{whole.staged}/{PARTS}"
    folder.make_folder(apart)
    folder.make_folder(staged)
    index = write_parts(folder.path_of(apart), column_kinds(job.config), rows)
    names = {part.name for part in index.parts}
    for name in folder.names(staged):
        if name not in names:  # of a try that was stopped, and had other failures
            folder.remove_tree(f"{staged}/{name}")
    facts = {}
    for part in index.parts:
        size = folder.path_of(f"{apart}/{part.name}").stat().st_size
        facts[part.path] = FileFacts(size, part.sha256)
        folder.rename(f"{apart}/{part.name}", f"{staged}/{part.name}")
    return index.encode(), facts
