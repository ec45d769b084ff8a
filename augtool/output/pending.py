"""Where an output's files lie while a finished run is being put in its place.

A run is made whole in ``OUT/.augtool`` first.  From the moment that ``commit.json`` is there, what
it made counts: each file lies either in its place already, or still in the workspace.  A reader
that looks in both finds the new state whole, at every instant.
"""

from __future__ import annotations

from augtool.output.dataset import DATASET, MANIFEST
from augtool.storage.confined import ConfinedFolder

__all__ = ["COMMIT", "FINAL", "STAGED", "STATE", "OutputView"]

#: The run's own folder; what it has made for OUT's class folders; and OUT's own files.
STATE = ".augtool"
STAGED, FINAL = f"{STATE}/staged", f"{STATE}/final"
#: Its presence means that what was made counts.
COMMIT = f"{STATE}/commit.json"


class OutputView:
    """A finished output as a reader sees it, also while it is being put in its place."""

    def __init__(self, folder: ConfinedFolder) -> None:
        self.folder = folder
        self._is_pending = folder.stat(COMMIT) is not None

    @property
    def manifest(self) -> str:
        """Path of the manifest."""
        return self._place(f"{FINAL}/{MANIFEST}", MANIFEST)

    @property
    def dataset(self) -> str:
        """Path of dataset.json."""
        return self._place(f"{FINAL}/{DATASET}", DATASET)

    def record(self, path: str) -> str:
        """Return where the file that a row calls `path` lies."""
        return self._place(f"{STAGED}/{path}", path)

    def _place(self, pending: str, final: str) -> str:
        if self._is_pending and self.folder.stat(pending) is not None:
            return pending
        return final
