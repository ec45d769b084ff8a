"""The command that makes cv2 work, for every state in which environments are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from augtool.errors import EngineError
from augtool.runtime import load_opencv, opencv_wheels
from augtool.runtime.opencv_wheels import Wheel, fix_opencv, installed_wheels

GUI, HEADLESS = Wheel("opencv-python", "5.0.0.93"), Wheel("opencv-python-headless", "5.0.0.93")
OLD_HEADLESS = Wheel("opencv-python-headless", "4.13.0.92")
CONTRIB = Wheel("opencv-contrib-python", "5.0.0.93")
NO_MODULE = "No module named 'cv2'"
NO_GL = "libGL.so.1: cannot open shared object file: No such file or directory"


@pytest.fixture(autouse=True)
def pip(monkeypatch: pytest.MonkeyPatch) -> None:
    commands = {"install": "pip install", "reinstall": "pip reinstall", "uninstall": "pip remove"}
    monkeypatch.setattr(opencv_wheels, "pip_command", commands.__getitem__)


@pytest.mark.parametrize(
    ("wheels", "problem", "missing", "fix"),
    [
        ([], NO_MODULE, [], 'pip install "opencv-python>=5.0"'),
        ([], NO_MODULE, ["libGL.so.1"], 'pip install "opencv-python-headless>=5.0"'),
        # One of two was uninstalled, and took files of the other along.
        ([GUI], NO_MODULE, [], "pip reinstall opencv-python==5.0.0.93"),
        ([HEADLESS], NO_MODULE, [], "pip reinstall opencv-python-headless==5.0.0.93"),
        ([HEADLESS], NO_MODULE, ["libGL.so.1"], "pip reinstall opencv-python-headless==5.0.0.93"),
        # The system's libraries are missing.
        (
            [GUI],
            NO_GL,
            ["libGL.so.1"],
            "pip remove opencv-python && pip install opencv-python-headless==5.0.0.93",
        ),
        (
            [CONTRIB],
            NO_GL,
            ["libGL.so.1"],
            "pip remove opencv-contrib-python"
            " && pip install opencv-contrib-python-headless==5.0.0.93",
        ),
        ([GUI, HEADLESS], NO_GL, ["libGL.so.1"], "pip reinstall opencv-python-headless==5.0.0.93"),
        ([HEADLESS], NO_GL, ["libGL.so.1"], "apt-get install libgl1"),
        # Several collide: the whole one that is most, and recent.
        ([GUI, HEADLESS], "", [], "pip reinstall opencv-python==5.0.0.93"),
        ([GUI, CONTRIB, HEADLESS], "", [], "pip reinstall opencv-contrib-python==5.0.0.93"),
        ([GUI, OLD_HEADLESS], "", [], "pip reinstall opencv-python==5.0.0.93"),
        ([OLD_HEADLESS], "", [], 'pip install --upgrade "opencv-python-headless>=5.0"'),
        ([GUI], "numpy.core.multiarray failed to import", [], "pip reinstall numpy"),
    ],
)
def test_each_state_has_its_own_fix(
    wheels: list[Wheel], problem: str, missing: list[str], fix: str
) -> None:
    assert fix_opencv(problem, wheels, missing) == fix


def site(folder: Path, name: str, version: str, files: dict[str, bytes]) -> None:
    """Install a distribution in a folder, as pip notes it."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    rows = [f"{path},sha256=x,{len(data)}\n" for path, data in files.items()]
    (info / "RECORD").write_text("".join(rows) + f"{next(iter(files))}.pyc,,\n")


def test_the_last_of_two_wheels_is_whole_and_uninstalling_it_breaks_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site(tmp_path, "opencv-python", "5.0.0.93", {"cv2/cv2.so": b"with windows", "cv2/qt": b"qt"})
    site(tmp_path, "opencv-python-headless", "4.13.0.92", {"cv2/cv2.so": b"without"})
    site(tmp_path, "opencv-stubs", "1.0", {"stubs/a.pyi": b""})
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    assert installed_wheels() == [
        Wheel("opencv-python", "5.0.0.93", is_whole=False),
        Wheel("opencv-python-headless", "4.13.0.92", is_whole=True),
    ]
    (tmp_path / "cv2" / "cv2.so").unlink()
    assert [wheel.is_whole for wheel in installed_wheels()] == [False, False]


def test_an_emptied_folder_that_still_imports_is_an_error_with_the_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cv2").mkdir()
    monkeypatch.delitem(__import__("sys").modules, "cv2")
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    monkeypatch.setattr(opencv_wheels, "fix_opencv", "the fix of {}".format)
    with pytest.raises(EngineError) as caught:
        load_opencv()
    assert str(caught.value) == (
        "OpenCV can't be loaded (module 'cv2' has no attribute 'setNumThreads');"
        " run: the fix of module 'cv2' has no attribute 'setNumThreads'"
    )
