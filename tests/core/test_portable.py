"""``portable: true``: the same bytes on any CPU and OpenCV, and close to the exact warp."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from augtool.core import warp
from augtool.core.geometry import BORDERS, Size, Sizes, WarpOptions, centred
from augtool.core.transforms.rotation import Rotation
from augtool.core.warp import Warps, padded, unpadded
from tests.pictures import photo
from tests.portable_bytes import FORMS, exact, hashes, whole_picture

ROOT = Path(__file__).parents[2]
#: Features beyond those that OpenCV needs; one that a CPU lacks is ignored.
ALL_OFF = "AVX512-SKX,AVX512_ICL,AVX512_SKX,AVX2,FMA3,AVX,FP16,SSE4.2,SSE4.1,POPCNT,NEON_DOTPROD"


def run(python: Path | str, **settings: str) -> Any:
    """Return what tests/portable_bytes.py prints in another process."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **settings}
    command = [str(python), "-m", "tests.portable_bytes"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "settings",
    [
        {"OPENCV_CPU_DISABLE": ALL_OFF, "OPENCV_IPP": "disabled", "JSIMD_FORCENONE": "1"},
        pytest.param({"OPENCV_CPU_DISABLE": "AVX2,AVX512-SKX"}, marks=pytest.mark.slow),
        pytest.param({"OPENCV_IPP": "disabled"}, marks=pytest.mark.slow),
    ],
    ids=["all", "AVX2", "IPP"],
)
def test_bytes_do_not_depend_on_the_features_of_the_cpu(settings: dict[str, str]) -> None:
    other = run(sys.executable, **settings)
    assert other["portable"] == hashes()
    has_avx2 = re.search(r"AVX2(?!\?)", cv2.getCPUFeaturesLine())
    if has_avx2 and "OPENCV_CPU_DISABLE" in settings:
        assert other["exact"] != exact()  # so they were off


@pytest.mark.slow
def test_bytes_are_those_of_opencv_4_13(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv/bin/python"
    packages = "opencv-python-headless==4.13.* numpy pydantic pyyaml simplejpeg pytest hypothesis"
    install = [python, "-m", "pip", "install", "--quiet", *packages.split()]
    if subprocess.run(install, capture_output=True).returncode:
        pytest.skip("pip can't install opencv-python-headless 4.13")
    other = run(python)
    assert other["cv2"].startswith("4.13.")
    assert other["portable"] == hashes()


@pytest.mark.parametrize(("dtype", "level"), [(np.uint8, 1), (np.uint16, 257)])
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("fill_mode", BORDERS)
def test_it_is_within_a_level_of_255_of_the_exact_warp(
    dtype: Any, level: int, order: int, fill_mode: str
) -> None:
    image, size = photo(3).astype(dtype) * dtype(level), Size(200, 300)
    matrix = centred([Rotation(0, 1).matrix((33.0,)), (1.3, 0.1, 2.7, 0.2, 0.8, -3.1)], size)
    warps = Warps.prepare(matrix, Sizes(*image.shape[:2]), Sizes(*size), 1)
    portable, exact = (
        unpadded(
            warps.pull(
                0, padded(image), WarpOptions(fill_mode, (128.0 * level,), order, is_portable)
            ),
            3,
        )
        for is_portable in (True, False)
    )
    differences = np.abs(portable.astype(int) - exact)
    assert (differences <= level).mean() >= 0.999
    assert (portable.shape, portable.dtype) == (exact.shape, exact.dtype)


@pytest.mark.parametrize(("dtype", "channels"), FORMS)
def test_working_in_bands_changes_nothing(
    dtype: Any, channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = whole_picture(dtype, channels)
    pull = (0.8, -0.6, 12.3, 0.6, 0.8, -17.7)
    warps = Warps.prepare(pull, Sizes(*image.shape[:2]), Sizes(53, 40), 1)
    options = WarpOptions("constant", (9.0,), 1, portable=True)
    at_once = warps.pull(0, image, options)
    monkeypatch.setattr(warp, "_BAND_PIXELS", 300)
    np.testing.assert_array_equal(warps.pull(0, image, options), at_once)
