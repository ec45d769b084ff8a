"""Measures how strong each transform was, alone, with the parameters that copies were drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from augtool.config.schema import Config
from augtool.core.records import Record
from augtool.views.report.figures import Family
from augtool.views.report.samples import Pictures
from augtool.views.strength import Difference, StrengthMeter, each_alone

__all__ = ["Strength", "measure_strength"]

_MOST_FAMILIES, _COPIES_EACH = 60, 2


@dataclass(slots=True)
class Strength:
    """How strong a transform is.

    Parameters
    ----------
    transform
        Its name in the config.
    columns
        Names of its parameters.
    differences
        How far it alone takes each copy that was measured from its original.
    alike
        Those copies that it hardly changes.
    """

    transform: str
    columns: tuple[str, ...]
    differences: list[Difference] = field(default_factory=list)
    alike: list[Record] = field(default_factory=list)

    @property
    def copies(self) -> int:
        """How many copies were measured."""
        return len(self.differences)

    @property
    def dissimilarity(self) -> float:
        """Mean of 1 - SSIM."""
        return sum(each.dissimilarity for each in self.differences) / self.copies

    @property
    def colour(self) -> float:
        """Mean distance in colour."""
        return sum(each.colour for each in self.differences) / self.copies

    @property
    def hardly(self) -> float:
        """Share of copies that it hardly changes."""
        return len(self.alike) / self.copies

    def to_json(self) -> dict[str, float]:
        """Return its figures as JSON-able values."""
        return {
            "strength": self.dissimilarity,
            "colour": self.colour,
            "hardly_differ": self.hardly,
        }


def measure_strength(
    families: Iterable[Family], pictures: Pictures, config: Config
) -> list[Strength]:
    """Return the strength of each transform that is on, in the order of application.

    Parameters
    ----------
    families
        Originals with copies, of which a few are taken.
    pictures
        Where their pixels are.
    config
        The config of the run.
    """
    measured: dict[str, Strength] = {}
    looked_at = 0
    for family in families:
        original = pictures.original(family)
        if original is None:
            continue
        meter = StrengthMeter(original)
        for copy in family.copies[:_COPIES_EACH]:
            for transform, alone in each_alone(config.pipeline(copy.class_name)):
                known = measured.setdefault(
                    transform.name, Strength(transform.name, transform.columns)
                )
                difference = meter.measure(transform, alone, copy.params or {})
                known.differences.append(difference)
                known.alike += [copy] * difference.is_hardly_seen
        looked_at += 1
        if looked_at == _MOST_FAMILIES:
            break
    return list(measured.values())
