from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from augtool.config.load import load
from augtool.config.schema import Config
from augtool.errors import ConfigError, InputError
from augtool.images import codec
from augtool.images.source_image import load as load_picture
from augtool.run.expand import expand
from augtool.views.preview.preview import Grid, Layout, preview
from tests.conftest import Run
from tests.drawing import make_copy
from tests.pictures import make_tree, picture, write

PNG = {"per_image": 4, "output.format": "png"}


def read(path: Path) -> np.ndarray:
    data = path.read_bytes()
    return codec.decode(data, codec.probe(data, 10**9))


@pytest.mark.processes
def test_shots_of_a_data_set_are_the_files_that_expand_writes(
    tiny_tree: Path, tmp_path: Path
) -> None:
    config = load(None, {**PNG, "seed": 7, "transforms.brightness_range": [0.5, 1.5]})
    expand(tiny_tree, tmp_path / "out", config=config)
    seen = preview([str(tiny_tree)], config)
    assert [row.class_name for row in seen.rows] == ["cat", "deer", "dog"]
    for row in seen.rows:
        stem = (tmp_path / "out" / row.source).with_suffix("")
        assert np.array_equal(row.tiles[0].pixels, read(stem.with_suffix(".png")))
        for tile in row.tiles[1:]:
            assert np.array_equal(tile.pixels, read(Path(f"{stem}__aug{tile.copy}.png")))


@pytest.mark.parametrize(
    ("channels", "dtype"), [(1, np.uint8), (4, np.uint8), (1, np.uint16), (3, np.uint16)]
)
def test_every_kind_of_picture_is_what_expand_writes(
    tmp_path: Path, channels: int, dtype: type
) -> None:
    write(tmp_path / "data/cat/one.png", picture(1, channels=channels, dtype=dtype))
    config = load(None, {**PNG, "output.resize": "20x15"})
    expand(tmp_path / "data", tmp_path / "out", config=config)
    (row,) = preview([str(tmp_path / "data")], config).rows
    written = read(tmp_path / "out/cat/one__aug2.png")
    assert row.tiles[3].pixels.dtype == written.dtype
    assert np.array_equal(row.tiles[3].pixels, written)


def test_the_sheet_holds_the_pixels_themselves(tiny_tree: Path, tmp_path: Path) -> None:
    config = load(None, PNG)
    expand(tiny_tree, tmp_path / "out", config=config)
    sheet, boxes = preview([str(tiny_tree)], config).draw(tile_px=31 * 4)
    box = boxes[2][1]
    drawn = sheet[box.top : box.top + box.height, box.left : box.left + box.width]
    assert np.array_equal(drawn[::4, ::4], read(tmp_path / "out/dog/00__aug0.png"))


def test_a_photo_alone_has_its_file_name_as_id(tmp_path: Path) -> None:
    photo = write(tmp_path / "cat/one.png", picture(5))
    config = load(None, {"seed": 3})
    (row,) = preview([str(photo)], config).rows
    loaded = load_picture(photo.read_bytes(), config)
    expected = make_copy(config.pipeline(), 3, "one.png", 5, loaded)
    assert np.array_equal(row.tiles[6].pixels, expected)


def test_a_photo_fills_the_grid_with_its_original_and_copies(tmp_path: Path) -> None:
    photo = write(tmp_path / "one.png", picture())
    (row,) = preview([str(photo)], Config(), Layout(Grid(4, 5))).rows
    assert [tile.copy for tile in row.tiles] == [None, *range(19)]
    _, boxes = preview([str(photo)], Config()).draw()
    assert [len(row) for row in boxes] == [3, 3, 3]


