"""The content of a preview: originals, and exactly the copies that expand would write.

Images of a data set keep their ids.  The id of a single image is its file name, so its copies are
those of a data set in which that is its path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from augtool.config.schema import Config
from augtool.core.geometry import Image
from augtool.errors import ConfigError
from augtool.images.display import to_display
from augtool.plan.warnings import level_warnings, settings_warnings
from augtool.sources import Source, open_source
from augtool.views.preview import contact_sheet
from augtool.views.preview.subjects import find_images
from augtool.views.preview.tiles import TileRow, range_rows, tile_row

__all__ = ["Grid", "Preview", "preview"]

#: Images per row if there are several sources.
_COLUMNS = 5


class Grid(NamedTuple):
    """How many images a sheet shows: down and across."""

    rows: int
    columns: int

    @classmethod
    def parse(cls, text: str) -> Grid:
        """Read ``3x4``: three rows of four.

        Raises
        ------
        ConfigError
            When it is anything else.
        """
        parts = text.lower().split("x")
        if len(parts) != 2 or not all(part.isascii() and part.isdigit() for part in parts):
            raise ConfigError(f"--grid: got {text!r}; expected rows x columns, e.g. 3x3")
        rows, columns = int(parts[0]), int(parts[1])
        if not (1 <= rows <= 100 and 1 <= columns <= 100):
            raise ConfigError(f"--grid: got {text!r}; use 1 to 100 rows and columns")
        return cls(rows, columns)


@dataclass(frozen=True, slots=True)
class Preview:
    """All rows, the number of tiles per row, and warnings."""

    rows: tuple[TileRow, ...]
    columns: int
    warnings: tuple[str, ...] = ()

    def draw(self, tile_px: int = 200) -> tuple[Image, list[list[contact_sheet.Box]]]:
        """Draw the contact sheet; also return the place of each image on it, by row."""
        cells = [cells for row in self.rows for cells in self._cell_rows(row, tile_px)]
        return contact_sheet.draw(cells, tile_px)

    def _cell_rows(self, row: TileRow, tile_px: int) -> Iterator[contact_sheet.CellRow]:
        for start in range(0, len(row.tiles), self.columns):
            cells = []
            for index in range(start, min(start + self.columns, len(row.tiles))):
                tile = row.tiles[index]
                # At the size of the tile, a square of the checkerboard has about 8 pixels.
                square_px = max(1, round(8 * max(tile.pixels.shape[:2]) / tile_px))
                shown = to_display(tile.pixels, white=row.white, square_px=square_px)
                cells.append(
                    contact_sheet.Cell(shown, tile.words, is_original="original" in tile.words)
                )
            yield contact_sheet.CellRow(row.title if start == 0 else "", cells)

    def to_json(self) -> list[dict[str, object]]:
        """Return the rows as JSON-able values."""
        return [
            {
                "title": row.title,
                "source": row.source,
                "class": row.class_name,
                "copies": [
                    {"copy": tile.copy, "params": tile.params} for tile in row.tiles if tile.params
                ],
            }
            for row in self.rows
        ]


def preview(
    inputs: Sequence[str],
    config: Config,
    *,
    grid: Grid | None = None,
    per_transform: bool = False,
    open_data: Callable[..., Source] = open_source,
) -> Preview:
    """Return a preview of `inputs` under a config.

    Parameters
    ----------
    inputs
        Images and data sets.
    config
        As for expand.
    grid
        For one image: how many to show in all, including the original. Otherwise rows are sources,
        a sample of each class in turn, and columns are the original and its copies.
    per_transform
        Show each transform alone, at the low end, the middle and the high end of its range.
    open_data
        Opens a data set.

    Raises
    ------
    InputError
        When there is nothing to show.
    """
    most = grid.rows if grid else None
    found = find_images(inputs, config, rows=most, open_data=open_data)
    images = found.images
    is_alone = len(images) == 1 and len(inputs) == 1 and images[0].class_name is None
    if per_transform:
        rows = [
            row
            for each in images[: 1 if grid is None else grid.rows]
            for row in range_rows(each, config)
        ]
        columns = max(len(row.tiles) for row in rows)
    elif is_alone:
        down, columns = grid or Grid(3, 3)
        rows = [tile_row(images[0], config, down * columns - 1)]
    else:
        columns = grid.columns if grid else _COLUMNS
        rows = [tile_row(each, config, columns - 1) for each in images]
    pictures = [(each.class_name, each.picture.pixels()) for each in images]
    frame = images[0].picture.geometry.frame
    warnings = [
        *found.warnings,
        *settings_warnings(config, found.classes, lambda: frame),
        *level_warnings(config, pictures),
    ]
    return Preview(tuple(rows), columns, tuple(warnings))
