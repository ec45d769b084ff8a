"""What an interrupted run has made counts while its sources are what they were, by any clock."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from augtool import Options, expand
from tests.pictures import contents, make_tree
from tests.run.test_trust import count_loads, stop_after

SERIAL = Options(engine="serial")
SAMPLES, MADE = 12, 8
HOUR_NS = 3600 * 10**9


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "data", {"cat": SAMPLES}, height=6, width=5)


def interrupted(data: Path, out: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stop_after(patch, MADE)
        with pytest.raises(KeyboardInterrupt):
            expand(data, out, options=SERIAL)


def loads_to_complete(data: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    loads = count_loads(monkeypatch)
    expand(data, out, options=SERIAL)
    expand(data, out.with_name("fresh"), options=SERIAL)
    assert contents(out) == contents(out.with_name("fresh"))
    return len(loads) - SAMPLES


@pytest.mark.parametrize("ahead_ns", [HOUR_NS, -HOUR_NS])
def test_the_clock_of_the_sources_may_be_another(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead_ns: int
) -> None:
    for path in data.rglob("*.png"):
        moment_ns = path.stat().st_mtime_ns + ahead_ns
        os.utime(path, ns=(moment_ns, moment_ns))
    interrupted(data, tmp_path / "out")
    assert loads_to_complete(data, tmp_path / "out", monkeypatch) == SAMPLES - MADE


def touch(path: Path) -> None:
    os.utime(path)


def link_again(path: Path) -> None:
    """As --originals hardlink does: the file's change time is another, no more."""
    os.link(path, path.parents[2] / "link")


def replace_by_an_old_one(path: Path) -> None:
    data = path.with_name("05.png").read_bytes()
    path.write_bytes(data)
    os.utime(path, (0, 0))


def replace_by_one_of_the_same_time(path: Path) -> None:
    before = path.stat()
    path.write_bytes(path.with_name("05.png").read_bytes() + b"\0" * 9)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    ("change", "again"),
    [
        (touch, 0),
        (link_again, 0),
        (replace_by_an_old_one, 1),
        (replace_by_one_of_the_same_time, 1),
    ],
)
def test_only_what_was_changed_is_made_again(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path], None],
    again: int,
) -> None:
    interrupted(data, tmp_path / "out")
    change(data / "cat" / "02.png")
    assert loads_to_complete(data, tmp_path / "out", monkeypatch) == SAMPLES - MADE + again
