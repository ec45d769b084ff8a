"""Chooses what is held out: pure, by hash, stratified by class, and never half of a unit.

A unit is what must stay together: images of one group, and images with the same bytes.  Units
are visited in the order of a hash of the split seed and their group, or their only image's id,
so that adding an image moves at most those at the margin.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from augtool.core.grouping import DisjointSets
from augtool.core.records import TRAIN, Listing, Sample
from augtool.core.rng import shuffle_key
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
    existing = {sample.split for sample in listing.samples}
    for name in rule.fractions:
        if name in existing:
            raise ConfigError(
                f"split.{name}: the data already has a split {name!r}; leave it out of split,"
                " or choose another name"
            )
    train = [index for index, sample in enumerate(listing.samples) if sample.split == TRAIN]
    units = _units(listing.samples, train, rule, duplicates)
    samples = list(listing.samples)
    for index, name in _assign(units, listing.samples, rule.fractions).items():
        samples[index] = samples[index]._replace(split=name)

    def order(sample: Sample) -> tuple[str, str, str]:
        return sample.split, listing.classes[sample.label] if by_class else "", sample.id

    return replace(listing, samples=sorted(samples, key=order), has_splits=True)


def _units(
    samples: Sequence[Sample],
    train: Sequence[int],
    rule: SplitRule,
    duplicates: Sequence[Sequence[int]],
) -> list[list[int]]:
    """Return the units, as indices, in the order they are visited."""
    keys = _group_keys(samples, train, rule.group)
    sets = DisjointSets[str]()
    for alike in duplicates:
        together = [keys[index] for index in alike if index in keys]
        for other in together[1:]:
            sets.join(together[0], other)
    ranks: dict[str, int] = {}
    for key in set(keys.values()):
        # The lowest of a unit's hashes is its own: a twin that is added rarely changes it.
        root, own = sets.root_of(key), shuffle_key(rule.seed, "split", key)
        ranks[root] = min(own, ranks.get(root, own))
    members: dict[str, list[int]] = {}
    for index in train:
        members.setdefault(sets.root_of(keys[index]), []).append(index)
    return [members[root] for root in sorted(members, key=lambda root: (ranks[root], root))]


def _group_keys(
    samples: Sequence[Sample], train: Sequence[int], group: str | None
) -> dict[int, str]:
    """Return the key of the unit of each training image, by index."""
    if group is None:
        return {index: samples[index].id for index in train}
    pattern = re.compile(group)
    keys: dict[int, str] = {}
    for index in train:
        match = pattern.search(samples[index].id)
        if match is None or match[1] is None:
            raise InputError(
                f"{samples[index].id}: does not match --group {group!r}, so it is unknown what"
                " it must stay together with; widen the expression, or remove the image"
            )
        keys[index] = match[1]
    return keys


def _assign(
    units: Sequence[Sequence[int]], samples: Sequence[Sample], fractions: Mapping[str, float]
) -> dict[int, str]:
    """Return the split of every image that is held out, by index.

    A unit goes to the first split that it brings closer to its target size, counted over the
    classes of the unit. It stays in training otherwise, or if it is the last of a class there.
    """
    sizes = Counter(samples[index].label for unit in units for index in unit)
    left = dict(sizes)
    wanted = _wanted(fractions, sizes)
    chosen: dict[int, str] = {}
    for unit in units:
        own = Counter(samples[index].label for index in unit)
        if any(left[label] <= count for label, count in own.items()):
            continue
        for name, lacking in wanted.items():
            before = sum(abs(lacking[label]) for label in own)
            after = sum(abs(lacking[label] - count) for label, count in own.items())
            if after < before:
                for label, count in own.items():
                    lacking[label] -= count
                    left[label] -= count
                chosen.update(dict.fromkeys(unit, name))
                break
    return chosen


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
