"""Shows what was drawn for each parameter: a histogram, and the same as a sentence."""

from __future__ import annotations

from collections.abc import Iterator

from augtool.config.schema import Config
from augtool.core.counted import counted
from augtool.core.geometry import Size
from augtool.views.report.figures import Figures
from augtool.views.report.histograms import Histogram, largest_move
from augtool.views.report.svg import histogram, number

__all__ = ["charts"]

#: A transform that moves no pixel further than this is hardly visible.
_ONE_PIXEL = 1.0


def charts(figures: Figures, config: Config) -> Iterator[dict[str, object]]:
    """Yield a histogram of each parameter, with its description."""
    size = figures.usual_size
    for each in figures.histograms:
        said = _said(each)
        move = None if size is None else _move(each, config, size)
        low, high = each.ends
        middle = (low + high) / 2
        labels = ("no", "", "yes")
        if not each.is_switch:
            labels = (number(low), number(middle), number(high))
        yield {
            "name": each.column,
            "transform": each.transform,
            "said": said,
            "svg": histogram(each.counts, labels, f"{each.column}: {said}"),
            "outside": each.outside,
            "move": None if move is None else number(move),
            "is_hardly_seen": move is not None and move < _ONE_PIXEL,
            "size": size,
        }


def _said(each: Histogram) -> str:
    if each.is_switch:
        share = each.counts[1] / each.draws if each.draws else 0
        return f"{counted(each.draws, 'draw')}, yes in {share:.1%}"
    unit = f" {each.unit}" if each.unit else ""
    low, high = map(number, each.ends)
    return f"{counted(each.draws, 'draw')}, range {low} to {high}{unit}, mean {number(each.mean)}"


def _move(each: Histogram, config: Config, size: Size) -> float | None:
    """Return how far a transform moves a pixel at most, in any class."""
    recipes = [config.pipeline(), *(config.pipeline(name) for name in config.per_class)]
    moves = [largest_move(pipeline, each.transform, size) for pipeline in recipes]
    return max((move for move in moves if move is not None), default=None)
