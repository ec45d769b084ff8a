"""``augtool doctor``, here and where packages are broken."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import cv2
import pytest

from augtool.config.schema import Config
from augtool.errors import ExitCode
from augtool.images.machine import FORMATS, machine_hashes
from augtool.runtime.opencv_wheels import Wheel
from augtool.runtime.packages import CORE, EXTRAS, pip_command
from augtool.views.doctor import Examination, Imported
from tests.conftest import ROOT, Run

FINE = {
    "cv2": Imported({"version": "5.0.0", "path": "x", "cpu_features": "SSE *AVX2", "ipp": ""}),
    **{name: Imported({"version": CORE[name].lowest}) for name in CORE if name != "cv2"},
    **{name: Imported({"version": EXTRAS[name].lowest}) for name in EXTRAS},
}


def examination(
    imports: dict[str, Imported], wheels: tuple[Wheel, ...] = (Wheel("opencv-python", "5.0.0.93"),)
) -> Examination:
    return Examination("1", "3.11", "Linux", 2, 2**30, {**FINE, **imports}, list(wheels), [])


def test_here_all_is_well_and_it_says_what_bytes_depend_on(spawn_cli: Run) -> None:
    done = spawn_cli("doctor")
    assert done.returncode == 0
    assert f"  OpenCV        {cv2.__version__}\n" in done.stdout
    assert f"  CPU features  {cv2.getCPUFeaturesLine()}\n" in done.stdout
    hashes = machine_hashes(Config(portable=True), FORMATS)
    assert f"  portable      warp {hashes['warp']} filter {hashes['filter']} " in done.stdout
    assert done.stdout.endswith("\naugtool can work here\n")


def test_it_works_where_nothing_else_can_be_imported(spawn_cli: Run, tmp_path: Path) -> None:
    broken = {
        "cv2": "raise ImportError('libGL.so.1: cannot open shared object file')",
        "numpy": "raise ImportError('numpy is broken')",
        "pydantic": "raise ModuleNotFoundError('no pydantic', name='pydantic')",
        "yaml": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    }
    for name, code in broken.items():
        (tmp_path / f"{name}.py").write_text(code)
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = spawn_cli("doctor", "--json", env=environment)
    assert (done.returncode, done.stderr) == (1, "")
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["ok"] is False
    # simplejpeg needs NumPy, too.
    assert {problem["what"] for problem in found["problems"]} >= {
        "cv2 can't be imported: libGL.so.1: cannot open shared object file",
        "numpy can't be imported: numpy is broken",
        "pydantic can't be imported: no pydantic",
        "yaml can't be imported: its import crashes (signal 9)",
    }
    assert all("pip" in problem["fix"] for problem in found["problems"])
    assert found["imports"]["tqdm"]["error"] == ""


def test_a_command_that_needs_what_is_missing_names_the_fix(spawn_cli: Run, tmp_path: Path) -> None:
    (tmp_path / "yaml.py").write_text("raise ModuleNotFoundError('no yaml', name='yaml')")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    (tmp_path / "config.yaml").write_text("seed: 1")
    done = spawn_cli("config", "check", tmp_path / "config.yaml", env=environment)
    assert done.returncode == 1
    fix = r'.* install .*"pyyaml>=[\d.]+"'
    assert re.fullmatch(rf"error: yaml can't be imported \(no yaml\); run: {fix}\n", done.stderr)


@pytest.mark.parametrize(
    ("imports", "what"),
    [
        ({"numpy": Imported({"version": "1.26.4"})}, "numpy 1.26.4 is older than 2.0"),
        ({"pydantic": Imported(error="boom")}, "pydantic can't be imported: boom"),
    ],
)
def test_what_keeps_it_from_working_is_a_problem(imports: dict[str, Imported], what: str) -> None:
    found = examination(imports)
    assert found.exit_code is ExitCode.FAILED
    assert [problem.what for problem in found.problems] == [what]
    assert found.to_text().endswith(f"\nproblem: {what}\nrun: {found.fix}")


def test_one_command_fixes_all() -> None:
    broken = Imported(error="No module named 'cv2'")
    old = {"numpy": Imported({"version": "1.26.4"}), "tqdm": Imported({"version": "3"})}
    first, second = examination({"cv2": broken, **old}).fix.split(" && ")
    upgrade = f"{pip_command('install')} --upgrade"
    assert first == f'{upgrade} "{CORE["numpy"].spec}" "{CORE["tqdm"].spec}"'
    assert second == f"{pip_command('reinstall')} opencv-python==5.0.0.93"


def test_an_old_opencv_over_a_recent_one_is_a_problem() -> None:
    old = Imported({**FINE["cv2"].facts, "version": "4.13.0"})
    wheels = Wheel("opencv-python", "5.0.0.93", is_whole=False), Wheel("x-headless", "4.13.0.92")
    found = examination({"cv2": old}, wheels)
    (problem,) = found.problems
    assert (problem.what, found.notes) == ("cv2 4.13.0 is older than 5.0", [])
    assert problem.fix.endswith("opencv-python==5.0.0.93")


def test_wheels_that_share_a_folder_and_broken_extras_are_notes() -> None:
    wheels = Wheel("opencv-python", "5.0.0.93"), Wheel("opencv-python-headless", "5.0.0.93")
    absent, broken = Imported(error="No module named 'fpng'"), Imported(error="boom")
    found = examination({"fpng": absent, "pyarrow": broken}, wheels)
    assert found.exit_code is ExitCode.DONE
    collision, extra = found.notes
    assert collision.what.startswith("opencv-python and opencv-python-headless share the folder")
    assert collision.fix.endswith("opencv-python==5.0.0.93")
    assert extra.what == "--to parquet, large manifests: pyarrow can't be imported: boom"
    assert re.search(r"^fpng +missing +output.png_encoder: fpng", found.to_text(), re.MULTILINE)
