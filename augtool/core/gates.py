"""Which transforms a copy gets: gates with a probability, and choices of one among several.

They are only a way of drawing.  A transform that a copy does not get has its identity in the copy's
row, so that making and remaking it need to know nothing of this.  Each gate draws under a name of
its own, so that the parameters themselves stay what they are without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Gates", "OneOf"]


class OneOf(NamedTuple):
    """With a probability, one of the named transforms, all equally likely; else none of them."""

    names: tuple[str, ...]
    chance: float = 1.0


@dataclass(frozen=True, slots=True)
class Gates:
    """The gates of a pipeline.

    Parameters
    ----------
    chances
        Names of transforms, each with the probability that a copy gets it.
    choices
        Of the transforms of each, a copy gets one at most.
    """

    chances: tuple[tuple[str, float], ...] = ()
    choices: tuple[OneOf, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Names of the transforms that not every copy gets."""
        singly = {name for name, chance in self.chances if chance < 1}
        return frozenset(singly.union(*(choice.names for choice in self.choices)))

    def among(self, names: Iterable[str]) -> Gates:
        """Return the gates of a pipeline that has only the named transforms."""
        known = set(names)
        on = (
            choice._replace(names=tuple(name for name in choice.names if name in known))
            for choice in self.choices
        )
        return Gates(
            tuple(each for each in self.chances if each[0] in known and each[1] < 1),
            tuple(choice for choice in on if choice.names),
        )

    @property
    def uniforms(self) -> list[tuple[str, int]]:
        """The names under which uniform numbers are drawn, and how many."""
        singly = [(f"{name}/p", 1) for name, _ in self.chances]
        return singly + [(f"one_of/{','.join(choice.names)}", 2) for choice in self.choices]

    def masks(self, drawn: Sequence[npt.NDArray[np.float64]]) -> dict[str, npt.NDArray[np.bool_]]:
        """Return, by the name of a transform, which copies get it.

        Parameters
        ----------
        drawn : ndarrays of shape (count, n)
            Uniform numbers for each of `uniforms`.
        """
        masks = {name: own[0] < chance for (name, chance), own in zip(self.chances, drawn)}
        for choice, own in zip(self.choices, drawn[len(self.chances) :]):
            chosen = np.floor(own[1] * len(choice.names))
            for place, name in enumerate(choice.names):
                mask = (own[0] < choice.chance) & (chosen == place)
                masks[name] = masks[name] & mask if name in masks else mask
        return masks
