"""Reads a manifest once, and keeps what a report shows: counts of draws, and a few samples.

Memory does not grow with the number of rows, so a manifest of millions works too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Generic, NamedTuple, TypeVar

from augtool.config.schema import Config
from augtool.core.geometry import Size
from augtool.core.records import TRAIN, Record
from augtool.core.rng import shuffle_key
from augtool.views.report.histograms import Histogram, histograms
from augtool.views.report.sizes import SizeTally

__all__ = ["Family", "Figures", "gather"]

Kept = TypeVar("Kept")


class Family(NamedTuple):
    """An original and its copies, as listed in the manifest; the original may be omitted."""

    original: Record | None
    copies: tuple[Record, ...]

    @property
    def source(self) -> str:
        """Id of the sample."""
        return self.copies[0].source


@dataclass(slots=True)
class Figures:
    """The parts of a manifest that a report shows.

    Parameters
    ----------
    histograms
        One for each parameter.
    shown
        Families for the grid, by class.
    compared
        Families whose copies are compared with their originals.
    sizes
        How many copies have each size.
    originals
        Originals of all splits, to look for those that look the same.
    before, after
        Sizes of the originals, and of all records.
    """

    histograms: list[Histogram]
    shown: dict[str, list[Family]] = field(default_factory=dict)
    compared: list[Family] = field(default_factory=list)
    sizes: Counter[Size] = field(default_factory=Counter)
    originals: list[Record] = field(default_factory=list)
    before: SizeTally = field(default_factory=SizeTally)
    after: SizeTally = field(default_factory=SizeTally)

    @property
    def usual_size(self) -> Size | None:
        """The size that most copies have."""
        return self.sizes.most_common(1)[0][0] if self.sizes else None


def gather(
    records: Iterable[Record],
    config: Config,
    *,
    shown: dict[str, int],
    compared: int,
    looked_at: int = 0,
) -> Figures:
    """Return the figures of a manifest's records.

    Parameters
    ----------
    records
        In manifest order; read once.
    config
        The config of the run.
    shown
        How many families to keep of each class, for the grid.
    compared
        How many to keep in all, to compare copies with originals.
    looked_at
        How many originals of all splits to keep.
    """
    figures = Figures(histograms(config))
    lowest = {name: _Lowest[Family](count) for name, count in shown.items()}
    overall, originals = _Lowest[Family](compared), _Lowest[Record](looked_at)
    for (split, class_name, source), group in groupby(
        records, lambda record: (record.split, record.class_name, record.source)
    ):
        own = list(group)
        number = shuffle_key(config.seed, "report", source)
        for record in own:
            size = Size(record.height, record.width)
            figures.after.add(size)
            if record.copy is None:
                figures.before.add(size)
                originals.offer(number, record)
        family = _family(own)
        if split != TRAIN or family is None:
            continue
        for record in family.copies:
            figures.sizes[Size(record.height, record.width)] += 1
            for histogram in figures.histograms:
                histogram.add(record)
        overall.offer(number, family)
        if class_name in lowest:
            lowest[class_name].offer(number, family)
    figures.compared = overall.kept
    figures.originals = originals.kept
    figures.shown = {name: families.kept for name, families in lowest.items() if families.kept}
    return figures


def _family(own: Sequence[Record]) -> Family | None:
    """Return the records of one source; None if it has no copies."""
    copies = tuple(record for record in own if record.copy is not None)
    originals = [record for record in own if record.copy is None]
    return Family(originals[0] if originals else None, copies) if copies else None


class _Lowest(Generic[Kept]):
    """Keeps what has the lowest numbers: a sample that is the same in every run."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: list[tuple[int, Kept]] = []
        self._limit = 2**64

    def offer(self, number: int, each: Kept) -> None:
        if number >= self._limit or not self._most:
            return
        self._kept.append((number, each))
        if len(self._kept) >= 2 * self._most:
            self._cut()

    def _cut(self) -> None:
        self._kept.sort(key=lambda each: each[0])
        del self._kept[self._most :]
        if self._most and len(self._kept) == self._most:
            self._limit = self._kept[-1][0]

    @property
    def kept(self) -> list[Kept]:
        self._cut()
        return [each for _, each in self._kept]
