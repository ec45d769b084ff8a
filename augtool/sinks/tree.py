"""Class folders of image files, which every image-folder loader reads."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from augtool.config.schema import Config
from augtool.core.image_spec import ImageSpec
from augtool.core.records import Record
from augtool.sinks.sink import ChunkOutputs, ChunkPlaces, RecordReader
from augtool.storage.confined import ConfinedFolder
from augtool.storage.files import cannot_write, read_regular

__all__ = ["TreeSink"]


class TreeSink:
    """Writes each record as a file, under its final name: nothing is left to assemble."""

    name: ClassVar[str] = "tree"
    one_file_per_record: ClassVar[bool] = True
    stores_pixels: ClassVar[bool] = False
    takes: ClassVar[frozenset[str]] = frozenset({"links", "metadata", "number_classes"})

    def __init__(self, config: Config) -> None:
        self._originals = config.output.originals

    def check(self, classes: Sequence[str], spec: ImageSpec | None) -> None:
        """Accept any data set."""

    def open(self, folder: ConfinedFolder, places: ChunkPlaces) -> _TreeWriter:
        """Return a writer of files."""
        return _TreeWriter(folder, places, is_symbolic=self._originals == "symlink")

    def finish(self, outputs: ChunkOutputs, into: Path) -> None:
        """Do nothing: every file already has its final name."""

    def reader(self, folder: ConfinedFolder) -> RecordReader:
        """Return what reads files; an original may be a link to its source."""
        return lambda path: read_regular(os.fspath(folder.path_of(path)))


class _TreeWriter:
    """Writes straight under the final names, or under its own name first where others write, too.

    (A rename costs as much as all else that a small file takes.)
    """

    def __init__(self, folder: ConfinedFolder, places: ChunkPlaces, *, is_symbolic: bool) -> None:
        self._folder = folder
        self._staged = places.staged
        self._is_symbolic = is_symbolic
        self._temporary = f"{places.scratch}/{secrets.token_hex(6)}" if places.is_shared else ""

    def write(
        self,
        planned_path: str,
        record: Record,  # noqa: ARG002 - the file says it all
        data: bytes,
        link_to: str | None = None,
    ) -> str:
        path = f"{self._staged}/{planned_path}"
        place = self._temporary or path
        try:  # clean_errors would also work, but costs 2 us of 20
            if link_to is None:
                self._folder.write(place, data)
            else:
                self._link(place, planned_path, os.path.realpath(link_to))
            if self._temporary:
                self._folder.rename(place, path)
        except OSError as error:
            raise cannot_write(self._folder.path_of(planned_path), error) from error
        return planned_path

    def _link(self, place: str, planned_path: str, target: str) -> None:
        """Link to a source; a symbolic link says the way from where it will lie at the end."""
        if self._is_symbolic:
            home = os.path.realpath(self._folder.path_of(planned_path).parent)
            target = os.path.relpath(target, home)
        self._folder.link(place, target, symbolic=self._is_symbolic)

    def remove(self, paths: Sequence[str]) -> None:
        """Do nothing: another process may have made these files, and rely on them."""

    def close(self, name: str) -> str:  # noqa: ARG002
        """Do nothing: nothing is buffered."""
        return ""

    def abandon(self) -> None:
        """Do nothing: nothing is open."""
