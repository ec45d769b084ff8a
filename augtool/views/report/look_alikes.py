"""Finds originals that look the same, to be shown side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from augtool.core.records import Record
from augtool.images.display import to_display, white_level
from augtool.views.inspect.perceptual_hash import near_groups, perceptual_hash
from augtool.views.report.samples import Pictures

__all__ = ["LookAlikes", "find_look_alikes"]


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """Originals that look the same."""

    records: tuple[Record, ...]

    @property
    def is_across_splits(self) -> bool:
        """Whether they lie in different splits: then the test set is not independent."""
        return len({record.split for record in self.records}) > 1

    @property
    def is_across_classes(self) -> bool:
        """Whether they have different labels: then one of them is wrong."""
        return len({record.label for record in self.records}) > 1


def find_look_alikes(
    originals: Sequence[Record], pictures: Pictures
) -> tuple[int, list[LookAlikes]]:
    """Return how many originals could be looked at, and the groups of those that look the same.

    The worst come first: across splits, then across classes.
    """
    seen, looks = [], []
    for record in originals:
        image = pictures.written(record)
        if image is not None:
            seen.append(record)
            looks.append(perceptual_hash(to_display(image, white=white_level(image))))
    groups = [
        LookAlikes(tuple(sorted((seen[place] for place in group), key=lambda each: each.path)))
        for group in near_groups(looks)
    ]
    groups.sort(
        key=lambda group: (
            not group.is_across_splits,
            not group.is_across_classes,
            group.records[0].path,
        )
    )
    return len(seen), groups
