"""Which sources of a finished run are looked at when the same command is given again."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from augtool import Options, expand
from augtool.errors import OccupiedError
from tests.pictures import make_tree, picture, write

SERIAL = Options(engine="serial")
#: Shared memory: a file system beside that of temporary files, where there is one.
SHARED = Path("/dev/shm")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A data set on another file system than that of the outputs."""
    if not SHARED.is_dir() or SHARED.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system")
    with tempfile.TemporaryDirectory(dir=SHARED) as folder:
        yield make_tree(Path(folder) / "data", {"cat": 3})


def test_a_change_is_noticed_where_the_clock_of_the_data_is_behind(
    elsewhere: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    expand(elsewhere, out, options=SERIAL)
    ahead_ns = time.time_ns() + 300 * 10**9  # of what keeps the output
    os.utime(out / "manifest.csv", ns=(ahead_ns, ahead_ns))
    assert expand(elsewhere, out, options=SERIAL).status == "up to date"
    write(elsewhere / "cat" / "01.png", picture(42))
    with pytest.raises(OccupiedError, match=r"cat/01\.png has changed"):
        expand(elsewhere, out, options=SERIAL)
