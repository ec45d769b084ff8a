"""The tiles of a preview: an original and its copies, or a transform over its range.

They are made exactly as expand would make them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from augtool.config.schema import Config
from augtool.core.geometry import Image
from augtool.core.pipeline import Copies, Params, Pipeline, Subject
from augtool.core.resize import ResizeGeometries
from augtool.core.transforms import Transform
from augtool.core.warp import unpadded
from augtool.errors import ConfigError
from augtool.images.display import white_level
from augtool.images.source_image import SourceImage
from augtool.views.captions import all_words, words
from augtool.views.preview.subjects import PreviewImage
from augtool.views.strength import Difference, StrengthMeter, each_alone

__all__ = ["Tile", "TileRow", "batch_row", "range_rows", "tile_row"]

_ENDS = (("low", 0.0), ("middle", 0.5), ("high", 1 - 2.0**-53))


@dataclass(frozen=True, slots=True)
class Tile:
    """One image of a preview: `copy` is None for an original and for an end of a range.

    `pixels` are what expand would write, with the depth and channels of the source, in OpenCV's
    order. `image` is what it was made from, where that is another one for each tile of a row.
    `difference` is how far a transform alone takes the original there.
    """

    pixels: Image
    words: tuple[str, ...]
    copy: int | None = None
    params: Params = field(default_factory=dict)
    image: PreviewImage | None = None
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class TileRow:
    """The tiles of one source, or of one transform, the original first if it is shown.

    `white` is the level that is shown as white; None for that of each tile's image. `transform` is
    the name of the transform that the row is about.
    """

    title: str
    source: str
    class_name: str | None
    white: int | None
    tiles: tuple[Tile, ...]
    transform: str | None = None

    def white_of(self, tile: Tile) -> int:
        """Return the level that is shown as white in a tile."""
        if self.white is not None:
            return self.white
        return white_level(tile.pixels if tile.image is None else tile.image.picture.pixels())


def _original(image: PreviewImage) -> Tile:
    pixels = image.picture.pixels()
    said = ["original", f"{pixels.shape[1]}x{pixels.shape[0]}"]
    white = white_level(pixels)
    if pixels.itemsize == 2:
        said.append("16 bit" if white == 65535 else f"16 bit, white is {white}")
    return Tile(pixels, tuple(said))


def tile_row(
    image: PreviewImage, config: Config, copies: int, *, shows_original: bool = True
) -> TileRow:
    """Return the original and its first copies."""
    original = _original(image)
    made = _copies(image, config, copies)
    tiles = (original, *made) if shows_original else tuple(made)
    white = white_level(original.pixels)
    return TileRow(image.title, image.id, image.class_name, white, tiles)


def batch_row(images: Sequence[PreviewImage], config: Config, count: int) -> TileRow:
    """Return `count` tiles: the first copy of each image, then the second, and so on."""
    most = -(-count // len(images))
    made = [_copies(image, config, most) for image in images]
    tiles = []
    for index in range(count):
        number, place = divmod(index, len(images))
        image, tile = images[place], made[place][number]
        said = (image.class_name or image.id, *tile.words)
        tiles.append(replace(tile, words=said, image=image))
    return TileRow("", "", None, None, tuple(tiles))


def _copies(image: PreviewImage, config: Config, count: int) -> list[Tile]:
    """Return the first copies of an image."""
    picture = image.picture
    subject = Subject(image.id, picture.geometry, count)
    drawn = config.pipeline(image.class_name).draw(config.seed, [subject])
    tiles = []
    for number in range(count):
        params = drawn.params(number)
        said = words(params) or ("unchanged",)
        tiles.append(Tile(_made(drawn, number, picture), said, number, params))
    return tiles


def range_rows(
    image: PreviewImage, config: Config, *, shows_original: bool = True
) -> list[TileRow]:
    """Return a row for each transform that is on, at the ends and the middle of its range."""
    pipeline = config.pipeline(image.class_name)
    original = _original(image)
    white = white_level(original.pixels)
    meter = StrengthMeter(original.pixels)
    rows = []
    for transform, only in each_alone(pipeline):
        tiles = tuple(_range_tiles(image.picture, transform, only, meter))
        tiles = (original, *tiles) if shows_original else tiles
        title = f"{transform.name}   {image.id}"
        rows.append(TileRow(title, image.id, image.class_name, white, tiles, transform.name))
    if not rows:
        raise ConfigError("transforms: none is on, so there is no range to show; enable one")
    return rows


def _range_tiles(
    picture: SourceImage, transform: Transform, only: Pipeline, meter: StrengthMeter
) -> list[Tile]:
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
        copies = only.place(params, only.points.pulls(params, alone), alone)
        first, *others = all_words(params)
        first = f"{end}: {first}" if len(by_params) == len(_ENDS) else first
        difference = meter.measure(transform, only, params)
        said = (first, *others, *_strength_words(difference))
        tiles.append(Tile(_made(copies, 0, picture), said, None, params, difference=difference))
    return tiles


def _strength_words(difference: Difference) -> tuple[str, str]:
    # A flat image and its copy may come out at -0.
    return (
        f"1-SSIM {abs(difference.dissimilarity):.3f}",
        f"colour {difference.colour:.1f}",
    )


def _made(copies: Copies, index: int, picture: SourceImage) -> Image:
    """Return the pixels of one of an image's copies."""
    prepared = picture.at(copies.reductions[index])
    return unpadded(copies.make(index, prepared, picture.channels), picture.channels)
