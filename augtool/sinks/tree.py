"""Class folders of image files, which every image-folder loader reads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from augtool.config.schema import Config
from augtool.core.image_spec import ImageSpec
from augtool.core.records import Record
from augtool.sinks.sink import ChunkOutputs, RecordReader
from augtool.storage.confined import ConfinedFolder
from augtool.storage.files import cannot_write, clean_errors, read_regular

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

    def open(self, folder: ConfinedFolder, staged: str, payloads: str) -> _TreeWriter:  # noqa: ARG002
        """Return a writer of files."""
        return _TreeWriter(folder, staged, is_symbolic=self._originals == "symlink")

    def finish(self, outputs: ChunkOutputs, into: Path) -> None:
        """Do nothing: every file already has its final name."""

    def reader(self, folder: ConfinedFolder) -> RecordReader:
        """Return what reads files; an original may be a link to its source."""
        return lambda path: read_regular(os.fspath(folder.path_of(path)))


class _TreeWriter:
    def __init__(self, folder: ConfinedFolder, staged: str, *, is_symbolic: bool) -> None:
        self._folder = folder
        self._staged = staged
        self._is_symbolic = is_symbolic

    def write(
        self,
        planned_path: str,
        record: Record,  # noqa: ARG002 - the file says it all
        data: bytes,
        link_to: str | None = None,
    ) -> str:
        path = f"{self._staged}/{planned_path}"
        try:  # clean_errors would also work, but costs 2 us of 20
            if link_to is None:
                self._folder.write(path, data)
            else:
                self._link(path, planned_path, os.path.realpath(link_to))
        except OSError as error:
            raise cannot_write(self._folder.path_of(planned_path), error) from error
        return planned_path

    def _link(self, path: str, planned_path: str, target: str) -> None:
        """Link to a source; a symbolic link says the way from where it will lie at the end."""
        if self._is_symbolic:
            home = os.path.realpath(self._folder.path_of(planned_path).parent)
            target = os.path.relpath(target, home)
        self._folder.link(path, target, symbolic=self._is_symbolic)

    def remove(self, paths: Sequence[str]) -> None:
        for path in paths:
            with clean_errors(self._folder.path_of(path)):
                self._folder.unlink(f"{self._staged}/{path}")

    def close(self, name: str) -> str:  # noqa: ARG002
        """Do nothing: nothing is buffered."""
        return ""

    def abandon(self) -> None:
        """Do nothing: nothing is open."""
