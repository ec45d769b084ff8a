"""Where in OUT a run keeps what it makes: a folder named by its identity, so that none is mixed up.

A process of another run that still works, though nobody knows of it, then adds nothing to this one.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

from augtool.output.pending import STATE
from augtool.sinks import ChunkPlaces

__all__ = ["Whole", "WorkPlaces"]


class Whole(NamedTuple):
    """Where lies what a run has made whole: OUT's class folders, shards or arrays, and own files.

    `folder` is that of whoever completes the run, and `staged` need not be in it.
    """

    folder: str
    staged: str

    @property
    def final(self) -> str:
        """The folder of OUT's own files."""
        return f"{self.folder}/final"


class WorkPlaces(NamedTuple):
    """The folder of one run, below the output, and those in it.

    Parameters
    ----------
    identity
        What tells the run from every run that would write something else.
    is_shared
        Whether other processes may be at work there.
    """

    identity: str
    is_shared: bool = False

    @property
    def root(self) -> str:
        """All of it."""
        return f"{STATE}/work-{self.identity[:16]}"

    @property
    def results(self) -> str:
        """Where finished chunks leave their results."""
        return f"{self.root}/results"

    @property
    def staged(self) -> str:
        """Where records lie that are files."""
        return f"{self.root}/staged"

    @property
    def scratch(self) -> str:
        """Where files lie that are being written."""
        return f"{self.root}/scratch"

    @property
    def chunks(self) -> ChunkPlaces:
        """Where writers put the records of chunks."""
        return ChunkPlaces(
            self.staged, f"{self.root}/payloads", self.scratch, is_shared=self.is_shared
        )

    def folders(self) -> tuple[str, ...]:
        """Return the folders that workers need."""
        return self.results, self.chunks.payloads, self.staged, self.scratch

    def new_whole(self, *, is_assembled: bool) -> Whole:
        """Return a place of its own for whoever completes the run.

        `is_assembled` where records are no files yet.
        """
        folder = f"{self.root}/whole-{secrets.token_hex(6)}"
        return Whole(folder, f"{folder}/staged" if is_assembled else self.staged)
