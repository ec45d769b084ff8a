"""Class folders of image files, which every image-folder loader reads."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from augtool.config.schema import Config
from augtool.core.image_spec import ImageSpec
from augtool.core.records import Record
from augtool.sinks.sink import ChunkOutputs
from augtool.storage.files import TempFolder, clean_errors

__all__ = ["TreeSink"]


class TreeSink:
    """Writes each record as a file, under its final name: nothing is left to assemble."""

    name: ClassVar[str] = "tree"
    one_file_per_record: ClassVar[bool] = True
    stores_pixels: ClassVar[bool] = False
    takes: ClassVar[frozenset[str]] = frozenset({"links", "metadata"})

    def __init__(self, config: Config) -> None:
        self._originals = config.output.originals

    def check(self, classes: Sequence[str], spec: ImageSpec | None) -> None:
        """Accept any data set."""

    def open(self, out: Path, scratch: Path, payload: Path) -> _TreeWriter:  # noqa: ARG002
        """Return a writer of files below `out`."""
        return _TreeWriter(out, TempFolder(scratch), is_symbolic=self._originals == "symlink")

    def finish(self, outputs: ChunkOutputs, into: Path) -> None:
        """Do nothing: every file already has its final name."""


class _TreeWriter:
    def __init__(self, out: Path, temporary: TempFolder, *, is_symbolic: bool) -> None:
        self._out = str(out)
        self._temporary = temporary
        self._is_symbolic = is_symbolic

    def write(
        self,
        planned_path: str,
        record: Record,  # noqa: ARG002 - the file says it all
        data: bytes,
        link_to: str | None = None,
    ) -> str:
        path = f"{self._out}/{planned_path}"
        if link_to is None:
            self._temporary.write(path, data)
        else:
            self._temporary.link(path, link_to, symbolic=self._is_symbolic)
        return planned_path

    def remove(self, paths: Sequence[str]) -> None:
        for path in paths:
            with clean_errors(path), contextlib.suppress(FileNotFoundError):
                Path(self._out, path).unlink()

    def close(self) -> None:
        """Do nothing: nothing is buffered."""

    def abandon(self) -> None:
        """Do nothing: nothing is open."""
