"""Writes report.html: one file that shows what a finished output holds, and how it was made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from augtool.core.records import TRAIN, Failure
from augtool.output.dataset import FAILURES, REPORT
from augtool.output.failures import read_failures
from augtool.plan.lint import settings_warnings
from augtool.storage.confined import ConfinedFolder
from augtool.storage.files import write_atomic, write_target
from augtool.views.report.charts import charts
from augtool.views.report.classes import MOST_CLASSES, class_rows
from augtool.views.report.findings import ReportOptions, look_at
from augtool.views.report.samples import HARDLY_LEVELS, Likeness
from augtool.views.report.strength import Strength
from augtool.views.report.strips import caption, look_alike_strips, own_caption, sample_strips
from augtool.views.report.svg import number
from augtool.views.report.template import load_template
from augtool.views.strength import COMPARED_PX, HARDLY_COLOUR, HARDLY_STRENGTH

__all__ = ["Written", "write_report"]

_MOST_FAILURES = 50
#: Copies that are named, of those that a transform hardly changes.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Written:
    """A written report: its path, its size in bytes, and how much copies and transforms differ."""

    path: Path
    size: int
    likeness: Likeness
    strengths: list[Strength]

    def to_json(self) -> dict[str, object]:
        """Return it as JSON-able values."""
        return {
            "report": str(self.path),
            "bytes": self.size,
            "compared": self.likeness.compared,
            "hardly_differ": self.likeness.share,
            "transforms": {each.transform: each.to_json() for each in self.strengths},
        }


def write_report(
    out: Path, *, target: Path | None = None, options: ReportOptions | None = None
) -> Written:
    """Write the report of a finished output.

    Parameters
    ----------
    out
        The output folder.
    target
        The file to write; None for report.html in `out`.
    options
        What to show; None for the defaults.

    Raises
    ------
    InputError
        When there is no finished run in `out`, or a row of its manifest is not augtool's.
    EngineError
        When Jinja is not installed.
    OutputError
        When it can't be written.
    """
    options = options or ReportOptions()
    template = load_template("report.html.jinja")
    seen = look_at(out, options)
    dataset = seen.dataset
    page = template.render(
        seen=seen,
        dataset=dataset,
        classes=class_rows(dataset),
        more_classes=max(0, len(dataset.classes) - MOST_CLASSES),
        splits=[split for split in dataset.counts if split != TRAIN],
        charts=list(charts(seen.figures, seen.config)),
        hints=settings_warnings(seen.config, dataset.classes, lambda: seen.figures.usual_size),
        alike=[(each.path, caption(each)) for each in seen.likeness.alike[:5]],
        weak=[each for each in map(_named, seen.strengths) if each["such_as"]],
        hardly_levels=number(HARDLY_LEVELS),
        hardly_colour=number(HARDLY_COLOUR),
        hardly_strength=number(HARDLY_STRENGTH),
        compared_px=COMPARED_PX,
        strips=list(sample_strips(seen.figures, seen.pictures)),
        twins=list(look_alike_strips(seen.look_alikes, seen.pictures)),
        failures=_failures(out),
        config_text=yaml.safe_dump(dataset.settings, sort_keys=False, allow_unicode=True),
    )
    data = page.encode("utf-8", "backslashreplace")
    if target is None:
        # A link that lies in the output is not followed: nothing outside of it is written.
        target = out / REPORT
        write_atomic(target, data)
    else:
        write_target(target, data)
    return Written(target, len(data), seen.likeness, seen.strengths)


def _named(strength: Strength) -> dict[str, object]:
    """Return a transform, and the first copies that it hardly changes."""
    such_as = [(each.path, own_caption(each, strength.columns)) for each in strength.alike[:_NAMED]]
    return {"transform": strength.transform, "share": strength.hardly, "such_as": such_as}


def _failures(out: Path) -> list[Failure]:
    """Return the first rows of failures.csv."""
    folder = ConfinedFolder(out)
    if folder.stat(FAILURES) is None:
        return []
    return read_failures(folder.read(FAILURES))[:_MOST_FAILURES]
