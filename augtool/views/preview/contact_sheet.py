"""Draws a contact sheet: rows of images with a few words under each. Pixels in, pixels out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import cv2
import numpy as np

from augtool.core.geometry import Image
from augtool.images.display import shrink

__all__ = ["CellRow", "Box", "Cell", "draw", "enlargement"]

#: Sizes in pixels, so that the text can be read without zooming in.
_TEXT, _LINE, _TITLE, _TITLE_LINE = 13, 17, 15, 26
_GAP, _MARGIN, _UNDER = 12, 16, 6
_NARROWEST = 124
_PAPER, _INK, _SOFT_INK = (250, 250, 250), (26, 26, 26), (84, 84, 84)
_REGULAR, _BOLD = 400, 600


@dataclass(frozen=True, slots=True)
class Cell:
    """An image, uint8 of shape (H, W, 3), and the words under it, which wrap between words."""

    image: Image
    words: tuple[str, ...] = ()
    is_original: bool = False


@dataclass(frozen=True, slots=True)
class CellRow:
    """Tiles next to each other, and the title above them ("" for none)."""

    title: str
    tiles: Sequence[Cell]


class Box(NamedTuple):
    """The place of a tile's image on the sheet, in pixels."""

    top: int
    left: int
    height: int
    width: int


def enlargement(height: int, width: int, tile_px: int) -> int:
    """Return the factor to enlarge a small image: an integer, so that pixels stay sharp."""
    return max(1, tile_px // max(height, width))


def draw(rows: Sequence[CellRow], tile_px: int) -> tuple[Image, list[list[Box]]]:
    """Draw a sheet.

    Parameters
    ----------
    rows
        From top to bottom.
    tile_px
        Larger images are reduced to fit a square of this side; smaller ones are enlarged by
        an integer factor.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8, in the order B, G, R; and the place of each image
    """
    fitted = [[_fit(tile.image, tile_px) for tile in row.tiles] for row in rows]
    cell = max([_NARROWEST, *(image.shape[1] for images in fitted for image in images)])
    columns = max(len(row.tiles) for row in rows)
    width = 2 * _MARGIN + columns * cell + (columns - 1) * _GAP
    layout = _Layout(cell, width)
    bands = [layout.band(row, images) for row, images in zip(rows, fitted)]
    margin = np.full((_MARGIN, width, 3), _PAPER, np.uint8)
    sheet = np.concatenate([margin, *(band for band, _ in bands)])
    boxes, top = [], _MARGIN
    for band, own in bands:
        boxes.append([box._replace(top=box.top + top) for box in own])
        top += band.shape[0]
    return sheet, boxes


def _fit(image: Image, tile_px: int) -> Image:
    image = shrink(image, tile_px)
    times = enlargement(image.shape[0], image.shape[1], tile_px)
    return image if times == 1 else image.repeat(times, axis=0).repeat(times, axis=1)


@dataclass(frozen=True, slots=True)
class _Layout:
    """The width of a cell, and of the sheet, in pixels."""

    cell: int
    width: int

    def band(self, row: CellRow, images: Sequence[Image]) -> tuple[Image, list[Box]]:
        """Return one row of the sheet, and the places of its images in it."""
        texts = [_lines(tile.words, self.cell) for tile in row.tiles]
        title = _TITLE_LINE if row.title else 0
        tallest = max(image.shape[0] for image in images)
        under = _UNDER + _LINE * max(len(lines) for lines in texts)
        band = np.full((title + tallest + under + _GAP, self.width, 3), _PAPER, np.uint8)
        if row.title:
            _write(band, row.title, (_MARGIN, _TITLE), _INK, bold=True)
        boxes = []
        for column, (tile, image, lines) in enumerate(zip(row.tiles, images, texts)):
            height, width = image.shape[:2]
            start = _MARGIN + column * (self.cell + _GAP)
            box = Box(title + tallest - height, start, height, width)
            band[box.top : box.top + height, box.left : box.left + width] = image
            if tile.is_original:
                _frame(band, box)
            boxes.append(box)
            for number, line in enumerate(lines):
                place = (start, title + tallest + _UNDER + _TEXT - 1 + _LINE * number)
                ink = _INK if tile.is_original else _SOFT_INK
                _write(band, line, place, ink, bold=tile.is_original)
        return band, boxes


def _frame(band: Image, box: Box) -> None:
    """Draw a line around an original, just outside its pixels."""
    top, left, height, width = box
    cv2.rectangle(band, (left - 2, top - 2), (left + width + 1, top + height + 1), _INK, 1)


def _lines(words: Sequence[str], width: int) -> list[str]:
    """Break words into lines that fit; a word that is too wide is cut."""
    lines: list[str] = []
    for word in words:
        joined = f"{lines[-1]}   {word}" if lines else word
        if lines and _text_width(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(_cut(word, width))
    return lines


def _cut(word: str, width: int) -> str:
    if _text_width(word) <= width:
        return word
    while word and _text_width(word + "…") > width:
        word = word[:-1]
    return word + "…"


def _text_width(text: str) -> int:
    bounds = cv2.getTextSize((0, 0), _plain(text), (0, 0), _font(), _TEXT, _BOLD)
    return int(bounds[2])


def _write(image: Image, text: str, place: tuple[int, int], ink: Any, *, bold: bool) -> None:
    size = _TITLE if bold and place[1] == _TITLE else _TEXT
    cv2.putText(image, _plain(text), place, ink, _font(), size, _BOLD if bold else _REGULAR)


def _plain(text: str) -> str:
    """Return text that OpenCV can draw: no control characters, no halves of characters."""
    return "".join(
        letter if letter.isprintable() and not "\ud800" <= letter <= "\udfff" else "?"
        for letter in text
    )


@cache
def _font() -> Any:
    """Return OpenCV's own TrueType font, which has Latin, Cyrillic, Greek and CJK letters."""
    return cv2.FontFace("sans")
