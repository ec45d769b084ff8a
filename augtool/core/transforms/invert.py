"""The negative."""

from __future__ import annotations

from typing import ClassVar

from augtool.core.levels import Levels
from augtool.core.transforms.ranges import Switch

__all__ = ["Invert"]


class Invert(Switch):
    """Turn the image into its negative: top - level."""

    stage: ClassVar[str] = "levels"
    name: ClassVar[str] = "invert"
    columns: ClassVar[tuple[str, ...]] = ("invert",)
    help: ClassVar[str] = "negative: true (half of the copies), false, or a probability"

    def change(self, levels: Levels, params: tuple[float, ...]) -> None:
        """Make it top - level, if the switch is on."""
        if params[0]:
            levels.then(lambda level: levels.highest - level)
