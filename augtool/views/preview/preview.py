"""The content of a preview: originals, and exactly the copies that expand would write.

Images of a data set keep their ids.  The id of a single image is its file name, so its copies are
those of a data set in which that is its path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from augtool.config.schema import Config
from augtool.core.geometry import Image
from augtool.core.pipeline import Copies, Params, Pipeline, Subject
from augtool.core.resize import ResizeGeometries
from augtool.core.transforms import Transform
from augtool.core.warp import unpadded
from augtool.errors import ConfigError
from augtool.images.display import to_display, white_level
from augtool.images.source_image import SourceImage
from augtool.plan.warnings import level_warnings, settings_warnings
from augtool.sources import Source, open_source
from augtool.views.captions import all_words, words
from augtool.views.preview import contact_sheet
from augtool.views.preview.subjects import PreviewImage, find_images

__all__ = ["Grid", "Preview", "Tile", "TileRow", "preview"]

#: Images per row if there are several sources.
_COLUMNS = 5
_ENDS = (("low", 0.0), ("middle", 0.5), ("high", 1 - 2.0**-53))


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
class Tile:
    """One image of a preview: `copy` is None for an original and for an end of a range.

    `pixels` are what expand would write, with the depth and channels of the source, in OpenCV's
    order.
    """

    pixels: Image
    words: tuple[str, ...]
    copy: int | None = None
    params: Params = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TileRow:
    """The tiles of one source, or of one transform, the original first.

    `white` is the level that is shown as white.
    """

    title: str
    source: str
    class_name: str | None
    white: int
    tiles: tuple[Tile, ...]


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
            for row in _range_rows(each, config)
        ]
        columns = max(len(row.tiles) for row in rows)
    elif is_alone:
        down, columns = grid or Grid(3, 3)
        rows = [_tile_row(images[0], config, down * columns - 1)]
    else:
        columns = grid.columns if grid else _COLUMNS
        rows = [_tile_row(each, config, columns - 1) for each in images]
    pictures = [(each.class_name, each.picture.pixels()) for each in images]
    frame = images[0].picture.geometry.frame
    warnings = [
        *found.warnings,
        *settings_warnings(config, found.classes, lambda: frame),
        *level_warnings(config, pictures),
    ]
    return Preview(tuple(rows), columns, tuple(warnings))


def _original(image: PreviewImage) -> Tile:
    pixels = image.picture.pixels()
    said = ["original", f"{pixels.shape[1]}x{pixels.shape[0]}"]
    white = white_level(pixels)
    if pixels.itemsize == 2:
        said.append("16 bit" if white == 65535 else f"16 bit, white is {white}")
    return Tile(pixels, tuple(said))


def _tile_row(image: PreviewImage, config: Config, copies: int) -> TileRow:
    """Return the original and its first copies."""
    pipeline = config.pipeline(image.class_name)
    original = _original(image)
    tiles = [original]
    picture = image.picture
    drawn = pipeline.draw(config.seed, [Subject(image.id, picture.geometry, copies)])
    for number in range(copies):
        params = drawn.params(number)
        said = words(params) or ("unchanged",)
        tiles.append(Tile(_made(drawn, number, picture), said, number, params))
    white = white_level(original.pixels)
    return TileRow(image.title, image.id, image.class_name, white, tuple(tiles))


def _range_rows(image: PreviewImage, config: Config) -> list[TileRow]:
    """Return a row for each transform that is on, at the ends and the middle of its range."""
    pipeline = config.pipeline(image.class_name)
    original = _original(image)
    white = white_level(original.pixels)
    rows = []
    alone = [replace(pipeline, geometric=(each,), photometric=()) for each in pipeline.geometric]
    alone += [replace(pipeline, geometric=(), photometric=(each,)) for each in pipeline.photometric]
    for transform, only in zip((*pipeline.geometric, *pipeline.photometric), alone):
        tiles = (original, *_range_tiles(image.picture, transform, only))
        title = f"{transform.name}   {image.id}"
        rows.append(TileRow(title, image.id, image.class_name, white, tiles))
    if not rows:
        raise ConfigError("transforms: none is on, so there is no range to show; enable one")
    return rows


def _range_tiles(picture: SourceImage, transform: Transform, only: Pipeline) -> list[Tile]:
    """Return a transform's images from low to high; one that is either on or off has two."""
    alone = ResizeGeometries.stack([picture.geometry], [1])
    uniforms = np.array([[uniform for _, uniform in _ENDS]] * transform.uniforms)
    drawn = transform.make_params(uniforms, alone.frame)
    values = list(zip(*(np.asarray(column).tolist() for column in drawn)))
    by_params: dict[tuple[float, ...], str] = {}
    for (end, _), each in zip(_ENDS, values):
        by_params.setdefault(each, end)
    tiles = []
    for each, end in sorted(by_params.items()):
        params = dict(zip(transform.columns, each))
        pulls = alone.pulls(only.frame_matrices(params, alone.frame))
        copies = only.place(params, pulls, alone)
        label = (f"{end}:",) if len(by_params) == len(_ENDS) else ()
        said = (" ".join((*label, *all_words(params))),)
        tiles.append(Tile(_made(copies, 0, picture), said, None, params))
    return tiles


def _made(copies: Copies, index: int, picture: SourceImage) -> Image:
    """Return the pixels of one of an image's copies."""
    return unpadded(copies.make(index, picture.prepared, picture.channels), picture.channels)
