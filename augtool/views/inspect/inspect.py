"""Takes stock of a data set: what is in it, what is broken, and what is duplicated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from statistics import median
from typing import NamedTuple

from augtool.core.grouping import equal_groups
from augtool.core.image_spec import MAX_PIXELS
from augtool.core.records import TRAIN, Failure, Listing
from augtool.engines import Died, open_engine
from augtool.engines.progress import Progress
from augtool.errors import ExitCode
from augtool.runtime import DEFAULT_LIMITS, Limits
from augtool.sources import Source, open_source
from augtool.views.inspect.examine import ImageFacts, ImageScanner, Item
from augtool.views.inspect.perceptual_hash import near_groups

__all__ = ["Group", "Inspection", "inspect"]

_CHUNK = 32
_KINDS = {1: "gray", 2: "gray + alpha", 3: "colour", 4: "colour + alpha"}


class Group(NamedTuple):
    """Images that are the same: their ids, and whether they cross splits or classes."""

    ids: tuple[str, ...]
    is_across_splits: bool
    is_across_classes: bool

    def to_json(self) -> dict[str, object]:
        """Return the group as JSON-able values."""
        return {
            "ids": list(self.ids),
            "across_splits": self.is_across_splits,
            "across_classes": self.is_across_classes,
        }


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is in a data set.

    Parameters
    ----------
    listing
        The listing of the source.
    facts
        Every image that could be decoded, in the order of the listing.
    failures
        Every input that can't be used, sorted.
    exact, near
        Images with the same bytes, and those that only look the same.
    """

    listing: Listing
    facts: Sequence[ImageFacts]
    failures: Sequence[Failure]
    exact: Sequence[Group] = ()
    near: Sequence[Group] = ()
    _counts: Counter[tuple[str, int]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        samples = [self.listing.samples[each.place] for each in self.facts]
        counts = Counter((sample.split, sample.label) for sample in samples)
        object.__setattr__(self, "_counts", counts)

    @property
    def exit_code(self) -> ExitCode:
        """Tell whether every input can be used."""
        return ExitCode.SKIPPED_INPUTS if self.failures else ExitCode.DONE

    @property
    def splits(self) -> tuple[str, ...]:
        """Return the splits, train first."""
        found = {sample.split for sample in self.listing.samples}
        return tuple(sorted(found, key=lambda split: (split != TRAIN, split)))

    def count(self, split: str, label: int) -> int:
        """Return how many usable images a class has in a split."""
        return self._counts[split, label]

    def ratio_to_balance(self, label: int) -> float | None:
        """Return how many copies per original bring a class to the size of the largest."""
        own = self.count(TRAIN, label)
        largest = max(self.count(TRAIN, other) for other in range(len(self.listing.classes)))
        return largest / own - 1 if own else None

    def tally(self, attribute: str) -> dict[str, int]:
        """Return how many images have each value of format, bits, or channels."""
        values = Counter(getattr(each, attribute) for each in self.facts)
        return {
            _KINDS[value] if attribute == "channels" else str(value): count
            for value, count in values.most_common()
        }

    def range_of(self, side: str) -> dict[str, float]:
        """Return the least, the median and the largest height or width, in pixels."""
        sizes = [getattr(each, side) for each in self.facts]
        if not sizes:
            return {}
        return {"min": min(sizes), "median": median(sizes), "max": max(sizes)}

    @property
    def rotated(self) -> list[str]:
        """Ids of the images that EXIF rotates or mirrors."""
        turned = (each.place for each in self.facts if each.orientation != 1)
        return [self.listing.samples[index].id for index in turned]

    def to_json(self) -> dict[str, object]:
        """Return all of it as JSON-able values."""
        return {
            "exit_code": self.exit_code,
            "pictures": len(self.facts),
            "classes": {
                name: {
                    "counts": {split: self.count(split, label) for split in self.splits},
                    "ratio_to_balance": self.ratio_to_balance(label),
                }
                for label, name in enumerate(self.listing.classes)
            },
            "width": self.range_of("width"),
            "height": self.range_of("height"),
            "sizes": len({(each.height, each.width) for each in self.facts}),
            "formats": self.tally("format"),
            "bits": self.tally("bits"),
            "channels": self.tally("channels"),
            "rotated": self.rotated,
            "failures": [failure._asdict() for failure in self.failures],
            "ignored": self.listing.ignored,
            "duplicates": {
                "exact": [group.to_json() for group in self.exact],
                "near": [group.to_json() for group in self.near],
            },
        }


def inspect(
    data: str,
    progress: Progress,
    *,
    open_data: Callable[..., Source] = open_source,
    limits: Limits = DEFAULT_LIMITS,
) -> Inspection:
    """Decode every image of a data set, on all cores, and describe the data set.

    Parameters
    ----------
    data
        The data set.
    progress
        Receives progress.
    open_data
        Opens the data set.
    limits
        What it may take. Images that exceed it count as broken; without `max_pixels`, those that
        exceed the limit of expand.
    """
    limit = limits.max_pixels or MAX_PIXELS
    engine = open_engine("processes", limits.processes, timeout_s=limits.timeout_s)
    source = open_data(data, max_pixels=limit)
    listing = source.listing()
    facts: list[ImageFacts] = []
    failures = list(listing.failures)
    progress.start(len(listing.samples), unit="picture")
    scanner = ImageScanner(source, limit)
    for outcome in engine.run(scanner, _chunks(listing)):
        if isinstance(outcome, Died):
            failures.append(Failure(outcome.item.sample.id, "decode", outcome.reason))
            progress.advance(1)
            continue
        seen, failed = outcome.value
        facts += seen
        failures += failed
        progress.advance(len(seen) + len(failed))
    progress.finish()
    facts.sort()
    exact, near = _duplicates(listing, facts)
    return Inspection(listing, facts, sorted(failures), exact, near)


def _chunks(listing: Listing) -> Iterator[list[Item]]:
    items = (Item(index, sample) for index, sample in enumerate(listing.samples))
    while chunk := list(islice(items, _CHUNK)):
        yield chunk


def _duplicates(listing: Listing, facts: Sequence[ImageFacts]) -> tuple[list[Group], list[Group]]:
    """Return the groups of equal bytes, and those of equal looks but different bytes."""
    exact = equal_groups(range(len(facts)), lambda position: facts[position].digest)
    twins = {group[0]: group for group in exact}
    later = {position for group in exact for position in group[1:]}
    firsts = [position for position in range(len(facts)) if position not in later]
    near = [
        sorted(twin for place in group for twin in twins.get(firsts[place], [firsts[place]]))
        for group in near_groups([facts[position].fingerprint for position in firsts])
    ]

    def named(groups: list[list[int]]) -> list[Group]:
        return [_group(listing, [facts[position].place for position in each]) for each in groups]

    return named(exact), named(near)


def _group(listing: Listing, indices: Sequence[int]) -> Group:
    samples = [listing.samples[index] for index in indices]
    return Group(
        tuple(sample.id for sample in samples),
        len({sample.split for sample in samples}) > 1,
        len({sample.label for sample in samples}) > 1,
    )
