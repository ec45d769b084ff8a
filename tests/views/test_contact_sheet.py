from __future__ import annotations

import numpy as np

from augtool.views.preview.contact_sheet import Cell, CellRow, draw
from tests.pictures import picture


def test_small_pictures_are_enlarged_a_whole_number_of_times() -> None:
    image = picture(height=9, width=13)
    sheet, ((box,),) = draw([CellRow("", [Cell(image)])], tile_px=30)
    assert (box.height, box.width) == (18, 26)
    drawn = sheet[box.top : box.top + 18, box.left : box.left + 26]
    assert np.array_equal(drawn, image.repeat(2, 0).repeat(2, 1))


def test_large_pictures_are_reduced_to_the_tile() -> None:
    _, ((box,),) = draw([CellRow("", [Cell(picture(height=300, width=150))])], tile_px=100)
    assert (box.height, box.width) == (100, 50)


def test_words_are_drawn_under_the_picture_and_nowhere_else() -> None:
    image = np.full((40, 200, 3), 128, np.uint8)
    plain, _ = draw([CellRow("", [Cell(image)])], tile_px=200)
    said, ((box,),) = draw([CellRow("", [Cell(image, ("rot -12", "flip"))])], tile_px=200)
    under = box.top + box.height
    assert np.array_equal(plain[:under], said[:under])
    assert (said[under:] < 128).any()


def test_words_break_between_words_when_they_are_too_wide() -> None:
    image = np.zeros((40, 130, 3), np.uint8)
    one, _ = draw([CellRow("", [Cell(image, ("rot -12", "flip"))])], tile_px=130)
    two, _ = draw([CellRow("", [Cell(image, ("rot -12", "zoom 1.1 x 0.95"))])], tile_px=130)
    assert two.shape[0] - one.shape[0] == 17


def test_names_that_no_font_has_are_drawn_all_the_same() -> None:
    tile = Cell(picture(), ("\x1b[31m", "\udcff", "猫", "x" * 500))
    sheet, _ = draw([CellRow("a\nb\udcff", [tile])], tile_px=60)
    assert sheet.dtype == np.uint8


def test_rows_may_be_of_different_lengths_and_sizes() -> None:
    rows = [
        CellRow("cat", [Cell(picture())] * 3),
        CellRow("dog", [Cell(picture(height=90, width=20))]),
    ]
    sheet, boxes = draw(rows, tile_px=62)
    assert [len(row) for row in boxes] == [3, 1]
    assert boxes[1][0].top > boxes[0][0].top + boxes[0][0].height
    assert boxes[1][0].top + boxes[1][0].height <= sheet.shape[0]
