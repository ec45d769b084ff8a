"""Where an output's files lie while a finished run is being put in its place.

A run is made whole in ``OUT/.augtool`` first.  From the moment that ``commit.json`` is there, what
it made counts: each file lies either in its place already, or still in the workspace.  A reader
that looks in both finds the new state whole, at every instant.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from augtool.errors import OccupiedError
from augtool.output import manifest
from augtool.output.dataset import DATASET
from augtool.output.manifest_index import read_index
from augtool.storage.confined import ConfinedFolder
from augtool.storage.json_fields import JsonFields, is_sealed, sealed_bytes
from augtool.storage.which_manifest import CSV, INDEX, MANIFESTS, is_index, manifest_in

__all__ = [
    "COMMIT",
    "PREVIOUS",
    "STATE",
    "CommitState",
    "OutputView",
    "digest_of",
]

#: The folder of runs, in which each has one of its own.
STATE = ".augtool"
#: Its presence means that what was made counts.
COMMIT = f"{STATE}/commit.json"
#: The manifest that goes, from when it must not look whole any more.
PREVIOUS = {CSV: f"{STATE}/previous.csv", INDEX: f"{STATE}/previous-manifest.json"}
#: Where in it what comes may lie, as a run says.
_PENDING = re.compile(rf"{re.escape(STATE)}/work-[0-9a-f]{{16}}(/whole-[0-9a-f]+)?/(staged|final)")


class CommitState(NamedTuple):
    """What commit.json says.

    Parameters
    ----------
    staged_in, final_in
        The folders in which that lies what comes: for OUT's class folders, and OUT's own files.
    final
        SHA-256 of each of OUT's own files that come.
    tops
        What comes at the top of OUT beside them.
    previous_digest, lists_files
        Of the manifest that goes, "" for none, and whether its paths are files.
    removed
        Other files that go.
    """

    staged_in: str
    final_in: str
    final: dict[str, str]
    tops: list[str]
    previous_digest: str
    lists_files: bool
    removed: list[str]

    @classmethod
    def read(cls, folder: ConfinedFolder) -> CommitState | None:
        """Return what an output's says; None where there is none or it is torn: nothing counts."""
        try:
            data = folder.read(COMMIT)
            if not is_sealed(data):
                return None
            fields = JsonFields.parse(data)
            places = fields.get("staged_in", str), fields.get("final_in", str)
            if not all(_PENDING.fullmatch(place) for place in places):
                return None
            return cls(
                *places,
                fields.mapping("final", str),
                fields.items("tops", str),
                fields.get("previous_digest", str),
                fields.get("lists_files", bool),
                fields.items("removed", str),
            )
        except (FileNotFoundError, ValueError):
            return None

    def encode(self) -> bytes:
        """Return the file's bytes."""
        return sealed_bytes(self._asdict())

    @property
    def manifest(self) -> str:
        """Name of the manifest that comes."""
        return next((name for name in MANIFESTS if name in self.final), CSV)

    def has_manifest_pending(self, folder: ConfinedFolder) -> bool:
        """Tell whether the manifest that comes has not got its name yet."""
        return folder.stat(f"{self.final_in}/{self.manifest}") is not None

    def is_intact(self, folder: ConfinedFolder) -> bool:
        """Tell whether those of the files that come that are not in their place are unchanged.

        Of a manifest that is not in its place, all parts count.
        """
        for name, digest in self.final.items():
            with contextlib.suppress(FileNotFoundError):
                try:
                    if digest_of(folder, f"{self.final_in}/{name}") != digest:
                        return False
                except OccupiedError:  # a link or a folder
                    return False
        table = f"{self.final_in}/{self.manifest}"
        if not is_index(table) or folder.stat(table) is None:
            return True
        index = read_index(folder.path_of(table))
        return manifest.damaged_part(index, OutputView(folder).placed.open) is None

    def damage(self, folder: ConfinedFolder, table: str) -> str | None:
        """Return what of the manifest that goes is not as it was: it, or a part; None if nothing.

        `table` is where it lies.
        """
        if not self.previous_digest or digest_of(folder, table) != self.previous_digest:
            return table
        if not is_index(table):
            return None
        damaged = manifest.damaged_part(read_index(folder.path_of(table)), folder.open)
        return damaged[0] if damaged else None

    def believes(self, folder: ConfinedFolder, table: str) -> bool:
        """Tell whether a file is there and the manifest that goes, to the last byte."""
        return folder.stat(table) is not None and self.damage(folder, table) is None


def digest_of(folder: ConfinedFolder, path: str) -> str:
    """Return the SHA-256 of a file of the output."""
    with folder.open(path) as file:
        return manifest.digest_of(file)


class OutputView:
    """A finished output as a reader sees it, also while it is being put in its place."""

    def __init__(self, folder: ConfinedFolder) -> None:
        self.folder = folder
        self._commit = CommitState.read(folder)

    @property
    def manifest(self) -> str:
        """Path of the manifest."""
        return self._own_file(self.manifest_name)

    @property
    def manifest_name(self) -> str:
        """Which of the two it is."""
        return self._commit.manifest if self._commit else manifest_in(self.folder.stat)

    @property
    def dataset(self) -> str:
        """Path of dataset.json."""
        return self._own_file(DATASET)

    def record(self, path: str) -> str:
        """Return where the file that a row calls `path` lies."""
        return self._place(path, self._commit.staged_in if self._commit else "")

    @property
    def placed(self) -> ConfinedFolder:
        """The output as a folder whose files are read from where they lie."""
        return _PlacedFolder(self)

    def leaving(self) -> Iterator[str]:
        """Yield the paths of the state that goes: some may still be there, until the next run."""
        if self._commit is None:
            return
        yield from self._commit.removed
        for table in (*PREVIOUS.values(), *MANIFESTS) if self._commit.lists_files else ():
            if self._commit.believes(self.folder, table):
                for path, _, _ in manifest.read_sources(
                    self.folder.path_of(table), self.folder.open
                ):
                    yield path

    def _own_file(self, name: str) -> str:
        return self._place(name, self._commit.final_in if self._commit else "")

    def _place(self, path: str, pending_in: str) -> str:
        pending = f"{pending_in}/{path}"
        return pending if pending_in and self.folder.stat(pending) is not None else path


class _PlacedFolder(ConfinedFolder):
    """An output for readers of records, who know no places but those in the manifest."""

    def __init__(self, view: OutputView) -> None:
        super().__init__(view.folder.root)
        self._view = view

    def path_of(self, path: str) -> Path:
        """Return a path for messages, and for those who only look."""
        return super().path_of(self._view.record(path))

    def open(self, path: str) -> BinaryIO:
        """Open a regular file for reading; a link is not followed."""
        return super().open(self._view.record(path))
