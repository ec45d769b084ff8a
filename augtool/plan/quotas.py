"""Computes how many copies each class gets, and shares them among its samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from augtool.config.schema import Config
from augtool.core.grouping import Places, lowest
from augtool.core.records import Listing, Samples
from augtool.core.rng import sample_word, shuffle_keys, uniforms
from augtool.plan.balance import balanced_size, class_sizes, train_by_class

__all__ = ["Copies", "class_quotas", "share_copies", "shares"]

#: How many copies each of some samples gets: of shape (n,), integers as small as will do.
Copies = npt.NDArray[Any]

_DRAWS_AT_ONCE = 2**16


def class_quotas(sizes: dict[str, int], config: Config) -> dict[str, int]:
    """Return how many copies each class gets.

    Parameters
    ----------
    sizes
        Training originals by class.
    config
        ratio, total, per_image, balance and the ratios of single classes.
    """
    if config.per_image is not None:
        return {name: config.per_image * size for name, size in sizes.items()}
    if config.balance:
        goal = balanced_size(sizes, config)
        return {name: max(0, goal - size) for name, size in sizes.items()}
    if config.total is not None:
        return shares(config.total, sizes)
    own = {name for name in sizes if name in config.per_class}
    own = {name for name in own if config.per_class[name].ratio is not None}
    rest = {name: size for name, size in sizes.items() if name not in own}
    quotas = {name: int(config.ratio_of(name) * sizes[name]) for name in own}
    if rest:
        ratio = config.ratio_of(next(iter(rest)))
        quotas |= shares(int(ratio * sum(rest.values())), rest)
    return quotas


def shares(total: int, sizes: dict[str, int]) -> dict[str, int]:
    """Share `total` in proportion to `sizes` by largest remainder; ties go to the first.

    >>> shares(10, {"cat": 1, "dog": 2})
    {'cat': 3, 'dog': 7}
    """
    whole = sum(sizes.values())
    parts = {name: divmod(total * size, whole) for name, size in sizes.items()}
    left = total - sum(quotient for quotient, _ in parts.values())
    ranked = sorted(parts, key=lambda name: -parts[name][1])
    favoured = set(ranked[:left])
    return {name: quotient + (name in favoured) for name, (quotient, _) in parts.items()}


def share_copies(listing: Listing, config: Config) -> Copies:
    """Return the copies of each sample of the listing; held-out ones get none."""
    quotas = class_quotas(class_sizes(listing), config)
    copies = np.zeros(len(listing.samples), np.min_scalar_type(max(quotas.values(), default=0)))
    for label, members in train_by_class(listing.samples):
        name = listing.classes[label]
        if config.sampling == "bootstrap":
            copies[members] = _bootstrap(len(members), quotas[name], config.seed, name)
        else:
            copies[members] = _stratify(listing.samples, members, quotas[name], config.seed)
    return copies


def _stratify(samples: Samples, members: Places, quota: int, seed: int) -> Copies:
    """Return for each member the rounded-down share, and one more for those of lowest hash."""
    each, extra = divmod(quota, len(members))
    copies = np.full(len(members), each, np.min_scalar_type(each + 1))
    if extra:
        hashes = shuffle_keys(seed, "stratified", samples.ids(members), len(members))
        copies += lowest(hashes, extra)
    return copies


def _bootstrap(size: int, quota: int, seed: int, class_name: str) -> Copies:
    """Draw `quota` times with replacement; a higher quota begins with the same draws."""
    copies, word = np.zeros(size, np.int64), sample_word(seed, class_name)
    for first in range(0, quota, _DRAWS_AT_ONCE):
        numbers = np.arange(first, min(quota, first + _DRAWS_AT_ONCE), dtype=np.uint64)
        (drawn,) = uniforms(np.full(len(numbers), word, np.uint64), numbers, [("bootstrap", 1)])
        np.add.at(copies, (drawn[0] * size).astype(int), 1)
    return copies
