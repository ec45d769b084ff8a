from __future__ import annotations

import numpy as np

from augtool.views.preview.contact_sheet import Row, Tile, draw
from tests.pictures import picture


def test_small_pictures_are_enlarged_a_whole_number_of_times() -> None:
    image = picture(height=9, width=13)
    sheet, ((spot,),) = draw([Row("", [Tile(image)])], tile_px=30)
    assert (spot.height, spot.width) == (18, 26)
    drawn = sheet[spot.top : spot.top + 18, spot.left : spot.left + 26]
    assert np.array_equal(drawn, image.repeat(2, 0).repeat(2, 1))


def test_large_pictures_are_reduced_to_the_tile() -> None:
    _, ((spot,),) = draw([Row("", [Tile(picture(height=300, width=150))])], tile_px=100)
    assert (spot.height, spot.width) == (100, 50)


def test_words_are_drawn_under_the_picture_and_nowhere_else() -> None:
    image = np.full((40, 200, 3), 128, np.uint8)
    plain, _ = draw([Row("", [Tile(image)])], tile_px=200)
    said, ((spot,),) = draw([Row("", [Tile(image, ("rot -12", "flip"))])], tile_px=200)
    under = spot.top + spot.height
    assert np.array_equal(plain[:under], said[:under])
    assert (said[under:] < 128).any()


def test_words_break_between_words_when_they_are_too_wide() -> None:
    image = np.zeros((40, 130, 3), np.uint8)
    one, _ = draw([Row("", [Tile(image, ("rot -12", "flip"))])], tile_px=130)
    two, _ = draw([Row("", [Tile(image, ("rot -12", "zoom 1.1 x 0.95"))])], tile_px=130)
    assert two.shape[0] - one.shape[0] == 17


def test_names_that_no_font_has_are_drawn_all_the_same() -> None:
    tile = Tile(picture(), ("\x1b[31m", "\udcff", "猫", "x" * 500))
    sheet, _ = draw([Row("a\nb\udcff", [tile])], tile_px=60)
    assert sheet.dtype == np.uint8


def test_rows_may_be_of_different_lengths_and_sizes() -> None:
    rows = [Row("cat", [Tile(picture())] * 3), Row("dog", [Tile(picture(height=90, width=20))])]
    sheet, spots = draw(rows, tile_px=62)
    assert [len(row) for row in spots] == [3, 1]
    assert spots[1][0].top > spots[0][0].top + spots[0][0].height
    assert spots[1][0].top + spots[1][0].height <= sheet.shape[0]
