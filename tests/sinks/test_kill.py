"""kill -9 of the whole process group at 25 moments of a run, with every sink."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from augtool.core.rng import copy_key, uniforms
from augtool.sinks import SINKS
from tests.pictures import contents, make_tree

pytestmark = pytest.mark.slow

#: Where a run of the small set below is busy, on a slow machine and on a fast one.
MOMENTS_S = (0.4, 1.6)


def command(data: Path, out: Path, sink: str) -> list[str]:
    shards = ["--shard-size", "20KB"] if "shard_size" in SINKS[sink].takes else []
    shuffled = ["--shuffle"] if "shuffle" in SINKS[sink].takes else []
    expand = [sys.executable, "-m", "augtool", "expand", str(data), str(out), "--to", sink]
    return [*expand, "--per-image", "6", *shards, *shuffled]


def completes(arguments: list[str], limit_s: float | None) -> bool:
    """Run the command for so long at most; tell whether it ended before it was killed."""
    process = subprocess.Popen(
        arguments,
        env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        assert process.wait(limit_s) == 3
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False
    return True


def published(out: Path) -> dict[str, bytes]:
    return {name: data for name, data in contents(out).items() if not name.startswith(".augtool/")}


@pytest.mark.parametrize("sink", list(SINKS))
def test_killed_runs_complete_as_if_never_disturbed(tmp_path: Path, sink: str) -> None:
    if sink == "parquet":
        pytest.importorskip("pyarrow")
    data = make_tree(tmp_path / "data", {"cat": 40, "dog": 40})
    (data / "cat/broken.png").write_bytes(b"x")
    assert completes(command(data, tmp_path / "fresh", sink), None)
    expected = contents(tmp_path / "fresh")
    low, high = MOMENTS_S
    kills, outputs = 0, 0
    while kills < 25:
        out = tmp_path / f"out{outputs}"
        (moment,) = uniforms(copy_key(b"kill", kills), sink, 1)
        if completes(command(data, out, sink), low + (high - low) * moment):
            assert contents(out) == expected
            outputs += 1
            low = max(0.2, low * 0.8)  # a fast machine
        else:
            kills += 1
            # With the manifest there, only augtool's own folder may be left to remove.
            assert not (out / "manifest.csv").exists() or published(out) == expected
    assert completes(command(data, out, sink), None)
    assert contents(out) == expected
