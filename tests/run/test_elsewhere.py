"""Runs that were made or begun by another machine or other versions: what is told, and kept."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import cv2
import pytest

from augtool.errors import OccupiedError
from augtool.images.machine import machine_hashes
from augtool.output.verify import verify
from tests.conftest import ROOT, Run
from tests.pictures import contents, make_tree, picture, write
from tests.run.test_repair import OVERWRITE, UPDATE, assert_fresh, interrupt, run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "data", {"cat": 2, "dog": 1}, suffix=".jpg")


def be_elsewhere(patch: pytest.MonkeyPatch, **hashes: str) -> None:
    def other(*given: Any) -> dict[str, str]:
        return {**machine_hashes(*given), **hashes}

    patch.setattr("augtool.output.made_with.machine_hashes", other)


def test_a_finished_run_of_another_machine_is_not_up_to_date(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    run(data, out)
    be_elsewhere(monkeypatch, warp="0" * 12)
    with pytest.raises(
        OccupiedError, match=r"made elsewhere: other bytes of warp; set portable: true .*--update"
    ):
        run(data, out)
    assert verify(out).made_with.differences(verify(out).here) == "other bytes of warp"
    before = os.stat(out / "cat/00__aug0.jpg").st_mtime_ns  # noqa: PTH116
    assert run(data, out, UPDATE).status == "done"
    assert os.stat(out / "cat/00__aug0.jpg").st_mtime_ns > before  # noqa: PTH116
    assert run(data, out).status == "up to date"
    assert_fresh(out, data)


def test_an_unfinished_run_of_another_machine_is_not_mixed(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        be_elsewhere(patch, warp="0" * 12, jpg="1" * 12)
        interrupt(patch, "augtool.run.finish.commit")
        with pytest.raises(KeyboardInterrupt):
            run(data, out)
    before = contents(out)
    with pytest.raises(OccupiedError, match=r"begun elsewhere \(other bytes of warp, jpg; set por"):
        run(data, out)
    assert contents(out).keys() == before.keys()
    with pytest.raises(OccupiedError, match="other inputs or another config"):
        run(data, out, seed=1)
    run(data, out, OVERWRITE)
    assert_fresh(out, data)


def test_with_portable_the_version_of_opencv_does_not_count(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact, portable = tmp_path / "exact", tmp_path / "portable"
    run(data, exact)
    run(data, portable, portable=True)
    monkeypatch.setattr(cv2, "__version__", "4.13.0")
    assert run(data, portable, portable=True).status == "up to date"
    assert_fresh(portable, data, portable=True)
    with pytest.raises(OccupiedError, match=r"made elsewhere: cv2 5\S+ there, 4\.13\.0 here; set"):
        run(data, exact)
    be_elsewhere(monkeypatch, filter="0" * 12)
    with pytest.raises(OccupiedError, match="other bytes of filter; please report it"):
        run(data, portable, portable=True)


def test_another_format_beside_leaves_the_files_of_the_first(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(data, out)
    before = {path: os.stat(path).st_ino for path in out.rglob("*.jpg")}  # noqa: PTH116
    write(data / "dog/new.png", picture(7))
    run(data, out, UPDATE)
    kept = {path for path, inode in before.items() if os.stat(path).st_ino == inode}  # noqa: PTH116
    assert len(kept) == len(before)
    assert_fresh(out, data)


def test_what_writes_tables_beside_images_leaves_them(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    run(data, out)
    before = {path: os.stat(path).st_ino for path in out.rglob("*.jpg")}  # noqa: PTH116
    monkeypatch.setattr("augtool.output.made_with._WRITERS", {"hf": "tables"})
    run(data, out, UPDATE, output={"metadata": "hf"})
    assert (out / "metadata.csv").exists()
    kept = {path for path, inode in before.items() if os.stat(path).st_ino == inode}  # noqa: PTH116
    assert kept == before.keys()


def test_without_avx2_the_same_command_says_so_unless_portable(
    data: Path, tmp_path: Path, run_cli: Run, spawn_cli: Run
) -> None:
    out = tmp_path / "out"
    disabled = {"OPENCV_CPU_DISABLE": "AVX2", "OPENCV_IPP": "disabled"}
    without = {**os.environ, "PYTHONPATH": str(ROOT), **disabled}
    portable = ("expand", data, out, "--set", "portable=true", "--engine", "serial")
    run_cli(*portable, check=True)
    assert "up to date" in spawn_cli(*portable, env=without, check=True).stderr
    if re.search(r"AVX2(?!\?)", cv2.getCPUFeaturesLine()):
        exact = ("expand", data, tmp_path / "exact", "--engine", "serial")
        run_cli(*exact, check=True)
        done = spawn_cli(*exact, env=without)
        assert done.returncode == 4
        assert "(made elsewhere: other bytes of warp, filter; set portable: true" in done.stderr


def test_verify_and_replay_say_why_copies_may_differ(
    data: Path, tmp_path: Path, run_cli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    run(data, out)
    be_elsewhere(monkeypatch, warp="0" * 12)
    said = run_cli("verify", out).stderr
    assert "made elsewhere (other bytes of warp), so copies remade here may differ" in said
    monkeypatch.setattr("augtool.output.replay._remake", lambda *_: b"other")
    done = run_cli("replay", out, "cat/00__aug0.jpg", "-o", tmp_path / "again.jpg")
    assert done.returncode == 6
    assert "00__aug0.jpg, which was made elsewhere (other bytes of warp)" in done.stderr
