"""Counts the sizes of images, with memory for as many numbers as sides can have."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from augtool.core.geometry import Size

__all__ = ["SideRange", "SizeTally"]


@dataclass(frozen=True, slots=True)
class SideRange:
    """The least, the middle and the largest length of a side, in pixels."""

    low: int
    median: int
    high: int

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.low:,}"
        return f"{self.low:,} to {self.high:,} (median {self.median:,})"


@dataclass(slots=True)
class SizeTally:
    """How many images have each width, and each height."""

    widths: Counter[int] = field(default_factory=Counter)
    heights: Counter[int] = field(default_factory=Counter)

    def add(self, size: Size) -> None:
        """Count an image."""
        self.widths[size.width] += 1
        self.heights[size.height] += 1

    @property
    def count(self) -> int:
        """How many images were counted."""
        return sum(self.widths.values())

    @property
    def width(self) -> SideRange:
        """The range of the widths; there must be an image."""
        return _range_of(self.widths)

    @property
    def height(self) -> SideRange:
        """The range of the heights; there must be an image."""
        return _range_of(self.heights)


def _range_of(counts: Counter[int]) -> SideRange:
    left = (sum(counts.values()) + 1) // 2
    for length in sorted(counts):
        left -= counts[length]
        if left <= 0:
            return SideRange(min(counts), length, max(counts))
    raise ValueError("no image was counted")
