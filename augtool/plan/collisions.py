"""Finds the samples whose names would collide in an output, and names them apart."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from augtool.core.records import Sample
from augtool.plan.naming import Member, Names, names_in_folder

__all__ = ["renamed_samples"]


def renamed_samples(
    samples: Sequence[Sample], extension: str, format: str, *, is_rewritten: bool
) -> dict[int, Names]:
    """Return the names of the samples that can't have plain names, by index, over all folders.

    Parameters
    ----------
    samples
        In the order of work.
    extension
        Extension of record names if ids have none (packed formats).
    format, is_rewritten
        As for :func:`augtool.plan.naming.plain_names`.
    """
    renamed: dict[int, Names] = {}
    folders: dict[tuple[str, int], array[int]] = {}
    for index, sample in enumerate(samples):
        folders.setdefault((sample.split, sample.label), array("L")).append(index)
    for indices in folders.values():
        members = _Members(samples, indices, extension)
        changed = names_in_folder(members, format, is_rewritten=is_rewritten)
        renamed.update((indices[position], names) for position, names in changed.items())
    return renamed


@dataclass(frozen=True, slots=True)
class _Members(Sequence[Member]):
    """The samples of one folder, computed on the fly."""

    samples: Sequence[Sample]
    indices: Sequence[int]
    extension: str

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, position: int) -> Member:  # type: ignore[override]  # no slices
        sample = self.samples[self.indices[position]]
        return Member(sample.name + self.extension, sample.id)
