"""Rows of pictures on a page: an original and its copies, or originals that look the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from augtool.core.records import Record
from augtool.images.display import white_level
from augtool.views.captions import all_words, words
from augtool.views.report.figures import Family, Figures
from augtool.views.report.findings import MOST_STRIPS
from augtool.views.report.look_alikes import LookAlikes
from augtool.views.report.samples import Pictures, data_uri

__all__ = ["Strip", "caption", "look_alike_strips", "own_caption", "sample_strips"]

#: Pictures are shown at half of this, and enlarged to all of it.
_TILE_PX = 320
_COPIES, _MOST_GROUPS, _MOST_TWINS = 4, 12, 6


class StripTile(NamedTuple):
    """A picture, what it is called, and the words under it."""

    uri: str
    kind: str
    words: str


class Strip(NamedTuple):
    """A row of pictures."""

    class_name: str
    source: str
    tiles: list[StripTile]


def sample_strips(figures: Figures, pictures: Pictures) -> Iterator[Strip]:
    """Yield the rows of the sample grid: an original and some of its copies."""
    families = [(name, each) for name, kept in figures.shown.items() for each in kept]
    for name, family in families[:MOST_STRIPS]:
        tiles = list(_tiles(family, pictures))
        if tiles:
            yield Strip(name, family.source, tiles)


def look_alike_strips(groups: Sequence[LookAlikes], pictures: Pictures) -> Iterator[Strip]:
    """Yield a row for each group of originals that look the same, the worst first."""
    for group in groups[:_MOST_GROUPS]:
        tiles = []
        for record in group.records[:_MOST_TWINS]:
            image = pictures.written(record)
            if image is not None:
                uri = data_uri(image, white_level(image), _TILE_PX)
                said = f"{record.class_name}, {record.split}: {record.source}"
                tiles.append(StripTile(uri, "original", said))
        marks = [
            *["in different splits"] * group.is_across_splits,
            *["in different classes"] * group.is_across_classes,
        ]
        more = len(group.records) - len(tiles)
        marks += [f"and {more:,} more"] * (more > 0)
        yield Strip(group.records[0].class_name, ", ".join(marks), tiles)


def _tiles(family: Family, pictures: Pictures) -> Iterator[StripTile]:
    original = pictures.original(family)
    white = None if original is None else white_level(original)
    if original is not None and white is not None:
        yield StripTile(data_uri(original, white, _TILE_PX), "original", "original")
    for record in family.copies[:_COPIES]:
        made = pictures.written(record)
        if made is not None:
            said = caption(record) or "unchanged"
            uri = data_uri(made, white or white_level(made), _TILE_PX)
            yield StripTile(uri, f"copy {record.copy}", said)


def caption(record: Record) -> str:
    """Return the drawn parameters, as words without line breaks inside."""
    return _joined(words(record.params or {}))


def own_caption(record: Record, columns: Sequence[str]) -> str:
    """Return the parameters of some columns, even if they change nothing."""
    params = record.params or {}
    return _joined(all_words({column: params[column] for column in columns if column in params}))


def _joined(said: Sequence[str]) -> str:
    return " · ".join(word.replace(" ", "\u00a0") for word in said)
