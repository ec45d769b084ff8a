"""Counts drawn parameters over the ranges that a config asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from augtool.config.schema import Config
from augtool.core.geometry import Size, Sizes, tilted
from augtool.core.pipeline import Params, Pipeline
from augtool.core.records import Record
from augtool.core.resize import ResizeGeometries, ResizeGeometry
from augtool.core.rng import sample_word, uniforms
from augtool.core.transforms import Transform
from augtool.core.transforms.ranges import Switch

__all__ = ["Histogram", "histograms", "largest_move"]

_BINS = 40
#: Draws to find the range of a transform, besides those at the ends of the uniforms.
_TRIALS = 64
_ALMOST_ONE = 1 - 2.0**-53
_SIDES = {"shift_x": "width", "shift_y": "height"}


@dataclass(slots=True)
class Histogram:
    """How often a parameter was drawn in each part of the configured range.

    Parameters
    ----------
    transform, column
        Its names in the config and in the manifest.
    low, high
        Ends of the range, in `unit`.
    side
        width or height if drawn pixels are shown as a fraction of that side.
    is_switch
        Whether it is either 0 or 1.
    is_whole
        Whether it is a whole number; the range then ends half a unit beyond what can be drawn.
    counts, outside
        Draws in each of equal parts, and draws beyond the range.
    rest
        What stands in the row of a copy that does not get the transform; None if all get it.
    """

    transform: str
    column: str
    low: float
    high: float
    unit: str
    side: str = ""
    is_switch: bool = False
    is_whole: bool = False
    counts: list[int] = field(default_factory=lambda: [0] * _BINS)
    outside: int = 0
    total: float = 0.0
    rest: float | None = None

    @property
    def draws(self) -> int:
        """Return the number of draws."""
        return sum(self.counts) + self.outside

    @property
    def ends(self) -> tuple[float, float]:
        """Return the least and the largest value that can be drawn."""
        margin = 0.5 if self.is_whole else 0.0
        return self.low + margin, self.high - margin

    @property
    def mean(self) -> float:
        """Return the mean of what was drawn."""
        return self.total / self.draws if self.draws else 0.0

    def add(self, record: Record) -> None:
        """Count a copy's draw; copies that don't get the transform have none."""
        value = (record.params or {}).get(self.column)
        if value is None or value == self.rest:
            return
        if self.side:
            value /= getattr(record, self.side)
        self.total += value
        bins = len(self.counts)
        span = self.high - self.low
        place = int((value - self.low) / span * bins) if span else 0
        tolerance = 1e-9 * max(abs(self.low), abs(self.high))
        if self.low - tolerance <= value <= self.high + tolerance:
            self.counts[min(max(place, 0), bins - 1)] += 1
        else:
            self.outside += 1


def histograms(config: Config) -> list[Histogram]:
    """Return an empty histogram for each parameter that is drawn, over its configured range."""
    found: dict[str, Histogram] = {}
    for pipeline in (config.pipeline(), *(config.pipeline(name) for name in config.per_class)):
        for transform in (*pipeline.geometric, *pipeline.photometric):
            rests = dict(zip(transform.columns, transform.identity))
            is_gated = transform.name in pipeline.gates.names
            for histogram in _of_transform(transform):
                if is_gated and not histogram.is_switch:
                    histogram.rest = rests[histogram.column]
                known = found.setdefault(histogram.column, histogram)
                known.low = min(known.low, histogram.low)
                known.high = max(known.high, histogram.high)
                known.rest = histogram.rest if known.rest is None else known.rest
    return list(found.values())


def _of_transform(transform: Transform) -> Iterator[Histogram]:
    one, two = Sizes(1, 1), Sizes(2, 2)
    draws = _trial_draws(transform, one)
    scales = draws != _trial_draws(transform, two)
    for place, (column, measure) in enumerate(zip(transform.columns, transform.measures)):
        values = [draw[place] for draw in draws]
        low, high = min(values), max(values)
        side = _SIDES.get(column, "") if scales else ""
        unit = f"of the {side}" if side else measure
        is_whole = getattr(transform, "unit", "") == "whole" or isinstance(low, int)
        if measure == "key":
            continue
        if measure == "switch":
            unit = ""
            yield Histogram(transform.name, column, 0, 1, unit, is_switch=True, counts=[0, 0])
        elif is_whole and high - low < _BINS:
            counts = [0] * int(high - low + 1)
            yield Histogram(
                transform.name, column, low - 0.5, high + 0.5, unit, is_whole=True, counts=counts
            )
        else:
            yield Histogram(transform.name, column, low, high, unit, side)


def _trial_draws(transform: Transform, frames: Sizes) -> list[tuple[float, ...]]:
    """Return draws that show the range: the ends, and some in between."""
    words = np.full(_TRIALS, sample_word(0, transform.name), np.uint64)
    numbers = np.arange(_TRIALS, dtype=np.uint64)
    (trials,) = uniforms(words, numbers, [("range", transform.uniforms)])
    ends = np.array([[0.0, _ALMOST_ONE]] * transform.uniforms)
    columns = transform.make_params(np.concatenate([ends, trials], axis=1), frames)
    return list(zip(*(np.asarray(column).tolist() for column in columns)))


def largest_move(pipeline: Pipeline, name: str, size: Size) -> float | None:
    """Return how far a transform moves a corner of an image at most, in pixels.

    None if it is not geometric, is off, or is either on or off, as mirrors are.
    """
    for transform in pipeline.geometric:
        if transform.name == name and not isinstance(transform, Switch):
            only = Pipeline((transform,))
            draws = _trial_draws(transform, Sizes(*size))
            named = (dict(zip(transform.columns, draw)) for draw in draws)
            return max(_corner_move(only, params, size) for params in named)
    return None


def _corner_move(only: Pipeline, params: Params, size: Size) -> float:
    alone = ResizeGeometries.stack([ResizeGeometry.fit(size)], [1])
    pulls, tilts = only.points.pulls(params, alone), only.points.tilts(params, alone)
    plane = np.array(tilted(pulls, tilts, alone.frame), float).reshape(3, 3)
    corners = np.array([(x, y, 1) for x in (0, size.width - 1) for y in (0, size.height - 1)])
    x, y, depth = plane @ corners.T
    moves = np.hypot(x / depth - corners[:, 0], y / depth - corners[:, 1])
    return float(moves.max())
