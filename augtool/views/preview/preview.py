"""What a preview shows: originals, and the very copies that expand would write of them.

Pictures of a data set have the ids that they have there.  A picture given alone has its file name
as its id; its copies are those of a data set in which that is its path.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from augtool.config.schema import Config
from augtool.core.geometry import Image
from augtool.core.pipeline import Params, Recipe
from augtool.core.rng import sample_key
from augtool.core.transforms import Transform
from augtool.errors import ConfigError
from augtool.images.display import to_display, white_level
from augtool.images.source_image import Picture
from augtool.plan.warnings import level_hints, settings_hints
from augtool.views.captions import all_words, words
from augtool.views.preview import contact_sheet
from augtool.views.preview.subjects import Subject, find_subjects

__all__ = ["Grid", "Preview", "Shot", "Strip", "preview"]

#: Pictures in a row where there are several sources.
_COLUMNS = 5
_ENDS = (("low", 0.0), ("middle", 0.5), ("high", 1 - 2.0**-53))


class Grid(NamedTuple):
    """How many pictures a sheet shows: down and across."""

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
            raise ConfigError(f"--grid: got {text!r}; give from 1 to 100 rows and columns")
        return cls(rows, columns)


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of a preview: `copy` is None for an original and for an end of a range.

    `pixels` are what expand would write: of the source's depth and channels, in OpenCV's order.
    """

    pixels: Image
    words: tuple[str, ...]
    copy: int | None = None
    params: Params = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Strip:
    """The shots of one source, or of one transform, the original first.

    `white` is the level that is shown as white.
    """

    title: str
    source: str
    class_name: str | None
    white: int
    shots: tuple[Shot, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """All strips, how many shots stand in a row, and what a person should know of them."""

    strips: tuple[Strip, ...]
    columns: int
    warnings: tuple[str, ...] = ()

    def draw(self, tile_px: int = 200) -> tuple[Image, list[list[contact_sheet.Spot]]]:
        """Draw the contact sheet; also return where each picture lies on it, by row."""
        rows = [row for strip in self.strips for row in self._rows(strip, tile_px)]
        return contact_sheet.draw(rows, tile_px)

    def _rows(self, strip: Strip, tile_px: int) -> Iterator[contact_sheet.Row]:
        for start in range(0, len(strip.shots), self.columns):
            tiles = []
            for index in range(start, min(start + self.columns, len(strip.shots))):
                shot = strip.shots[index]
                # Seen at the tile's size, a square of the checkerboard has about 8 pixels.
                square_px = max(1, round(8 * max(shot.pixels.shape[:2]) / tile_px))
                shown = to_display(shot.pixels, white=strip.white, square_px=square_px)
                tiles.append(
                    contact_sheet.Tile(shown, shot.words, is_original="original" in shot.words)
                )
            yield contact_sheet.Row(strip.title if start == 0 else "", tiles)

    def to_json(self) -> list[dict[str, Any]]:
        """Return the strips as JSON-able values."""
        return [
            {
                "title": strip.title,
                "source": strip.source,
                "class": strip.class_name,
                "copies": [
                    {"copy": shot.copy, "params": shot.params}
                    for shot in strip.shots
                    if shot.params
                ],
            }
            for strip in self.strips
        ]


def preview(
    inputs: Sequence[str],
    config: Config,
    *,
    grid: Grid | None = None,
    per_transform: bool = False,
    kind: str | None = None,
) -> Preview:
    """Return what `inputs` look like under a config.

    Parameters
    ----------
    inputs
        Pictures and data sets.
    config
        As for expand.
    grid
        One picture: how many are shown in all, the original among them. Else rows are sources, a
        sample of each class in turn, and columns the original and its copies.
    per_transform
        Show each transform alone, at the low end, the middle and the high end of its range.
    kind
        Kind of the data sets; None to detect it.

    Raises
    ------
    InputError
        When there is nothing that can be shown.
    """
    found = find_subjects(inputs, config, rows=grid.rows if grid else None, kind=kind)
    subjects = found.subjects
    is_alone = len(subjects) == 1 and len(inputs) == 1 and subjects[0].class_name is None
    if per_transform:
        strips = [
            strip
            for each in subjects[: 1 if grid is None else grid.rows]
            for strip in _range_strips(each, config)
        ]
        columns = max(len(strip.shots) for strip in strips)
    elif is_alone:
        rows, columns = grid or Grid(3, 3)
        strips = [_strip(subjects[0], config, rows * columns - 1)]
    else:
        columns = grid.columns if grid else _COLUMNS
        strips = [_strip(each, config, columns - 1) for each in subjects]
    pictures = [(each.class_name, each.picture.prepared) for each in subjects]
    frame = subjects[0].picture.placement.frame
    warnings = [
        *found.warnings,
        *settings_hints(config, found.classes, lambda: frame),
        *level_hints(config, pictures),
    ]
    return Preview(tuple(strips), columns, tuple(warnings))


def _original(subject: Subject) -> Shot:
    pixels = subject.picture.framed()
    said = ["original", f"{pixels.shape[1]}x{pixels.shape[0]}"]
    white = white_level(pixels)
    if pixels.itemsize == 2:
        said.append("16 bit" if white == 65535 else f"16 bit, white is {white}")
    return Shot(pixels, tuple(said))


def _strip(subject: Subject, config: Config, copies: int) -> Strip:
    """Return the original and its first copies."""
    recipe = config.recipe(subject.class_name)
    key = sample_key(config.seed, subject.id)
    original = _original(subject)
    shots = [original]
    for number in range(copies):
        drawn = subject.picture.draw(recipe, key, number)
        pixels = subject.picture.copy(recipe, drawn.matrix, drawn.params)
        said = words(drawn.params) or ("unchanged",)
        shots.append(Shot(pixels, said, number, drawn.params))
    white = white_level(original.pixels)
    return Strip(subject.title, subject.id, subject.class_name, white, tuple(shots))


def _range_strips(subject: Subject, config: Config) -> list[Strip]:
    """Return a strip for each transform that is on, at the ends and the middle of its range."""
    recipe = config.recipe(subject.class_name)
    original = _original(subject)
    white = white_level(original.pixels)
    strips = []
    alone = [replace(recipe, geometric=(each,), photometric=()) for each in recipe.geometric]
    alone += [replace(recipe, geometric=(), photometric=(each,)) for each in recipe.photometric]
    for transform, only in zip((*recipe.geometric, *recipe.photometric), alone):
        shots = (original, *_range_shots(subject.picture, transform, only))
        title = f"{transform.name}   {subject.id}"
        strips.append(Strip(title, subject.id, subject.class_name, white, shots))
    if not strips:
        raise ConfigError("transforms: none is on, so there is no range to show; turn one on")
    return strips


def _range_shots(picture: Picture, transform: Transform, only: Recipe) -> list[Shot]:
    """Return a transform's pictures from low to high; one that is either on or off has two."""
    frame = picture.placement.frame
    by_params: dict[tuple[float, ...], str] = {}
    for end, uniform in _ENDS:
        by_params.setdefault(transform.draw((uniform,) * transform.uniforms, frame), end)
    shots = []
    for values, end in sorted(by_params.items()):
        params = dict(zip(transform.columns, values))
        matrix = picture.placement.pull(only.frame_matrix(params, frame))
        label = (f"{end}:",) if len(by_params) == len(_ENDS) else ()
        said = (" ".join((*label, *all_words(params))),)
        shots.append(Shot(picture.copy(only, matrix, params), said, None, params))
    return shots
