"""Finds the classes and samples whose names would collide in an output, and names them apart."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from augtool.core.records import Sample
from augtool.plan.naming import Member, Names, names_in_folder, safe_folder

__all__ = ["class_folders", "renamed_samples"]


def class_folders(classes: Sequence[str]) -> tuple[str, ...]:
    """Return safe folder names, one per class; names that collide get a hash.

    Of two that collide, the class that is called like its folder keeps it, whatever the order of
    labels; else the first by name.
    """
    ordered = sorted(range(len(classes)), key=lambda label: _claim(classes[label]))
    members = [Member(safe_folder(classes[label]), classes[label]) for label in ordered]
    renamed = names_in_folder(members, "keep", is_rewritten=False)
    folders = {
        label: renamed[place].stem if place in renamed else members[place].name
        for place, label in enumerate(ordered)
    }
    return tuple(folders[label] for label in range(len(classes)))


def _claim(class_name: str) -> tuple[bool, str]:
    return safe_folder(class_name) != class_name, class_name


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
