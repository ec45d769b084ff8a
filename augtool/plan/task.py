"""A task: everything that is made of one sample, and the little that names it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, overload

from augtool.core.records import PreviousRecords, Sample
from augtool.plan.naming import Names

__all__ = ["Task", "TaskRef", "TaskRefs"]


class TaskRef(NamedTuple):
    """Which sample a task is about, for a worker that knows the plan.

    `chunk` and `position` are its place in the plan; `previous` is what an update may keep.
    """

    chunk: int
    position: int
    sample_index: int
    previous: PreviousRecords | None = None


@dataclass(frozen=True, slots=True)
class TaskRefs(Sequence[TaskRef]):
    """The tasks of a whole chunk, made on the fly: to be sent, they are three numbers."""

    chunk: int
    sample_indices: range

    def __len__(self) -> int:
        return len(self.sample_indices)

    @overload
    def __getitem__(self, index: int) -> TaskRef: ...

    @overload
    def __getitem__(self, index: slice) -> list[TaskRef]: ...

    def __getitem__(self, index: int | slice) -> TaskRef | list[TaskRef]:
        if isinstance(index, slice):
            return list(self)[index]
        return TaskRef(self.chunk, range(len(self))[index], self.sample_indices[index])

    def __iter__(self) -> Iterator[TaskRef]:
        for position, sample_index in enumerate(self.sample_indices):
            yield TaskRef(self.chunk, position, sample_index)


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
