"""Draws histograms as inline SVG that needs no script, in colours set by the page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

__all__ = ["histogram", "number"]

_WIDTH, _HEIGHT, _PLOT, _SIDE = 320, 116, 84, 8


def number(value: float) -> str:
    """Return a number for an axis: three digits, a real minus sign.

    >>> number(20.0), number(0.125)
    ('20', '0.125')
    """
    return f"{round(value, 9) + 0.0:.3g}".replace("-", "\u2212")


def histogram(counts: Sequence[int], labels: tuple[str, str, str], description: str) -> str:
    """Return a histogram over a configured range.

    Parameters
    ----------
    counts
        Draws in equal parts of the range, from low to high.
    labels
        Labels at the low end, in the middle and at the high end.
    description
        Text alternative.

    Notes
    -----
    The dashed line is the height of the bars if all parts were drawn equally often; the line with
    end marks below the bars is the configured range.
    """
    inner = _WIDTH - 2 * _SIDE
    highest = max([*counts, 1])
    step = inner / len(counts)
    gap = min(1.0, step * 0.15)
    bars = "".join(
        f'<rect class="draw" x="{_SIDE + step * place:.2f}" y="{_PLOT - size:.2f}"'
        f' width="{step - gap:.2f}" height="{size:.2f}"/>'
        for place, count in enumerate(counts)
        if (size := (_PLOT - 6) * count / highest)
    )
    even = _PLOT - (_PLOT - 6) * sum(counts) / len(counts) / highest
    low, middle, high = (escape(label) for label in labels)
    base, right = _PLOT + 5, _WIDTH - _SIDE
    asked = f"M{_SIDE} {base - 4}v8M{_SIDE} {base}H{right}M{right} {base - 4}v8"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"><title>{escape(description)}</title>'
        f'{bars}<path class="even" d="M{_SIDE} {even:.1f}H{right}"/>'
        f'<path class="asked" d="{asked}"/>'
        f'<text x="{_SIDE}" y="{_HEIGHT - 6}">{low}</text>'
        f'<text x="{_WIDTH / 2:g}" y="{_HEIGHT - 6}" text-anchor="middle">{middle}</text>'
        f'<text x="{right}" y="{_HEIGHT - 6}" text-anchor="end">{high}</text></svg>'
    )
