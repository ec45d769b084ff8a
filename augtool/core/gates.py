"""Which transforms a copy gets: gates with a probability, choices of one of several, policies.

They are only a way of drawing.  A transform that a copy does not get has its identity in the copy's
row, so that making and remaking it need to know nothing of this.  Each gate draws under a name of
its own, so that the parameters themselves stay what they are without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from augtool.core.geometry import Column, Sizes
from augtool.core.policies.policy import Policy
from augtool.core.transforms import TRANSFORMS, Transform

__all__ = ["Drawn", "Gates", "OneOf"]

_IDENTITIES = {
    column: rest for kind in TRANSFORMS for column, rest in zip(kind.columns, kind.identity)
}


class OneOf(NamedTuple):
    """With a probability, one of the named transforms, all equally likely; else none of them."""

    names: tuple[str, ...]
    chance: float = 1.0


class Drawn(NamedTuple):
    """A policy that draws several transforms, parameters and all, with a probability.

    `own` are transforms that it draws, as they are set without it: each is drawn for itself, and
    joined to what the policy draws.
    """

    policy: Policy
    chance: float = 1.0
    own: tuple[Transform, ...] = ()


@dataclass(frozen=True, slots=True)
class Gates:
    """The gates of a pipeline.

    Parameters
    ----------
    chances
        Names of transforms, each with the probability that a copy gets it.
    choices
        Of the transforms of each, a copy gets one at most.
    drawn
        The policy, if there is one. Other gates are of what it is joined to.
    """

    chances: tuple[tuple[str, float], ...] = ()
    choices: tuple[OneOf, ...] = ()
    drawn: Drawn | None = None

    @property
    def names(self) -> frozenset[str]:
        """Names of the transforms that not every copy gets."""
        singly = {name for name, chance in self.chances if chance < 1}
        chosen = singly.union(*(choice.names for choice in self.choices))
        return frozenset(chosen | self.drawn_names)

    @property
    def drawn_names(self) -> frozenset[str]:
        """Names of the transforms whose parameters the policy draws."""
        return _drawn_names(self.drawn.policy) if self.drawn else frozenset()

    def among(self, names: Iterable[str]) -> Gates:
        """Return the gates of a pipeline that has only the named transforms."""
        known = set(names)
        on = (
            choice._replace(names=tuple(name for name in choice.names if name in known))
            for choice in self.choices
        )
        return replace(
            self,
            chances=tuple(each for each in self.chances if each[0] in known and each[1] < 1),
            choices=tuple(choice for choice in on if choice.names),
        )

    @property
    def uniforms(self) -> list[tuple[str, int]]:
        """The names under which uniform numbers are drawn, and how many."""
        singly = [(f"{name}/p", 1) for name, _ in self.chances]
        chosen = [(f"one_of/{','.join(choice.names)}", 2) for choice in self.choices]
        if self.drawn is None:
            return singly + chosen
        policy = self.drawn.policy
        return [*singly, *chosen, (policy.name, policy.count), (f"{policy.name}/p", 1)]

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

    def params(self, drawn: Sequence[npt.NDArray[np.float64]], frames: Sizes) -> dict[str, Column]:
        """Return the parameters that the policy draws, by column; those that no copy has left out.

        Parameters
        ----------
        drawn : ndarrays of shape (count, n)
            Uniform numbers for each of `uniforms`.
        frames
            Sizes of the outputs.
        """
        if self.drawn is None:
            return {}
        own, gate = drawn[-2:]
        mask = gate[0] < self.drawn.chance
        params = self.drawn.policy.make_params(own, frames)
        return {name: np.where(mask, each, _IDENTITIES[name]) for name, each in params.items()}


@lru_cache
def _drawn_names(policy: Policy) -> frozenset[str]:
    return frozenset(policy.settings())
