"""Where an output's files lie while a finished run is being put in its place.

A run is made whole in ``OUT/.augtool`` first.  From the moment that ``commit.json`` is there, what
it made counts: each file lies either in its place already, or still in the workspace.  A reader
that looks in both finds the new state whole, at every instant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from augtool.output import manifest
from augtool.output.dataset import DATASET, MANIFEST
from augtool.storage.confined import ConfinedFolder
from augtool.storage.json_fields import JsonFields, json_bytes

__all__ = ["COMMIT", "FINAL", "PREVIOUS", "STAGED", "STATE", "CommitState", "OutputView"]

#: The run's own folder; what it has made for OUT's class folders; and OUT's own files.
STATE = ".augtool"
STAGED, FINAL = f"{STATE}/staged", f"{STATE}/final"
#: Its presence means that what was made counts.
COMMIT = f"{STATE}/commit.json"
#: The manifest that goes, from when it must not look whole any more.
PREVIOUS = f"{STATE}/previous.csv"


class CommitState(NamedTuple):
    """What commit.json says: the manifest that goes, "" for none, and what goes with it."""

    previous_digest: str
    lists_files: bool
    removed: list[str]

    @classmethod
    def read(cls, folder: ConfinedFolder) -> CommitState | None:
        """Return what an output's says; None where there is none or it is torn: nothing counts."""
        try:
            fields = JsonFields.parse(folder.read(COMMIT))
            return cls(
                fields.get("previous_digest", str),
                fields.get("lists_files", bool),
                fields.items("removed", str),
            )
        except (FileNotFoundError, ValueError):
            return None

    def encode(self) -> bytes:
        """Return the file's bytes."""
        return json_bytes(self._asdict())

    def believes(self, folder: ConfinedFolder, table: str) -> bool:
        """Tell whether a file is the manifest that goes, to the last byte."""
        if not self.previous_digest or folder.stat(table) is None:
            return False
        with folder.open(table) as file:
            return manifest.digest_of(file) == self.previous_digest


class OutputView:
    """A finished output as a reader sees it, also while it is being put in its place."""

    def __init__(self, folder: ConfinedFolder) -> None:
        self.folder = folder
        self._commit = CommitState.read(folder)

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

    def leaving(self) -> Iterator[str]:
        """Yield the paths of the state that goes: some may still be there, until the next run."""
        if self._commit is None:
            return
        yield from self._commit.removed
        for table in (PREVIOUS, MANIFEST) if self._commit.lists_files else ():
            if self._commit.believes(self.folder, table):
                for path, _, _ in manifest.read_sources(self.folder.path_of(table)):
                    yield path

    def _place(self, pending: str, final: str) -> str:
        if self._commit is not None and self.folder.stat(pending) is not None:
            return pending
        return final
