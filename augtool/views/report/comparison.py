"""Writes a page that shows two outputs side by side: config, counts, draws, sizes, strength."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from augtool.core.records import TRAIN, ClassCounts
from augtool.output.dataset import DatasetInfo
from augtool.storage.files import write_atomic, write_target
from augtool.views.report.charts import charts
from augtool.views.report.classes import MOST_CLASSES
from augtool.views.report.findings import Findings, ReportOptions, look_at
from augtool.views.report.template import load_template

__all__ = ["Comparison", "write_comparison"]

#: Written if no output is set; it belongs to neither of the two.
_DEFAULT = Path("comparison.html")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A written comparison: its path, its size in bytes, and what differs in the configs."""

    path: Path
    size: int
    is_same: bool
    config: list[Difference]

    def to_json(self) -> dict[str, object]:
        """Return it as JSON-able values."""
        return {
            "report": str(self.path),
            "bytes": self.size,
            "same_files": self.is_same,
            "config": {each.key: [each.one, each.other] for each in self.config},
        }


class Difference(NamedTuple):
    """A setting that differs; None where it is not set."""

    key: str
    one: object
    other: object


class _ClassRow(NamedTuple):
    """Training images of a class before and after, in both; None where it has no such class."""

    name: str
    one: ClassCounts | None
    other: ClassCounts | None


def write_comparison(
    one: Path,
    other: Path,
    *,
    target: Path | None = None,
    titles: tuple[str, str] | None = None,
    allow_code: bool = False,
) -> Comparison:
    """Write the comparison of two finished outputs.

    Parameters
    ----------
    one, other
        The output folders.
    target
        The file to write; None for comparison.html in the current folder.
    titles
        What to call them; None for their paths.
    allow_code
        Whether Python code that their configs name may be imported.

    Raises
    ------
    InputError
        When one of them is not a finished output.
    EngineError
        When Jinja is not installed.
    OutputError
        When it can't be written.
    """
    template = load_template("comparison.html.jinja")
    named = zip((one, other), titles or (str(one), str(other)))
    both = [
        look_at(out, ReportOptions(title=title, look_alikes=0, allow_code=allow_code))
        for out, title in named
    ]
    first, second = (seen.dataset for seen in both)
    differences = list(_differences(_flat(first.settings), _flat(second.settings)))
    rows = list(_class_rows(first, second))
    page = template.render(
        both=both,
        is_same=first.digest == second.digest,
        differences=differences,
        facts=list(_facts(both)),
        classes=rows[:MOST_CLASSES],
        more_classes=max(0, len(rows) - MOST_CLASSES),
        charts=_charts(both),
        strengths=_strengths(both),
    )
    data = page.encode("utf-8", "backslashreplace")
    if target is None:
        target = _DEFAULT
        write_atomic(target, data)
    else:
        write_target(target, data)
    return Comparison(target, len(data), first.digest == second.digest, differences)


def _flat(settings: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Return settings by dotted key.

    >>> _flat({"seed": 0, "output": {"to": "tree"}})
    {'seed': 0, 'output.to': 'tree'}
    """
    flat: dict[str, object] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _differences(one: dict[str, object], other: dict[str, object]) -> Iterator[Difference]:
    for key in dict.fromkeys((*one, *other)):
        if one.get(key) != other.get(key):
            yield Difference(key, one.get(key), other.get(key))


def _facts(both: list[Findings]) -> Iterator[tuple[str, str, str]]:
    """Yield what is told of both in one line each."""
    one, other = (list(_facts_of(seen)) for seen in both)
    for (name, mine), (_, theirs) in zip(one, other):
        yield name, mine, theirs


def _facts_of(seen: Findings) -> Iterator[tuple[str, str]]:
    dataset, figures = seen.dataset, seen.figures
    yield "files", f"{dataset.written.records:,}"
    yield "training originals", f"{dataset.training.originals:,}"
    yield "copies", f"{dataset.training.copies:,}"
    yield "held out", f"{dataset.written.records - dataset.training.records:,}"
    yield "classes", f"{len(dataset.classes):,}"
    yield "inputs that could not be used", f"{dataset.failures:,}"
    is_empty = not figures.after.count
    yield "width", "" if is_empty else str(figures.after.width)
    yield "height", "" if is_empty else str(figures.after.height)
    yield "on disk", f"{dataset.stored_bytes / 1e6:.1f} MB"
    share = seen.likeness.share
    yield "copies that hardly differ", "not measured" if share is None else f"{share:.1%}"
    for name in ("augtool", "cv2", "numpy"):  # with portable: true, any of the last two
        yield f"version of {name}", dataset.made_with.versions.get(name, "any")


def _class_rows(one: DatasetInfo, other: DatasetInfo) -> Iterator[_ClassRow]:
    for name in dict.fromkeys((*one.classes, *other.classes)):
        counts = [
            dataset.counts.get(TRAIN, {}).get(name, ClassCounts())
            if name in dataset.classes
            else None
            for dataset in (one, other)
        ]
        yield _ClassRow(name, *counts)


def _charts(both: list[Findings]) -> list[tuple[str, list[dict[str, object] | None]]]:
    """Return the charts of each parameter that is drawn in one of them, by its name."""
    by_name = [
        {str(chart["name"]): chart for chart in charts(seen.figures, seen.config)} for seen in both
    ]
    names = dict.fromkeys(name for charts_of in by_name for name in charts_of)
    return [(name, [charts_of.get(name) for charts_of in by_name]) for name in names]


def _strengths(both: list[Findings]) -> list[tuple[str, list[object]]]:
    """Return the strengths of each transform that is on in one of them, by its name."""
    by_name = [{each.transform: each for each in seen.strengths} for seen in both]
    names = dict.fromkeys(name for strengths in by_name for name in strengths)
    return [(name, [strengths.get(name) for strengths in by_name]) for name in names]
