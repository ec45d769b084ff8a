"""What sources of image files share: an id is the path of a file below one folder."""

from __future__ import annotations

from augtool.core.records import Sample
from augtool.storage.files import read_regular

__all__ = ["FilesBelow"]


class FilesBelow:
    """Finds and reads the files of samples.

    Attributes
    ----------
    files_root
        The folder that ids are relative to.
    """

    files_root: str

    def path_of(self, sample: Sample) -> str:
        """Return the path of the sample's file."""
        return f"{self.files_root}/{sample.id}"

    def place_of(self, sample: Sample) -> None:
        """Return None: a sample's path says where it is."""

    def read(self, sample: Sample) -> bytes:
        """Return the bytes of the sample's file."""
        return read_regular(self.path_of(sample))
