"""The content of a preview: originals, and exactly the copies that expand would write.

Images of a data set keep their ids.  The id of a single image is its file name, so its copies are
those of a data set in which that is its path.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from augtool.config.schema import Config
from augtool.core.geometry import Image
from augtool.errors import ConfigError
from augtool.images.display import to_display
from augtool.plan.lint import settings_warnings
from augtool.views.preview import contact_sheet
from augtool.views.preview.subjects import DEFAULT_READING, Reading, find_images
from augtool.views.preview.tiles import Tile, TileRow, batch_row, range_rows, tile_row

__all__ = ["Grid", "Layout", "Preview", "preview"]

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


#: What a batch shows by default.
_BATCH = Grid(4, 5)


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
                shown = to_display(tile.pixels, white=row.white_of(tile), square_px=square_px)
                cells.append(
                    contact_sheet.Cell(
                        shown,
                        tile.words,
                        is_original=tile.copy is None and "original" in tile.words,
                    )
                )
            yield contact_sheet.CellRow(row.title if start == 0 else "", cells)

    def to_json(self) -> list[dict[str, object]]:
        """Return the rows as JSON-able values."""
        return [
            {
                "title": row.title,
                "source": row.source,
                "class": row.class_name,
                **({} if row.transform is None else {"transform": row.transform}),
                "copies": [_tile_json(tile) for tile in row.tiles if tile.params],
            }
            for row in self.rows
        ]


def _tile_json(tile: Tile) -> dict[str, object]:
    values: dict[str, object] = {"copy": tile.copy, "params": tile.params}
    if tile.image is not None:
        values |= {"source": tile.image.id, "class": tile.image.class_name}
    if tile.difference is not None:
        values |= {"strength": tile.difference.dissimilarity, "colour": tile.difference.colour}
    return values


@dataclass(frozen=True, slots=True)
class Layout:
    """What a sheet shows.

    Parameters
    ----------
    grid
        For one image: how many to show in all, including the original. Otherwise rows are sources,
        a sample of each class in turn, and columns are the original and its copies. For a batch:
        how many images it has. None for a grid that suits the inputs.
    batch
        Show copies of that many different images, chosen at random from all classes.
    per_transform
        Show each transform alone, at the low end, the middle and the high end of its range.
    original
        Show originals too; a batch has none.
    """

    grid: Grid | None = None
    batch: bool = False
    per_transform: bool = False
    original: bool = True


def preview(
    inputs: Sequence[str],
    config: Config,
    layout: Layout | None = None,
    *,
    reading: Reading = DEFAULT_READING,
) -> Preview:
    """Return a preview of `inputs` under a config.

    Parameters
    ----------
    inputs
        Images and data sets.
    config
        As for expand.
    layout
        What to show of them; None for the defaults.
    reading
        How to open data sets and decode images.

    Raises
    ------
    ConfigError
        When the layout makes no sense.
    InputError
        When there is nothing to show.
    """
    layout = layout or Layout()
    grid, shows_original = layout.grid, layout.original
    if layout.batch and layout.per_transform:
        raise ConfigError("--batch: can't be combined with --per-transform; pass one of them")
    most = grid.rows if grid else None
    if layout.batch:
        grid = grid or _BATCH
        most = grid.rows * grid.columns
    found = find_images(inputs, config, rows=most, shuffled=layout.batch, reading=reading)
    images = found.images
    is_alone = len(images) == 1 and len(inputs) == 1 and images[0].class_name is None
    if layout.batch and grid:
        rows = [batch_row(images, config, grid.rows * grid.columns)]
        columns = grid.columns
    elif layout.per_transform:
        rows = [
            row
            for each in images[: 1 if grid is None else grid.rows]
            for row in range_rows(each, config, shows_original=shows_original)
        ]
        columns = max(len(row.tiles) for row in rows)
    elif is_alone:
        down, columns = grid or Grid(3, 3)
        copies = down * columns - shows_original
        rows = [tile_row(images[0], config, copies, shows_original=shows_original)]
    else:
        columns = grid.columns if grid else _COLUMNS
        copies = columns - shows_original
        rows = [tile_row(each, config, copies, shows_original=shows_original) for each in images]
    pictures = [(each.class_name, each.picture.pixels()) for each in images]
    frame = images[0].picture.geometry.frame
    warnings = [
        *found.warnings,
        *settings_warnings(config, found.classes, lambda: frame, pictures),
    ]
    return Preview(tuple(rows), columns, tuple(warnings))
