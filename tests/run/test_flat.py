"""Images without classes, through whole runs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from augtool import Config, ConfigError, InputError, Options, Report, expand
from augtool.output.replay import replay
from augtool.output.verify import verify
from augtool.sinks import SINKS
from augtool.sources import open_source
from tests.conftest import Run
from tests.pictures import contents, make_tree, picture, write
from tests.sinks.reading import pictures_in, rows_of


def run(
    data: Path, out: Path, existing: Any = "refuse", source: Any = None, **values: Any
) -> Report:
    options = Options(engine="serial", kind="flat", existing=existing, source=source or {})
    return expand(data, out, config=Config(**{"ratio": 2, **values}), options=options)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five images, two of them in a folder that is no class, and a file that is none."""
    for number in range(3):
        write(tmp_path / "photos" / f"{number}.jpg", picture(number))
    for number in range(2):
        write(tmp_path / "photos/trip" / f"{number}.png", picture(10 + number))
    (tmp_path / "photos/notes.txt").write_text("not an image")
    return tmp_path / "photos"


def test_copies_lie_beside_their_originals(folder: Path, tmp_path: Path) -> None:
    report = run(folder, tmp_path / "out")
    assert (report.originals, report.copies, report.exit_code) == (5, 10, 0)
    images = [f"{name}{copy}.jpg" for name in "012" for copy in ("", "__aug0", "__aug1")]
    images += [f"trip/{name}{copy}.png" for name in "01" for copy in ("", "__aug0", "__aug1")]
    files = contents(tmp_path / "out")
    assert set(files) == {*images, "manifest.csv", "dataset.json"}
    assert files["trip/1.png"] == (folder / "trip/1.png").read_bytes()
    rows = rows_of(tmp_path / "out")
    assert {(row["class"], row["label"], row["split"]) for row in rows} == {("", "0", "train")}
    assert [row["path"] for row in rows] == sorted(images, key=lambda path: path.split(".")[0])
    assert json.loads(files["dataset.json"])["classes"] == [""]


def test_such_an_output_verifies_replays_and_is_recognised(folder: Path, tmp_path: Path) -> None:
    run(folder, tmp_path / "out")
    assert verify(tmp_path / "out", replay="all").findings == []
    assert replay(tmp_path / "out", "trip/0__aug1.png")[1]
    assert replay(tmp_path / "out", "0__aug1.jpg", data=folder)[1]
    assert run(folder, tmp_path / "out").status == "up to date"
    os.truncate(tmp_path / "out/1__aug0.jpg", 100)
    assert run(folder, tmp_path / "out", "update").status == "done"
    assert verify(tmp_path / "out", replay="all").findings == []


def test_an_update_brings_it_to_what_a_fresh_run_makes(folder: Path, tmp_path: Path) -> None:
    run(folder, tmp_path / "out")
    (folder / "trip/0.png").unlink()
    write(folder / "3.jpg", picture(3))
    run(folder, tmp_path / "out", "update", ratio=1)
    run(folder, tmp_path / "fresh", ratio=1)
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


def test_splits_are_folders_without_class_folders(folder: Path, tmp_path: Path) -> None:
    run(folder, tmp_path / "out", split={"val": 0.4})
    tops = {path.name for path in (tmp_path / "out").iterdir() if path.is_dir()}
    assert tops == {"train", "val"}
    held_out = [row["path"] for row in rows_of(tmp_path / "out") if row["split"] == "val"]
    assert len(held_out) == 2
    assert all(path.startswith("val/") and path.count("/") <= 2 for path in held_out)
    assert verify(tmp_path / "out", replay="all").findings == []


@pytest.mark.parametrize("sink", [name for name in SINKS if name != "tree"])
def test_every_sink_takes_them_and_gives_them_back(folder: Path, tmp_path: Path, sink: str) -> None:
    if sink == "parquet":
        pytest.importorskip("pyarrow")
    run(folder, tmp_path / "out", ratio=0, output={"to": sink, "format": "png"})
    assert len(pictures_in(tmp_path / "out", sink)) == 5
    assert verify(tmp_path / "out").findings == []
    listing = open_source(tmp_path / "out").listing()
    assert (listing.classes, len(listing.samples)) == (("",), 5)


