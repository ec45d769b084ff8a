"""kill -9 of the whole process group at random moments of a run, with every sink."""

from __future__ import annotations

from pathlib import Path

import pytest

from augtool.sinks import SINKS
from tests.killing import killed_runs, run_undisturbed
from tests.pictures import contents, make_tree

pytestmark = pytest.mark.slow


def published(out: Path) -> dict[str, bytes]:
    return {name: data for name, data in contents(out).items() if not name.startswith(".augtool/")}


@pytest.mark.parametrize("sink", list(SINKS))
def test_killed_runs_complete_as_if_never_disturbed(tmp_path: Path, sink: str) -> None:
    if sink == "parquet":
        pytest.importorskip("pyarrow")
    data = make_tree(tmp_path / "data", {"cat": 40, "dog": 40})
    (data / "cat/broken.png").write_bytes(b"x")

    def command(out: Path) -> list[str]:
        shards = ["--shard-size", "20KB"] if "shard_size" in SINKS[sink].takes else []
        shuffled = ["--shuffle"] if "shuffle" in SINKS[sink].takes else []
        own = ["--to", sink, *shards, *shuffled]
        return ["expand", str(data), str(out), "--per-image", "6", *own]

    span_s = run_undisturbed(command(tmp_path / "fresh"), tmp_path / "fresh")
    expected = contents(tmp_path / "fresh")
    for out, is_whole in killed_runs(command, tmp_path, span_s):
        if is_whole:
            assert contents(out) == expected
        else:
            # With the manifest there, only augtool's own folder may be left to remove.
            assert not (out / "manifest.csv").exists() or published(out) == expected
