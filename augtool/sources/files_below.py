"""What sources of image files share: an id is the path of a file below one folder."""

from __future__ import annotations

from collections.abc import Iterable

from augtool.core.records import Sample
from augtool.storage.data_folder import DataFolder

__all__ = ["FilesBelow"]


class FilesBelow:
    """Finds and reads the files of samples.

    Attributes
    ----------
    folder
        The folder that ids are relative to.
    """

    folder: DataFolder

    @property
    def files_root(self) -> str:
        """The folder on disk; of a remote one, a stand-in with what describes the data."""
        return str(self.folder.on_disk)

    @property
    def reads_ahead(self) -> bool:
        """Whether files are read by requests."""
        return self.folder.reads_ahead

    def path_of(self, sample: Sample) -> str:
        """Return the path or URL of the sample's file."""
        return f"{self.folder.root}/{sample.id}"

    def place_of(self, sample: Sample) -> None:
        """Return None: a sample's path says where it is."""

    def read(self, sample: Sample) -> bytes:
        """Return the bytes of the sample's file."""
        return self.folder.read(sample.id)[0]

    def read_stamped(self, sample: Sample) -> tuple[bytes, str]:
        """Return the bytes of the sample's file, with its stamp."""
        return self.folder.read(sample.id)

    def expect(self, samples: Iterable[Sample]) -> None:
        """Begin to read what will be wanted next, where reading takes its time."""
        self.folder.expect(sample.id for sample in samples)

    def version_of(self, sample: Sample) -> str | None:
        """Return what the listing says to tell the file's bytes; None where only its times do."""
        return self.folder.version(sample.id)