def test_one_image_is_a_data_set(folder: Path, tmp_path: Path) -> None:
    photo = folder / "1.jpg"
    options = Options(engine="serial")
    expand(photo, tmp_path / "out", config=Config(per_image=2), options=options)
    assert set(contents(tmp_path / "out")) == {
        *("1.jpg", "1__aug0.jpg", "1__aug1.jpg", "dataset.json", "manifest.csv")
    }
    assert verify(tmp_path / "out", replay="all", data=photo).findings == []
    run(folder, tmp_path / "all", per_image=2, ratio=None)
    of_all = contents(tmp_path / "all")
    assert of_all["1__aug1.jpg"] == (tmp_path / "out/1__aug1.jpg").read_bytes()


def test_each_image_is_read_once_whatever_links_lead_to_it(folder: Path, tmp_path: Path) -> None:
    outside = write(tmp_path / "elsewhere/x.png", picture(7))
    (folder / "again.jpg").symlink_to("0.jpg")
    (folder / "out.png").symlink_to(outside)
    (folder / "circle").symlink_to(folder)
    (folder / "dead.png").symlink_to("nothing.png")
    listing = open_source(folder, "flat").listing()
    assert len(listing.samples) == 5
    reasons = {failure.source: failure.reason for failure in listing.failures}
    assert reasons.keys() == {"again.jpg", "out.png", "circle", "dead.png"}
    assert "is a link to 0.jpg, which is already" in reasons["again.jpg"]
    assert "--follow-links" in reasons["out.png"]
    assert "does not enter" in reasons["circle"]
    followed = open_source(folder, "flat", follow_links=True).listing()
    assert "out.png" in {sample.id for sample in followed.samples}


def test_an_output_that_a_link_leads_to_is_refused(folder: Path, tmp_path: Path) -> None:
    run(folder, tmp_path / "out")
    (folder / "back.jpg").symlink_to(tmp_path / "out/0__aug0.jpg")
    with pytest.raises(ConfigError, match=r"'back\.jpg' leads into the output"):
        run(folder, tmp_path / "out", source={"follow_links": True})


def test_a_list_of_files_selects(folder: Path, tmp_path: Path) -> None:
    report = run(folder, tmp_path / "out", source={"only": ("trip/1.png", "2.jpg", "no.jpg")})
    assert (report.originals, report.failed) == (2, 1)


def test_what_can_not_be_is_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected one folder per class.*; pass --flat"):
        expand(folder / "trip", tmp_path / "out")
    with pytest.raises(ConfigError, match="images of --flat have no classes"):
        run(folder, tmp_path / "out", classes=["cat"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"no images in '.*empty' \(looked for .bmp"):
        run(tmp_path / "empty", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_foreign_file_is_not_replaced(folder: Path, tmp_path: Path) -> None:
    run(folder, tmp_path / "out", ratio=0)
    (tmp_path / "out/0__aug0.jpg").write_bytes(b"mine")
    with pytest.raises(Exception, match=r"0__aug0\.jpg: is there already"):
        run(folder, tmp_path / "out", "update")
    assert (tmp_path / "out/0__aug0.jpg").read_bytes() == b"mine"
    assert verify(tmp_path / "out").findings[0].path == "0__aug0.jpg"


def test_the_flag_and_the_views(folder: Path, tmp_path: Path, run_cli: Run) -> None:
    pytest.importorskip("jinja2")
    planned = run_cli("expand", folder, "out", "--flat", "--dry-run", "--ratio", 1)
    assert "train  (no classes)" in planned.stdout
    wrong = run_cli("expand", folder, "out", "--flat", "--from", "tree")
    assert (wrong.returncode, wrong.stderr) == (
        2,
        "error: --flat: can't be combined with --from tree; pass one of them\n",
    )
    run(folder, tmp_path / "out")
    for command in (
        ("preview", folder, "--from", "flat", "-o", "sheet.png"),
        ("inspect", folder, "--from", "flat"),
        ("report", "out"),
    ):
        done = run_cli(*command)
        assert done.returncode == 0, done.stderr


def test_a_class_tree_is_flat_if_that_is_asked_for(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data", {"cat": 2, "dog": 1})
    run(data, tmp_path / "out", ratio=0)
    assert {row["class"] for row in rows_of(tmp_path / "out")} == {""}
    assert (tmp_path / "out/cat/01.png").is_file()
