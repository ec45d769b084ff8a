"""Broken shards and arrays: each is read, or refused in words; never a traceback."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from augtool.errors import AugtoolError
from augtool.sources import open_source
from tests import shard_data as shards
from tests.fuzz.test_mutants import NIGHTLY, mutant

MUTANTS = 2000 if NIGHTLY else 60


def _arrays(folder: Path) -> Path:
    folder.mkdir()
    np.save(folder / "x_train.npy", np.zeros((4, 5, 6, 3), np.uint8))
    np.save(folder / "y_train.npy", np.eye(3, dtype=np.float32)[[0, 1, 2, 0]])
    return folder


MAKERS = {
    "webdataset": shards.write_webdataset,
    "tfrecord": shards.write_tfrecord,
    "parquet": shards.write_hub,
    "mds": shards.write_mds,
    "npy": _arrays,
}


def outcome(data: Path, kind: str) -> str:
    """Return how reading all of it ends."""
    try:
        source = open_source(data, kind)
        for sample in source.listing().samples:
            source.read(sample)
    except AugtoolError as error:
        return f"refused: {error}"
    return "read"


@pytest.mark.parametrize("kind", MAKERS)
def test_mutants_are_read_or_refused(kind: str, tmp_path: Path) -> None:
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    data = MAKERS[kind](tmp_path / "d")
    files = [path for path in sorted(data.rglob("*")) if path.is_file()]
    assert outcome(data, kind) == "read"
    seen = set()
    for number in range(MUTANTS):
        path = files[number % len(files)]
        sound = path.read_bytes()
        # Half of them in the first 400 bytes: images are the larger part, and not what is tried.
        cut = 400 if number % 4 < 2 else len(sound)
        path.write_bytes(mutant(sound[:cut], kind, number) + sound[cut:])
        seen.add(outcome(data, kind).partition(":")[0])
        path.write_bytes(sound)
    assert "refused" in seen
    assert outcome(data, kind) == "read"
