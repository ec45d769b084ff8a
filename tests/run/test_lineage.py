"""An output as data: its copies never end up in another split than their originals."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from augtool import Config, InputError, Options, Report, expand
from augtool.engines.progress import NullProgress
from augtool.sinks import SINKS
from tests.conftest import Run
from tests.pictures import contents, make_tree
from tests.sinks.reading import pictures_in, rows_of


class Told(NullProgress):
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warning(self, text: str) -> None:
        self.warnings.append(text)


def run(data: Path, out: Path, lineage: Any = "refuse", told: Any = None, **values: Any) -> Report:
    options = Options(engine="serial", lineage=lineage)
    return expand(data, out, config=Config(**values), options=options, progress=told)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "data", {"cat": 12, "dog": 10})


@pytest.fixture(params=SINKS)
def out(request: pytest.FixtureRequest, data: Path, tmp_path: Path) -> Path:
    """What each sink writes of 22 originals and 33 copies."""
    if request.param == "parquet":
        pytest.importorskip("pyarrow")
    settings: dict[str, Any] = {"to": request.param}
    if request.param != "tree":
        settings["shuffle"] = True
    run(data, tmp_path / "out", output=settings)
    return tmp_path / "out"


def photos(out: Path) -> dict[str, set[bytes]]:
    """Return by split the photos that its images are of, or copies of: each is a tree's own."""
    found: dict[str, set[bytes]] = {}
    pictures = pictures_in(out, "tree")
    for row in rows_of(out):
        found.setdefault(row["split"], set()).add(pictures[row["path"]].tobytes())
    return found


def test_an_output_is_refused_with_the_two_ways_out(out: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        run(out, tmp_path / "next", split={"val": 0.3})
    assert raised.value.exit_code == 2
    said = str(raised.value)
    assert "33 of its 55 images are copies of others, such as" in said
    assert "--lineage originals" in said
    assert "--lineage grouped" in said
    assert not (tmp_path / "next").exists()


def test_only_originals_are_read_when_asked_for(data: Path, out: Path, tmp_path: Path) -> None:
    report = run(out, tmp_path / "next", "originals", ratio=0)
    assert (report.originals, report.copies) == (22, 0)
    run(data, tmp_path / "direct", ratio=0)
    assert photos(tmp_path / "next") == photos(tmp_path / "direct")


def test_val_and_train_share_no_photo_when_grouped(out: Path, tmp_path: Path) -> None:
    """Told by the first run's manifest: what each image of the second run was made of."""
    report = run(out, tmp_path / "next", "grouped", ratio=0, split={"val": 0.4})
    assert report.originals == 55
    first = pictures_in(out, _sink(out))
    family = {first[row["path"]].tobytes(): row["source"] for row in rows_of(out)}
    splits = {
        split: {family[image] for image in images}
        for split, images in photos(tmp_path / "next").items()
    }
    assert splits.keys() == {"train", "val"}
    assert len(splits["val"]) > 4
    assert not splits["val"] & splits["train"]
    assert len(splits["val"] | splits["train"]) == 22


def _sink(out: Path) -> str:
    return str(json.loads((out / "dataset.json").read_text())["config"]["output"]["to"])


def test_shards_tell_by_themselves_that_they_hold_copies(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path / "out", output={"to": "webdataset"})
    (tmp_path / "moved").mkdir()
    shutil.move(tmp_path / "out/shard-000000.tar", tmp_path / "moved/shard-000000.tar")
    with pytest.raises(InputError, match="33 of its 55 images are copies"):
        run(tmp_path / "moved", tmp_path / "next")
    run(tmp_path / "moved", tmp_path / "next", "originals")
    run(data, tmp_path / "direct")
    got, expected = contents(tmp_path / "next"), contents(tmp_path / "direct")
    assert got["manifest.csv"] == expected["manifest.csv"]  # ids survive, and so do draws


@pytest.mark.parametrize("part", ["train", "train/cat"])
def test_a_part_of_an_output_is_one_too(data: Path, tmp_path: Path, part: str) -> None:
    run(data, tmp_path / "out", split={"val": 0.3})
    folder = tmp_path / "out" / part
    if part == "train/cat":
        make_tree(folder, {"more": 3})
        for path in folder.glob("*.png"):
            path.rename(folder / "more" / path.name)
        run(folder, tmp_path / "next")  # what was moved can't be told any more
    else:
        with pytest.raises(InputError, match="are copies of others, such as 'cat/"):
            run(folder, tmp_path / "next")
    run(tmp_path / "out/val", tmp_path / "of val")  # holds originals alone


def test_a_table_of_an_outputs_files_is_an_output(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path / "out")
    options = Options(engine="serial", kind="csv", source={"path_column": "path"})
    with pytest.raises(InputError, match="33 of its 55 images are copies"):
        expand(tmp_path / "out/manifest.csv", tmp_path / "next", options=options)


def test_an_output_without_copies_is_data_like_any(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path / "out", ratio=0)
    assert run(tmp_path / "out", tmp_path / "next").originals == 22


def test_originals_that_were_omitted_are_missed(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path / "out", output={"originals": "omit"})
    with pytest.raises(InputError, match=r"without its originals .* --lineage grouped"):
        run(tmp_path / "out", tmp_path / "next", "originals")
    assert run(tmp_path / "out", tmp_path / "next", "grouped", ratio=0).originals == 33


def test_a_foreign_manifest_is_none(data: Path, tmp_path: Path) -> None:
    (data / "manifest.csv").write_text("path,kind,source\ncat/00.png,augmented,x\n")
    assert run(data, tmp_path / "out").originals == 22


def test_names_of_copies_without_a_manifest_are_warned_about(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path / "out")
    (tmp_path / "out/manifest.csv").unlink()
    told = Told()
    run(tmp_path / "out", tmp_path / "next", told=told)
    (said,) = [each for each in told.warnings if "named like copies" in each]
    assert said.startswith("33 images are named like copies")


def test_the_flag_reaches_the_run(data: Path, tmp_path: Path, run_cli: Run) -> None:
    run(data, tmp_path / "out")
    refused = run_cli("expand", "out", "next", "--dry-run")
    assert refused.returncode == 2
    assert "pass --lineage originals to read only" in refused.stderr
    done = run_cli("expand", "out", "next", "--lineage", "originals", "--dry-run", "--json")
    assert json.loads(done.stdout)["plan"]["arithmetic"] == ("22 originals + 33 copies = 55 files")
