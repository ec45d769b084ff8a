"""Writes report.html: one file that shows what a finished output holds, and how it was made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from augtool.core.records import TRAIN, ClassCounts, Failure, Record
from augtool.errors import EngineError, InputError
from augtool.images.display import white_level
from augtool.output import manifest
from augtool.output.dataset import FAILURES, MANIFEST, REPORT, DatasetInfo, read_dataset
from augtool.output.failures import read_failures
from augtool.output.rows import RowRules
from augtool.plan.warnings import settings_warnings
from augtool.sources import Source
from augtool.storage.confined import ConfinedFolder
from augtool.storage.files import write_atomic, write_target
from augtool.views.captions import words
from augtool.views.report.charts import charts
from augtool.views.report.figures import Family, Figures, gather
from augtool.views.report.samples import (
    COMPARED_PX,
    HARDLY_LEVELS,
    Likeness,
    Pictures,
    data_uri,
    measure,
)
from augtool.views.report.svg import number

__all__ = ["Written", "write_report"]

_MOST_CLASSES, _MOST_FAILURES, _MOST_STRIPS, _COPIES, _TILE_PX = 200, 50, 12, 4, 160
_COMPARED = 200
_TEMPLATE = "report.html.jinja"


@dataclass(frozen=True, slots=True)
class Written:
    """A written report: its path, its size in bytes, and how much copies differ."""

    path: Path
    size: int
    likeness: Likeness

    def to_json(self) -> dict[str, object]:
        """Return it as JSON-able values."""
        return {
            "report": str(self.path),
            "bytes": self.size,
            "compared": self.likeness.compared,
            "hardly_differ": self.likeness.share,
        }


def write_report(out: Path, *, target: Path | None = None, source: Source | None = None) -> Written:
    """Write the report of a finished output.

    Parameters
    ----------
    out
        The output folder.
    target
        The file to write; None for report.html in `out`.
    source
        Where to read originals that are not in the output.

    Raises
    ------
    InputError
        When there is no finished run in `out`, or a row of its manifest is not augtool's.
    EngineError
        When Jinja is not installed.
    OutputError
        When it can't be written.
    """
    if not (out / MANIFEST).is_file():
        raise InputError(
            f"{out}: has no {MANIFEST}, so it is not a finished output;"
            " pass a folder that augtool expand wrote, or complete its run"
        )
    template = _template()
    dataset = read_dataset(out)
    config = dataset.config()
    figures = gather(
        _records(out, RowRules(dataset, config)), config, shown=_shown(dataset), compared=_COMPARED
    )
    pictures = Pictures(out, config, source)
    likeness = measure(figures.compared, pictures)
    page = template.render(
        dataset=dataset,
        classes=_classes(dataset),
        more_classes=max(0, len(dataset.classes) - _MOST_CLASSES),
        splits=[split for split in dataset.counts if split != TRAIN],
        charts=list(charts(figures, config)),
        hints=settings_warnings(config, dataset.classes, lambda: figures.usual_size),
        likeness=likeness,
        alike=[(each.path, _caption(each)) for each in likeness.alike[:5]],
        hardly_levels=number(HARDLY_LEVELS),
        compared_px=COMPARED_PX,
        strips=list(_strips(figures, pictures)),
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
    return Written(target, len(data), likeness)


def _records(out: Path, rules: RowRules) -> Iterator[Record]:
    """Yield the records of a manifest; a row that augtool did not write is refused."""
    for record in manifest.read(out / MANIFEST):
        problem = rules.problem(record)
        if problem is not None:
            raise InputError(f"{out}: {record.path!r}: {problem}; see: augtool verify {out}")
        yield record


def _template() -> Any:
    """Return the page's template.

    Raises
    ------
    EngineError
        When Jinja is not installed.
    """
    try:
        from jinja2 import Environment, StrictUndefined  # noqa: PLC0415
    except ImportError as error:
        raise EngineError(
            "the report needs Jinja, which is not installed; pip install jinja2"
        ) from error
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["count"] = "{:,}".format
    return environment.from_string(Path(__file__).with_name(_TEMPLATE).read_text("utf-8"))


def _shown(dataset: DatasetInfo) -> dict[str, int]:
    """Return how many families of each class the grid shows: all classes, or some of many."""
    names = list(dataset.counts.get(TRAIN, {}))
    if len(names) > _MOST_STRIPS:
        names = [names[place * len(names) // _MOST_STRIPS] for place in range(_MOST_STRIPS)]
    each = max(1, min(3, _MOST_STRIPS // 2 // max(len(names), 1)))
    return dict.fromkeys(names, each)


class _ClassRow(NamedTuple):
    """One class in the table: its counts, and the lengths of its bars in percent of the longest."""

    name: str
    before: int
    after: int
    others: list[int]
    before_percent: float
    added_percent: float


def _classes(dataset: DatasetInfo) -> list[_ClassRow]:
    training = dataset.counts.get(TRAIN, {})
    longest = max([1, *(counts.records for counts in training.values())])
    rows = []
    for name in dataset.classes[:_MOST_CLASSES]:
        counts = training.get(name, ClassCounts())
        others = [
            classes.get(name, ClassCounts()).originals
            for split, classes in dataset.counts.items()
            if split != TRAIN
        ]
        before, added = (100 * count / longest for count in counts)
        rows.append(_ClassRow(name, counts.originals, counts.records, others, before, added))
    return rows


def _strips(figures: Figures, pictures: Pictures) -> Iterator[dict[str, object]]:
    """Yield the rows of the sample grid: an original and some of its copies."""
    families = [(name, each) for name, kept in figures.shown.items() for each in kept]
    for name, family in families[:_MOST_STRIPS]:
        tiles = list(_tiles(family, pictures))
        if tiles:
            yield {"class_name": name, "source": family.source, "tiles": tiles}


def _tiles(family: Family, pictures: Pictures) -> Iterator[dict[str, str]]:
    original = pictures.original(family)
    white = None if original is None else white_level(original)
    if original is not None and white is not None:
        uri = data_uri(original, white, _TILE_PX)
        yield {"uri": uri, "words": "original", "kind": "original"}
    for record in family.copies[:_COPIES]:
        made = pictures.written(record)
        if made is not None:
            said = _caption(record) or "unchanged"
            uri = data_uri(made, white or white_level(made), _TILE_PX)
            yield {"uri": uri, "words": said, "kind": f"copy {record.copy}"}


def _caption(record: Record) -> str:
    """Return the drawn parameters, as words without line breaks inside."""
    return " · ".join(word.replace(" ", "\u00a0") for word in words(record.params or {}))


def _failures(out: Path) -> list[Failure]:
    """Return the first rows of failures.csv."""
    folder = ConfinedFolder(out)
    if folder.stat(FAILURES) is None:
        return []
    return read_failures(folder.read(FAILURES))[:_MOST_FAILURES]
