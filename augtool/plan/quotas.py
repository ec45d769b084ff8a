"""Computes how many copies each class gets, and shares them among its samples."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np

from augtool.config.schema import Config
from augtool.core.records import Sample
from augtool.core.rng import sample_word, shuffle_key, uniforms
from augtool.plan.balance import balanced_size

__all__ = ["bootstrap", "class_quotas", "shares", "stratify"]

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


def stratify(
    copies: array[int], members: Sequence[int], quota: int, seed: int, samples: Sequence[Sample]
) -> None:
    """Assign every member the rounded-down share, and one more to those with the lowest hash."""
    if not members:
        return
    each, extra = divmod(quota, len(members))
    for index in members:
        copies[index] = each
    if extra:
        hashes = np.fromiter(
            (shuffle_key(seed, "stratified", samples[index].id) for index in members),
            np.uint64,
            len(members),
        )
        for position in np.argsort(hashes, kind="stable")[:extra]:
            copies[members[position]] += 1


def bootstrap(
    copies: array[int], members: Sequence[int], quota: int, seed: int, class_name: str
) -> None:
    """Draw `quota` times with replacement; a higher quota begins with the same draws."""
    if not members:
        return
    word = sample_word(seed, class_name)
    for first in range(0, quota, _DRAWS_AT_ONCE):
        numbers = np.arange(first, min(quota, first + _DRAWS_AT_ONCE), dtype=np.uint64)
        (drawn,) = uniforms(np.full(len(numbers), word, np.uint64), numbers, [("bootstrap", 1)])
        for place in (drawn[0] * len(members)).astype(int).tolist():
            copies[members[place]] += 1
