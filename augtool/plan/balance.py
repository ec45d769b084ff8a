"""Brings classes to one size: how large they get, and what is left out of those that are larger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from statistics import median

import numpy as np

from augtool.config.schema import Config
from augtool.core.grouping import Places, lowest, places_by_key
from augtool.core.records import TRAIN, Listing, Samples
from augtool.core.rng import shuffle_keys

__all__ = ["balanced_size", "class_sizes", "train_by_class", "undersample"]


def balanced_size(sizes: Mapping[str, int], config: Config) -> int:
    """Return how many training images a class ends with, copies included.

    Parameters
    ----------
    sizes
        Training originals by class.
    config
        `balance`, and a ratio on top of it.

    Examples
    --------
    >>> sizes = {"cat": 10, "deer": 3, "dog": 4}
    >>> balanced_size(sizes, Config(balance=True)), balanced_size(sizes, Config(balance="median"))
    (10, 4)
    >>> balanced_size(sizes, Config(balance=6, ratio=0.5))
    9
    """
    goal: float = config.balance
    if config.balance is True:
        goal = max(sizes.values())
    elif config.balance == "median":
        goal = median(size for size in sizes.values() if size)
    return int((1 + (config.ratio or 0.0)) * goal)


def class_sizes(listing: Listing) -> dict[str, int]:
    """Return the number of training images of each class, in the order of labels."""
    counts = Counter[int]()
    for group, size in listing.samples.used_groups():
        counts[group.label] += size if group.split == TRAIN else 0
    return {name: counts[label] for label, name in enumerate(listing.classes)}


def undersample(listing: Listing, config: Config) -> tuple[Listing, dict[str, int]]:
    """Leave training images out of classes that are larger than they are to end.

    Which ones is told by a hash of seed and id, so that an image that is added moves at most one
    other. Held-out images always stay.

    Returns
    -------
    The listing, and how many are left out by class; no class of which none is.
    """
    if not config.undersample or not config.balance:
        return listing, {}
    sizes = class_sizes(listing)
    goal = balanced_size(sizes, config)
    large = {label for label, name in enumerate(listing.classes) if sizes[name] > goal}
    samples = listing.samples
    is_kept = np.ones(len(samples), bool)
    for label, members in train_by_class(samples):
        if label in large:
            ids = samples.ids(members)
            keys = shuffle_keys(config.seed, "undersample", ids, len(members))
            is_kept[members] = lowest(keys, goal)
    left_out = {listing.classes[label]: sizes[listing.classes[label]] - goal for label in large}
    kept = replace(listing, samples=samples.take(is_kept))
    return kept, dict(sorted(left_out.items()))


def train_by_class(samples: Samples) -> Iterator[tuple[int, Places]]:
    """Yield each label that training images have, and their places."""
    keys = [group.label + 1 if group.split == TRAIN else 0 for group in samples.groups]
    for key, places in places_by_key(samples.of_groups(keys)):
        if key:
            yield key - 1, places