def test_rows_of_a_data_set_go_round_its_classes(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data", {"cat": 3, "dog": 3})
    seen = preview([str(data)], Config(), Layout(Grid(3, 2)))
    assert [row.source for row in seen.rows] == [
        "cat/00.png",
        "cat/01.png",
        "dog/00.png",
    ]
    assert {len(row.tiles) for row in seen.rows} == {2}


def test_without_the_original_a_photo_fills_the_grid_with_copies(tmp_path: Path) -> None:
    photo = write(tmp_path / "one.png", picture())
    (row,) = preview([str(photo)], Config(), Layout(Grid(3, 3), original=False)).rows
    assert [tile.copy for tile in row.tiles] == [*range(9)]
    (usual,) = preview([str(photo)], Config(), Layout(Grid(3, 4))).rows
    for tile, same in zip(row.tiles, usual.tiles[1:]):
        assert np.array_equal(tile.pixels, same.pixels)


def test_without_originals_rows_of_a_data_set_are_copies(tiny_tree: Path) -> None:
    rows = preview([str(tiny_tree)], Config(), Layout(Grid(3, 2), original=False)).rows
    assert [[tile.copy for tile in row.tiles] for row in rows] == [[0, 1]] * 3


def test_a_batch_has_different_pictures_of_all_classes(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data", {"cat": 20, "dog": 20})
    config = load(None, PNG)
    expand(data, tmp_path / "out", config=config)
    seen = preview([str(data)], config, Layout(Grid(4, 5), batch=True))
    tiles = [tile for row in seen.rows for tile in row.tiles]
    images = [tile.image for tile in tiles if tile.image is not None]
    assert len({image.id for image in images}) == len(tiles) == 20
    assert {image.class_name for image in images} == {"cat", "dog"}
    assert [image.id for image in images] != sorted(image.id for image in images)
    for tile, image in zip(tiles, images):
        stem = (tmp_path / "out" / image.id).with_suffix("")
        assert np.array_equal(tile.pixels, read(Path(f"{stem}__aug0.png")))
    _, boxes = seen.draw()
    assert [len(row) for row in boxes] == [5, 5, 5, 5]
    other = preview([str(data)], load(None, {"seed": 1}), Layout(batch=True))
    assert [tile.image and tile.image.id for tile in other.rows[0].tiles] != [
        image.id for image in images
    ]


def test_a_batch_of_few_pictures_goes_on_with_their_next_copies(tiny_tree: Path) -> None:
    (tiny_tree / "cat" / "00.png").write_bytes(b"")
    seen = preview([str(tiny_tree)], Config(), Layout(Grid(2, 7), batch=True))
    (row,) = seen.rows
    assert [tile.copy for tile in row.tiles] == [0] * 11 + [1] * 3
    assert any("cat/00.png: expand would skip it" in each for each in seen.warnings)
    copies = seen.to_json()[0]["copies"]
    assert isinstance(copies, list)
    assert {"copy", "params", "source", "class"} == set(copies[0])


def test_a_batch_of_one_transform_is_refused(tiny_tree: Path) -> None:
    with pytest.raises(ConfigError, match="--batch: can't be combined with --per-transform"):
        preview([str(tiny_tree)], Config(), Layout(batch=True, per_transform=True))


def test_only_training_pictures_are_shown(tmp_path: Path) -> None:
    make_tree(tmp_path / "data/train", {"cat": 2})
    make_tree(tmp_path / "data/test", {"cat": 2})
    seen = preview([str(tmp_path / "data")], Config(), Layout(Grid(9, 2)))
    assert [row.source for row in seen.rows] == [
        "train/cat/00.png",
        "train/cat/01.png",
    ]


def test_a_class_has_its_own_recipe(tiny_tree: Path) -> None:
    own = {"transforms": {"rotation_range": 0, "zoom_range": 0, "horizontal_flip": False}}
    config = Config.model_validate(
        {"transforms": {"horizontal_flip": 1.0}, "per_class": {"deer": own}}
    )
    rows = preview([str(tiny_tree)], config).rows
    assert [row.tiles[1].words for row in rows] == [
        ("flip",),
        ("unchanged",),
        ("flip",),
    ]


@pytest.mark.processes
def test_broken_pictures_are_passed_over_and_named(tiny_tree: Path) -> None:
    (tiny_tree / "cat/00.png").write_bytes(b"not a picture")
    seen = preview([str(tiny_tree)], Config())
    assert seen.rows[0].source == "cat/01.png"
    assert any("cat/00.png: expand would skip it" in warning for warning in seen.warnings)


def test_a_picture_that_the_output_cannot_hold_is_warned_of(tmp_path: Path) -> None:
    photo = write(tmp_path / "one.png", picture(channels=4))
    seen = preview([str(photo)], load(None, {"output.format": "jpg"}))
    assert any("can't hold its alpha" in warning for warning in seen.warnings)


def test_per_transform_shows_the_ends_of_each_range(tmp_path: Path) -> None:
    photo = write(tmp_path / "one.png", picture())
    settings = {"rotation_range": [10, 30], "horizontal_flip": True, "brightness_range": [0.5, 2]}
    config = Config.model_validate({"transforms": settings})
    rows = preview([str(photo)], config, Layout(per_transform=True)).rows
    said = {row.title.split()[0]: [tile.words[0] for tile in row.tiles[1:]] for row in rows}
    assert said == {
        "rotation_range": ["low: rot 10", "middle: rot 20", "high: rot 30"],
        "horizontal_flip": ["no flip", "flip"],
        "brightness_range": ["low: light 0.5", "middle: light 1.25", "high: light 2"],
    }


def test_per_transform_says_how_strong_each_end_is(tmp_path: Path) -> None:
    photo = write(tmp_path / "one.png", picture())
    settings = {"rotation_range": 30, "shear_range": 0.2, "hue_range": 0.3, "erasing_range": 0.5}
    config = Config.model_validate({"transforms": settings, "output": {"resize": "24x40"}})
    seen = preview([str(photo)], config, Layout(per_transform=True))
    measured = {
        str(row["transform"]): [(each["strength"], each["colour"]) for each in row["copies"]]  # type: ignore[attr-defined,index]
        for row in seen.to_json()
    }
    assert [round(abs(strength), 6) for strength, _ in measured["rotation_range"]][1] == 0
    assert min(measured["rotation_range"][0][0], measured["rotation_range"][2][0]) > 0.3
    assert all(strength < 0.02 for strength, _ in measured["shear_range"])
    assert min(measured["hue_range"][0][1], measured["hue_range"][2][1]) > 5
    assert measured["erasing_range"][2][0] > measured["erasing_range"][0][0]
    tile = seen.rows[0].tiles[1]
    assert tile.words == (
        "low: rot -30",
        f"1-SSIM {measured['rotation_range'][0][0]:.3f}",
        f"colour {measured['rotation_range'][0][1]:.1f}",
    )


def test_an_end_of_a_range_leaves_the_other_transforms_at_rest(tmp_path: Path) -> None:
    photo = write(tmp_path / "one.png", picture())
    settings = {"rotation_range": 30, "horizontal_flip": 1.0}
    rows = preview(
        [str(photo)], Config.model_validate({"transforms": settings}), Layout(per_transform=True)
    ).rows
    assert np.array_equal(rows[0].tiles[2].pixels, read(photo))
    assert np.array_equal(rows[1].tiles[1].pixels, cv2.flip(read(photo), 1))


def test_per_transform_without_transforms_is_refused(tmp_path: Path) -> None:
    photo = write(tmp_path / "one.png", picture())
    with pytest.raises(ConfigError, match="none is on"):
        preview([str(photo)], Config.model_validate({"transforms": {}}), Layout(per_transform=True))


def test_a_broken_photo_is_refused_by_name(tmp_path: Path) -> None:
    photo = tmp_path / "one.png"
    photo.write_bytes(picture().tobytes())
    with pytest.raises(InputError, match=r"one\.png: not an image"):
        preview([str(photo)], Config())


def test_a_cval_that_does_not_fit_the_picture_is_refused(tmp_path: Path) -> None:
    photo = write(tmp_path / "one.png", picture(channels=1))
    with pytest.raises(InputError, match="set cval to one number"):
        preview([str(photo)], load(None, {"transforms.cval": [1, 2, 3]}))


@pytest.mark.parametrize("text", ["3", "3x", "0x3", "3x3x3", "-1x3", "101x1", "²x3"])
def test_a_grid_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--grid"):
        Grid.parse(text)


def test_saturating_brightness_is_warned_of(tmp_path: Path) -> None:
    photo = write(tmp_path / "one.png", np.full((8, 8), 100, np.uint8))
    config = load(None, {"transforms.brightness_range": [0.01, 3]})
    warnings = preview([str(photo)], config).warnings
    assert [warning.partition(";")[0] for warning in warnings] == [
        "brightness_range: at 0.01, 100% of the levels of the images shown turn black",
        "brightness_range: at 3, 100% of the levels of the images shown turn white",
    ]
    assert not preview([str(photo)], load(None, {"transforms.brightness_range": [0.5, 2]})).warnings


def test_the_command_writes_the_sheet_and_says_so(run_cli: Run, tmp_path: Path) -> None:
    write(tmp_path / "one.png", picture())
    done = run_cli("preview", "one.png", "-o", "grid.png", "--grid", "2x2", "--json")
    height, width, _ = read(tmp_path / "grid.png").shape
    assert (done.returncode, done.stderr) == (0, f"grid.png: {width} x {height} pixels\n")
    (row,) = json.loads(done.stdout)["strips"]
    assert [copy["copy"] for copy in row["copies"]] == [0, 1, 2]
    assert "rotation" in row["copies"][0]["params"]


def test_without_output_and_terminal_it_is_preview_png(run_cli: Run, tmp_path: Path) -> None:
    write(tmp_path / "one.png", picture())
    done = run_cli("preview", "one.png")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("preview.png: ")
    assert (tmp_path / "preview.png").exists()


def test_an_input_is_never_overwritten(run_cli: Run, tmp_path: Path) -> None:
    photo = write(tmp_path / "one.png", picture())
    before = photo.read_bytes()
    done = run_cli("preview", "one.png", "-o", "one.png")
    assert done.returncode == 2
    assert "is one of the inputs" in done.stderr
    assert photo.read_bytes() == before


def test_an_output_that_is_no_picture_is_refused(run_cli: Run, tmp_path: Path) -> None:
    write(tmp_path / "one.png", picture())
    done = run_cli("preview", "one.png", "-o", "grid.pdf")
    assert done.returncode == 2
    assert "grid.pdf: does not end like an image name" in done.stderr


def test_the_command_follows_links_when_told_so(run_cli: Run, tmp_path: Path) -> None:
    make_tree(tmp_path / "away", {"cat": 1})
    (tmp_path / "data").mkdir()
    (tmp_path / "data/cat").symlink_to(tmp_path / "away/cat")
    done = run_cli("preview", "data", "-o", "sheet.png")
    assert done.returncode == 2
    assert "pass --follow-links" in done.stderr
    assert run_cli("preview", "data", "-o", "sheet.png", "--follow-links").returncode == 0
