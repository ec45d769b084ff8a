"""What sources of packed data sets share: many samples lie in one file on disk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from augtool.core.geometry import Image
from augtool.core.records import Sample
from augtool.storage.files import file_stamp

__all__ = ["PackedFiles"]


class PackedFiles:
    """Reads samples with the stamps of the files that they lie in."""

    has_files: ClassVar[bool] = False
    reads_ahead: ClassVar[bool] = False

    def __init__(self) -> None:
        self._stamps: dict[str, str] = {}

    def read(self, sample: Sample) -> bytes | Image:
        """Return a sample's file bytes, or its pixels."""
        raise NotImplementedError

    def path_of(self, sample: Sample) -> str:
        """Return the path of the file that a sample lies in."""
        raise NotImplementedError

    def read_stamped(self, sample: Sample) -> tuple[bytes | Image, str]:
        """Return what `read` does, and the stamp that the file had when it was first read.

        A file stays open, or a batch in memory, while another one may take its place.
        """
        path = self.path_of(sample)
        if path not in self._stamps:
            self._stamps[path] = file_stamp(path)
        return self.read(sample), self._stamps[path]

    def expect(self, samples: Iterable[Sample]) -> None:
        """Do nothing: a disk is fast enough."""

    def version_of(self, sample: Sample) -> str | None:  # noqa: ARG002
        """Return None: times tell."""
        return None
