"""Chooses what is held out: pure, by hash, stratified by class, and never half of a unit.

A unit is what must stay together: images of one group, and images with the same bytes.  Units
are visited in the order of a hash of the split seed and their group, or their only image's id,
so that adding an image moves at most those at the margin.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from augtool.core.grouping import DisjointSets, Places
from augtool.core.records import TRAIN, Listing, Samples
from augtool.core.rng import Words, shuffle_keys
from augtool.core.texts import numbers
from augtool.errors import ConfigError, InputError

__all__ = ["SplitRule", "split_listing"]


@dataclass(frozen=True, slots=True)
class SplitRule:
    """How to split.

    Parameters
    ----------
    fractions
        Fraction of the training images by split, such as ``{"val": 0.3}``.
    seed
        Seed of the split.
    group
        A regular expression on the id, whose first group names the unit; None for no groups.
    """

    fractions: Mapping[str, float]
    seed: int = 0
    group: str | None = None


def split_listing(
    listing: Listing, rule: SplitRule, duplicates: Sequence[Sequence[int]], *, by_class: bool
) -> Listing:
    """Return the listing with part of its training images held out.

    Parameters
    ----------
    listing
        The listing of a source.
    rule
        How to split.
    duplicates
        Indices of samples with the same bytes, one sequence per content.
    by_class
        Whether each split is sorted by class and id, as in trees, or by id alone.

    Raises
    ------
    ConfigError
        When the data already has a split of that name.
    InputError
        When an id does not match the group expression.
    """
    samples = listing.samples
    existing = {group.split for group, _ in samples.used_groups()}
    for name in rule.fractions:
        if name in existing:
            raise ConfigError(
                f"split.{name}: the data already has a split {name!r}; leave it out of split,"
                " or choose another name"
            )
    train = np.flatnonzero(samples.in_split(TRAIN)).astype(np.uint32)
    ranks = _ranks(samples, train, rule, duplicates)
    targets = np.zeros(len(samples), np.uint8)
    targets[train] = _assign(ranks, samples.labels()[train], rule.fractions)
    moved = samples.moved(targets, list(rule.fractions))
    keys = [
        (group.split, listing.classes[group.label] if by_class else "") for group in moved.groups
    ]
    place = {key: number for number, key in enumerate(sorted(set(keys)))}
    # By id they are sorted already.
    order = np.argsort(moved.of_groups([place[key] for key in keys]), kind="stable")
    return replace(listing, samples=moved.take(order.astype(np.uint32)), has_splits=True)


def _ranks(
    samples: Samples, train: Places, rule: SplitRule, duplicates: Sequence[Sequence[int]]
) -> Words:
    """Return a number for each training image, equal within a unit, in whose order they go."""
    if rule.group is None:
        key_of = np.arange(len(train), dtype=np.uint32)
        ranks = shuffle_keys(rule.seed, "split", samples.ids(train), len(train))
    else:
        key_of, names = _groups(samples, train, rule.group)
        encoded = (name.encode("utf-8", "surrogateescape") for name in names)
        ranks = shuffle_keys(rule.seed, "split", encoded, len(names))
    sets, joined = DisjointSets[int](), set[int]()
    known = np.append(train, np.uint32(len(samples)))  # so that every search ends at one of them
    for alike in duplicates:
        places = np.searchsorted(train, alike)
        together = key_of[places[known[places] == alike]].tolist()
        for other in together[1:]:
            sets.join(together[0], other)
        joined.update(together)
    # The lowest of a unit's hashes is its own: a twin that is added rarely changes it.
    lowest: dict[int, np.uint64] = {}
    for key in joined:
        root = sets.root_of(key)
        lowest[root] = min(ranks[key], lowest.get(root, ranks[key]))
    for key in joined:
        ranks[key] = lowest[sets.root_of(key)]
    return ranks[key_of]


def _groups(samples: Samples, train: Places, group: str) -> tuple[Places, list[str]]:
    """Return the number of the group of each training image, and the groups' names."""
    pattern = re.compile(group)
    names: dict[str, int] = {}

    def group_numbers() -> Iterator[int]:
        for encoded in samples.ids(train):
            sample_id = encoded.decode("utf-8", "surrogateescape")
            match = pattern.search(sample_id)
            if match is None or match[1] is None:
                raise InputError(
                    f"{sample_id}: does not match --group {group!r}, so it is unknown what"
                    " it must stay together with; widen the expression, or remove the image"
                )
            yield names.setdefault(match[1], len(names))

    return np.fromiter(group_numbers(), np.uint32, len(train)), list(names)


def _assign(
    ranks: Words, labels: npt.NDArray[np.uint32], fractions: Mapping[str, float]
) -> npt.NDArray[np.uint8]:
    """Return the split of each training image: its number in `fractions`, from 1, or 0 for none.

    A unit goes to the first split that it brings closer to its target size, counted over the
    classes of the unit. It stays in training otherwise, or if it is the last of a class there.
    """
    counts = enumerate(np.bincount(labels).tolist())
    sizes = {label: count for label, count in counts if count}
    left = dict(sizes)
    wanted = _wanted(fractions, sizes)
    order = np.argsort(ranks, kind="stable").astype(np.uint32)
    targets = np.zeros(len(ranks), np.uint8)
    members = zip(numbers(ranks, order), numbers(labels, order), numbers(order))
    for _, same in groupby(members, itemgetter(0)):
        unit = list(same)
        own = Counter(label for _, label, _ in unit)
        if any(left[label] <= count for label, count in own.items()):
            continue
        for target, lacking in enumerate(wanted.values(), 1):
            before = sum(abs(lacking[label]) for label in own)
            after = sum(abs(lacking[label] - count) for label, count in own.items())
            if after < before:
                for label, count in own.items():
                    lacking[label] -= count
                    left[label] -= count
                for _, _, place in unit:
                    targets[place] = target
                break
    return targets


def _wanted(fractions: Mapping[str, float], sizes: Mapping[int, int]) -> dict[str, dict[int, int]]:
    """Return how many images of each class each split should get.

    A split gets int(fraction * all), and of each class its fraction rounded down or up. Classes
    that earlier splits took least from are rounded up, so that none is rounded up every time.
    """
    wanted: dict[str, dict[int, int]] = {}
    surplus = dict.fromkeys(sizes, Fraction(0))
    for name, fraction in fractions.items():
        part = Fraction(repr(fraction))  # 0.29 of 100 is 29, which would be 28.999 in floats
        exact = {label: part * size for label, size in sizes.items()}
        shares = {label: int(each) for label, each in exact.items()}
        for label, each in exact.items():
            surplus[label] += shares[label] - each
        rest = int(part * sum(sizes.values())) - sum(shares.values())
        uneven = [label for label, each in exact.items() if each.denominator > 1]
        for label in sorted(uneven, key=lambda label: (surplus[label], label))[:rest]:
            shares[label] += 1
            surplus[label] += 1
        wanted[name] = shares
    return wanted
