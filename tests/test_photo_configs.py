"""The recipes for photos in configs/ do what their comments say."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Run
from tests.pictures import picture, write

CONFIGS = Path(__file__).parent.parent / "configs"


def test_one_photo_becomes_a_grid_of_nine(run_cli: Run, tmp_path: Path) -> None:
    write(tmp_path / "photo.jpg", picture(height=73, width=44))
    command = ("preview", "photo.jpg", "-o", "grid.png", "--grid", "3x3", "--json")
    done = run_cli(*command, "--config", CONFIGS / "one-photo.yaml")
    assert done.returncode == 0
    assert "shear_range 0.5 is 0.5 degrees (0.31 px" in done.stderr
    assert done.stdout.count('"brightness"') == 8


def test_four_photos_become_four_rows_of_their_size(run_cli: Run, tmp_path: Path) -> None:
    names = ["dog1.jpg", "dog2.jpg", "cat1.jpg", "cat2.jpg"]
    for seed, name in enumerate(names):
        write(tmp_path / name, picture(seed, height=60 + seed, width=80))
    command = ("preview", *names, "-o", "rows.png", "--grid", "4x5", "--json", "--tile", 100)
    done = run_cli(*command, "--config", CONFIGS / "four-photos.yaml")
    assert done.returncode == 0
    assert done.stdout.count('"copy": 3') == 4
