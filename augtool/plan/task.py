"""A task: everything that is made of one sample, and the little that names it."""

from __future__ import annotations

from typing import NamedTuple

from augtool.core.records import PreviousRecords, Sample
from augtool.plan.naming import Names

__all__ = ["Task", "TaskRef"]


class TaskRef(NamedTuple):
    """Which sample a task is about, for a worker that knows the plan.

    `chunk` and `position` are its place in the plan; `previous` is what an update may keep.
    """

    chunk: int
    position: int
    sample_index: int
    previous: PreviousRecords | None = None


class Task(NamedTuple):
    """Everything that is made of one sample.

    `copies` is how many copies it gets, numbered from 0; `folder` is where its records go, below
    the output, "" for the output itself; `previous` is what an update may keep.
    """

    chunk: int
    position: int
    sample: Sample
    class_name: str
    folder: str
    names: Names
    copies: int
    previous: PreviousRecords | None = None

    def planned_path(self, copy: int | None) -> str:
        """Return where a tree has a copy, or the original (None), below the output."""
        name = self.names.original if copy is None else self.names.copy(copy)
        return f"{self.folder}/{name}" if self.folder else name
