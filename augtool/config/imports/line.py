"""A line of the YAML, and how two lines of one setting become one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from augtool.config.imports.effects import Setting
from augtool.config.imports.shared_rules import tidy

__all__ = ["FLIPS", "Line", "ends_of", "joined", "same_unit"]

FLIPS = ("horizontal_flip", "vertical_flip")


@dataclass(slots=True)
class Line:
    """A line of YAML, and how it differs from the original."""

    value: Any
    origin: str
    notes: list[str] = field(default_factory=list)
    chance: float = 1.0
    hint: str = ""
    is_switch: bool = False
    beside: tuple[tuple[str, Any], ...] = ()
    fill: Any = None

    def times(self, chance: float) -> None:
        """Make it rarer: a switch's value is its chance."""
        if self.is_switch:
            self.value = tidy(chance * (0.5 if self.value is True else self.value))
        else:
            self.chance = tidy(chance * self.chance)


def same_unit(first: Line, second: Line, size_px: int | None) -> bool:
    """Bring two shifts to pixels where one is a share of the size; return whether they agree."""
    shares = [max(map(abs, ends_of(each.value))) < 1 for each in (first, second)]
    if shares[0] == shares[1]:
        return True
    if size_px is None:
        return False
    share = first if shares[0] else second
    share.value = [tidy(end * size_px) for end in ends_of(share.value)]
    return True


def ends_of(value: Any) -> list[Any]:
    """Return both ends of a range of offsets, of which r is [-r, r]."""
    return list(value) if isinstance(value, (list, tuple)) else [-value, value]


def joined(setting: Setting, first: Line, second: Line) -> Any:
    """Return one setting for two operations, None where there is none."""
    if setting.is_switch:
        one, other = (0.5 if each.value is True else float(each.value) for each in (first, second))
        # Two mirrors are none.
        twice = 2 if setting.name in FLIPS else 1
        either = tidy(one + other - twice * one * other)
        return True if either == 0.5 and setting.name in FLIPS else either
    ends = []
    for value in (first.value, second.value):
        pair = ends_of(value)
        if len(pair) != 2 or not all(isinstance(each, (int, float)) for each in pair):
            return None
        ends.append(pair)
    low, high = min(ends[0][0], ends[1][0]), max(ends[0][1], ends[1][1])
    is_offset = not all(isinstance(each.value, (list, tuple)) for each in (first, second))
    return high if is_offset and low == -high else [low, high]
