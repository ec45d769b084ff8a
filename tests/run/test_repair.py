"""Runs into an output that is there already: each found by trying it against a fresh run."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from augtool import Config, Options, expand
from augtool.errors import ConfigError, OccupiedError
from augtool.output.made_with import MadeWith
from augtool.output.verify import verify
from tests.pictures import contents, make_tree, picture, write
from tests.trust.world import forge

SERIAL = Options(engine="serial")
UPDATE = replace(SERIAL, existing="update")
OVERWRITE = replace(SERIAL, existing="overwrite")


def run(data: Path, out: Path, options: Options = SERIAL, **settings: Any) -> Any:
    return expand(data, out, config=Config.model_validate(settings), options=options)


def assert_fresh(out: Path, data: Path, **settings: Any) -> None:
    fresh = out.with_name(f"{out.name}-fresh")
    run(data, fresh, **settings)
    assert contents(out) == contents(fresh)
    assert not verify(out).findings


def test_more_classes_than_folders_are_kept_open(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data", {f"c{number:03}": 1 for number in range(100)})
    run(data, tmp_path / "out")
    run(data, tmp_path / "out", UPDATE, seed=5)
    assert_fresh(tmp_path / "out", data, seed=5)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "data", {"cat": 3, "dog": 2})


def interrupt(patch: pytest.MonkeyPatch, step: str) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    patch.setattr(step, stop)


@pytest.mark.parametrize("originals", ["copy", "symlink"])
def test_a_resume_keeps_what_is_staged(
    data: Path, tmp_path: Path, originals: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"output": {"originals": originals}}
    interrupt(monkeypatch, "augtool.run.finish.commit")
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "out", **settings)
    monkeypatch.undo()
    monkeypatch.setattr(
        "augtool.images.source_image.ProbedImage.decode", None
    )  # nothing is made again
    run(data, tmp_path / "out", **settings)
    monkeypatch.undo()
    assert_fresh(tmp_path / "out", data, **settings)


def test_verify_follows_links_that_are_not_in_their_place_yet(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(monkeypatch, "augtool.run.commit.finish_commit")
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "out", output={"originals": "symlink"})
    monkeypatch.undo()
    assert not verify(tmp_path / "out").findings


@pytest.mark.parametrize("originals", ["copy", "hardlink", "symlink"])
@pytest.mark.parametrize("mode", [UPDATE, OVERWRITE], ids=lambda mode: mode.existing)
def test_a_damaged_manifest_is_made_again(
    data: Path, tmp_path: Path, originals: str, mode: Options
) -> None:
    settings = {"output": {"originals": originals}}
    run(data, tmp_path / "out", **settings)
    with (tmp_path / "out/manifest.csv").open("ab") as file:
        file.write(b" \n")
    run(data, tmp_path / "out", mode, **settings)
    assert_fresh(tmp_path / "out", data, **settings)


def test_a_source_without_a_row_counts_in_the_statistics(data: Path, tmp_path: Path) -> None:
    settings = {"ratio": 0.4, "output": {"originals": "omit"}}
    run(data, tmp_path / "out", **settings)
    table = (tmp_path / "out/manifest.csv").read_text()
    (victim, *_) = [path for path in sorted(data.rglob("*.png")) if f"/{path.name}," not in table]
    write(victim, picture(77))
    with pytest.raises(OccupiedError, match=r"may have changed"):
        run(data, tmp_path / "out", **settings)
    run(data, tmp_path / "out", UPDATE, **settings)
    assert_fresh(tmp_path / "out", data, **settings)


def test_inputs_that_can_not_be_listed_come_and_go(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path / "out")
    (data / "cat/broken.png").symlink_to("/nonexistent")
    assert run(data, tmp_path / "out").exit_code == 3
    assert_fresh(tmp_path / "out", data)
    (data / "cat/broken.png").unlink()
    assert run(data, tmp_path / "out").exit_code == 0
    shutil.rmtree(tmp_path / "out-fresh")
    assert_fresh(tmp_path / "out", data)


def test_what_failed_is_tried_again_even_with_an_old_time(data: Path, tmp_path: Path) -> None:
    (data / "cat/bad.png").write_bytes(b"no picture")
    assert run(data, tmp_path / "out").exit_code == 3
    assert run(data, tmp_path / "out").status == "up to date"
    write(data / "cat/bad.png", picture(3))
    assert run(data, tmp_path / "out").status == "done"
    assert_fresh(tmp_path / "out", data)


def test_no_stale_failures_stay_where_the_manifest_is_damaged(data: Path, tmp_path: Path) -> None:
    (data / "cat/bad.png").write_bytes(b"no picture")
    run(data, tmp_path / "out")
    (tmp_path / "out/manifest.csv").write_bytes(b"cut")
    (data / "cat/bad.png").unlink()
    run(data, tmp_path / "out", OVERWRITE)
    assert_fresh(tmp_path / "out", data)


def test_a_repaired_picture_of_another_shape_leaves_nothing_behind(
    data: Path, tmp_path: Path
) -> None:
    (data / "cat/bad.png").write_bytes(b"no picture")
    run(data, tmp_path / "out", output={"to": "npz"})
    write(data / "cat/bad.png", picture(3, 10, 31))
    with pytest.raises(ConfigError, match=r"cat/bad.png: is 10x31"):
        run(data, tmp_path / "out", output={"to": "npz"})
    assert not (tmp_path / "out/.augtool").exists()


def test_the_work_of_an_interrupted_update_stays_when_another_command_is_refused(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(data, tmp_path / "out")
    interrupt(monkeypatch, "augtool.run.finish.commit")
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "out", UPDATE, seed=9)
    monkeypatch.undo()
    with pytest.raises(OccupiedError, match="holds a finished run that differs"):
        run(data, tmp_path / "out", seed=9)
    monkeypatch.setattr(
        "augtool.images.source_image.ProbedImage.decode", None
    )  # nothing is made again
    run(data, tmp_path / "out", UPDATE, seed=9)
    monkeypatch.undo()
    assert_fresh(tmp_path / "out", data, seed=9)


def test_a_refusal_leaves_no_workspace_in_a_finished_output(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path / "out")
    (tmp_path / "out/cat").rename(tmp_path / "elsewhere")
    (tmp_path / "out/cat").symlink_to("../elsewhere")
    for mode in (UPDATE, OVERWRITE):
        with pytest.raises(OccupiedError, match="is a link"):
            run(data, tmp_path / "out", mode)
        assert not (tmp_path / "out/.augtool").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": {"transforms": {"rotation_range": 180}}},
        {"config_digest": "0" * 64},
        {"made_with": MadeWith({"augtool": "0", "cv2": "0", "numpy": "0"}, {})},
        {"classes": ["cat", "cow"]},
        {"planned": 7},
    ],
    ids=str,
)
def test_a_dataset_json_that_says_other_things_of_the_run_is_made_again(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    """It has the right checksum: somebody meant it."""
    data, out = make_tree(tmp_path / "data", {"cat": 1, "dog": 1}), tmp_path / "out"
    run(data, out)
    forge(out, **changes)
    with pytest.raises(OccupiedError, match=r"dataset.json was changed after the run"):
        run(data, out)
    run(data, out, UPDATE)
    assert_fresh(out, data)
