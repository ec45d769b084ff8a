"""Channel shuffle."""

from __future__ import annotations

from itertools import permutations
from typing import ClassVar

import numpy as np

from augtool.core.transforms.family import Mix
from augtool.core.transforms.ranges import Choice

__all__ = ["ChannelShuffle"]

#: By number: which of R, G, B each of R, G, B becomes; the first is the identity.
_ORDERS = tuple(permutations(range(3)))
#: As matrices; OpenCV's channels are B, G, R.
_MIXES: tuple[Mix, ...] = tuple(np.eye(3)[2 - np.array(order[::-1])] for order in _ORDERS)


class ChannelShuffle(Choice):
    """Reorder the colour channels: 0 is RGB, then RBG, GRB, GBR, BRG, BGR.

    Gray images stay as they are.
    """

    stage: ClassVar[str] = "colour"
    name: ClassVar[str] = "channel_shuffle"
    columns: ClassVar[tuple[str, ...]] = ("channel_order",)
    measures: ClassVar[tuple[str, ...]] = ("order",)
    knows_colours: ClassVar[bool] = True
    help: ClassVar[str] = "another order of R, G, B: true (half of the copies) or a probability"
    others: ClassVar[int] = 5

    def mix(self, params: tuple[float, ...]) -> Mix:
        """Return the permutation."""
        return _MIXES[int(params[0])]
