"""Looks at a finished output: all that its report shows, as values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from augtool.config.schema import Config
from augtool.core.geometry import Size
from augtool.core.records import TRAIN, Record
from augtool.errors import InputError
from augtool.images import codec
from augtool.output import manifest
from augtool.output.dataset import DatasetInfo, read_dataset, require_on_disk
from augtool.output.rows import RowRules
from augtool.sources import Source
from augtool.storage.confined import ConfinedFolder
from augtool.storage.which_manifest import manifest_in
from augtool.views.report.figures import Family, Figures, gather
from augtool.views.report.look_alikes import LookAlikes, find_look_alikes
from augtool.views.report.samples import Likeness, Pictures, measure
from augtool.views.report.sizes import SizeTally
from augtool.views.report.strength import Strength, measure_strength

__all__ = ["LOOK_ALIKES", "MOST_STRIPS", "Findings", "ReportOptions", "look_at"]

#: Originals that are compared with each other by default: each has to be decoded.
LOOK_ALIKES = 1000
MOST_STRIPS = 12
_COMPARED = 200


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What a report is made with, beside the output.

    Parameters
    ----------
    title
        Name of the data set; None for that of the output folder.
    source
        Where to read originals that are not in the output; None if unknown.
    look_alikes
        How many originals to compare with each other.
    allow_code
        Whether Python code that its config names may be imported.
    """

    title: str | None = None
    source: Source | None = None
    look_alikes: int = LOOK_ALIKES
    allow_code: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """What there is in an output.

    Parameters
    ----------
    title
        Name of the data set.
    dataset, config, figures, pictures
        What dataset.json says, the config in it, the manifest's figures, and the pixels.
    likeness, strengths
        How much copies differ from their originals, and what each transform adds to it.
    looked_at, look_alikes
        How many originals were compared with each other, and which look the same.
    sources
        Sizes of the sources, before `resize`; those of a sample where there is one.
    """

    title: str
    dataset: DatasetInfo
    config: Config
    figures: Figures
    pictures: Pictures
    likeness: Likeness
    strengths: list[Strength]
    looked_at: int
    look_alikes: list[LookAlikes]
    sources: SizeTally


def look_at(out: Path, options: ReportOptions) -> Findings:
    """Look at an output.

    Raises
    ------
    InputError
        When there is no finished run in `out`, or a row of its manifest is not augtool's.
    """
    require_on_disk(out)
    table = out / manifest_in(ConfinedFolder(out).stat)
    if not table.is_file():
        raise InputError(
            f"{out}: has no {table.name}, so it is not a finished output;"
            " pass a folder that augtool expand wrote, or complete its run"
        )
    dataset = read_dataset(out)
    config = dataset.config(allow_code=options.allow_code)
    figures = gather(
        _records(table, RowRules(dataset, config)),
        config,
        shown=_shown(dataset),
        compared=_COMPARED,
        looked_at=options.look_alikes,
    )
    pictures = Pictures(out, config, options.source)
    looked_at, look_alikes = find_look_alikes(figures.originals, pictures)
    return Findings(
        title=options.title or out.resolve().name or str(out),
        dataset=dataset,
        config=config,
        figures=figures,
        pictures=pictures,
        likeness=measure(figures.compared, pictures),
        strengths=measure_strength(figures.compared, pictures, config),
        looked_at=looked_at,
        look_alikes=look_alikes,
        sources=_source_sizes(figures, pictures, config),
    )


def _records(table: Path, rules: RowRules) -> Iterator[Record]:
    """Yield the records of a manifest; a row that augtool did not write is refused."""
    for record in manifest.read(table):
        problem = rules.problem(record)
        if problem is not None:
            out = table.parent
            raise InputError(f"{out}: {record.path!r}: {problem}; see: augtool verify {out}")
        yield record


def _shown(dataset: DatasetInfo) -> dict[str, int]:
    """Return how many families of each class the grid shows: all classes, or some of many."""
    names = list(dataset.counts.get(TRAIN, {}))
    if len(names) > MOST_STRIPS:
        names = [names[place * len(names) // MOST_STRIPS] for place in range(MOST_STRIPS)]
    each = max(1, min(3, MOST_STRIPS // 2 // max(len(names), 1)))
    return dict.fromkeys(names, each)


def _source_sizes(figures: Figures, pictures: Pictures, config: Config) -> SizeTally:
    """Return the sizes of the sources: those of all originals, unless they were resized."""
    if config.output.frame is None:
        return figures.before
    tally = SizeTally()
    for family in figures.compared:
        size = _source_size(family, pictures, config)
        if size is not None:
            tally.add(size)
    return tally


def _source_size(family: Family, pictures: Pictures, config: Config) -> Size | None:
    try:
        raw = pictures.raw(family.source)
        if isinstance(raw, bytes):
            return codec.probe(raw, config.max_pixels).size
    except InputError:
        return None
    return None if raw is None else Size(*raw.shape[:2])
