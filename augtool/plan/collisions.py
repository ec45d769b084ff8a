"""Finds the samples whose names would collide in an output, and names them apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import add

from augtool.core.grouping import Places, places_by_key
from augtool.core.records import Samples
from augtool.plan.naming import Names, names_in_folder

__all__ = ["renamed_samples"]


def renamed_samples(
    samples: Samples, extension: str, format: str, *, is_rewritten: bool
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
    folders: dict[tuple[str, int], int] = {}
    folder_of_group = [
        folders.setdefault((split, label), len(folders)) for split, label, _ in samples.groups
    ]
    for _, places in places_by_key(samples.of_groups(folder_of_group)):
        names, ids = _Names(samples, places, extension), _Ids(samples, places)
        changed = names_in_folder(names, ids, format, is_rewritten=is_rewritten)
        renamed.update((int(places[position]), each) for position, each in changed.items())
    return renamed


@dataclass(frozen=True, slots=True)
class _Names(Sequence[str]):
    """The names of the samples of one folder, computed on the fly."""

    samples: Samples
    places: Places
    extension: str

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, position: int) -> str:  # type: ignore[override]  # no slices
        return self.samples.names[int(self.places[position])] + self.extension

    def __iter__(self) -> Iterator[str]:
        names = self.samples.names.at(self.places)
        return map(add, names, repeat(self.extension)) if self.extension else names


@dataclass(frozen=True, slots=True)
class _Ids(Sequence[str]):
    """The ids of the samples of one folder, computed on the fly."""

    samples: Samples
    places: Places

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, position: int) -> str:  # type: ignore[override]  # no slices
        return self.samples[int(self.places[position])].id
