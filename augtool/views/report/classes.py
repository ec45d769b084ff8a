"""The table of classes: counts before and after, and bars."""

from __future__ import annotations

from typing import NamedTuple

from augtool.core.records import TRAIN, ClassCounts
from augtool.output.dataset import DatasetInfo

__all__ = ["MOST_CLASSES", "class_rows"]

#: Classes on a page; a row takes about 100 bytes.
MOST_CLASSES = 5000


class ClassRow(NamedTuple):
    """One class: its counts, and the lengths of its bars in percent of the longest."""

    name: str
    before: int
    after: int
    others: list[int]
    before_percent: float
    added_percent: float


def class_rows(dataset: DatasetInfo) -> list[ClassRow]:
    """Return a row for each class, in the order of labels."""
    training = dataset.counts.get(TRAIN, {})
    longest = max([1, *(counts.records for counts in training.values())])
    rows = []
    for name in dataset.classes[:MOST_CLASSES]:
        counts = training.get(name, ClassCounts())
        others = [
            classes.get(name, ClassCounts()).originals
            for split, classes in dataset.counts.items()
            if split != TRAIN
        ]
        before, added = (100 * count / longest for count in counts)
        rows.append(ClassRow(name, counts.originals, counts.records, others, before, added))
    return rows
