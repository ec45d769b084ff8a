"""An actor does what the processes engine does, one chunk at a time; Ray is not needed for that."""

from __future__ import annotations

import faulthandler
import os
import pickle
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from augtool.engines import Died, Done, processes
from augtool.engines.ray.actor import Actor, PackedFunction
from augtool.errors import AugtoolError, EngineError, OutputError

pytestmark = pytest.mark.processes


@pytest.fixture(autouse=True)
def _forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork the workers, which is faster; pytest-xdist has threads, and so they would be spawned."""
    monkeypatch.setattr(processes, "_start_method", lambda: "fork")


@pytest.fixture(autouse=True)
def _here() -> Iterator[None]:
    before = Path.cwd()
    yield
    os.chdir(before)


def double(items: Sequence[int]) -> list[int]:
    if 5 in items:
        faulthandler.disable()  # pytest's would fill the log
        os.kill(os.getpid(), signal.SIGSEGV)
    if 6 in items:
        raise OutputError("disk full")
    return [2 * item for item in items]


class Stranger:
    """A function that some machine lacks something for."""

    def __call__(self, _: Sequence[int]) -> Any:
        raise AssertionError

    def check_place(self) -> None:
        raise EngineError("no such disk")


def actor(function: Any, folder: Path) -> Actor:
    packed = pickle.loads(pickle.dumps(PackedFunction(function)))
    return Actor(packed, 0.0, os.fspath(folder))


def test_it_returns_the_outcomes_of_each_chunk(tmp_path: Path) -> None:
    here = actor(double, tmp_path)
    assert here.ready() is None
    assert here.work([1, 2]) == [Done([1, 2], [2, 4])]
    outcomes = here.work([4, 5])
    assert isinstance(outcomes, list)
    assert sorted(outcomes, key=repr) == [
        Died(5, "killed its worker (SIGSEGV)"),
        Done([4], [8]),
    ]
    assert here.work([3]) == [Done([3], [6])]


def test_it_returns_the_error_that_ends_a_run(tmp_path: Path) -> None:
    error = actor(double, tmp_path).work([6])
    assert isinstance(error, AugtoolError)
    assert str(error) == "disk full"


def test_it_is_not_ready_where_the_function_can_not_run(tmp_path: Path) -> None:
    assert str(actor(Stranger(), tmp_path).ready()) == "no such disk"


def test_another_version_of_augtool_is_named_before_anything_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = actor(double, tmp_path)
    monkeypatch.setattr("augtool.engines.ray.actor.__version__", "0.0.1")
    monkeypatch.setattr(pickle, "loads", None)
    assert "has augtool 0.0.1, and the run" in str(here.ready())


def test_relative_paths_start_where_the_run_does_if_that_is_there(tmp_path: Path) -> None:
    actor(double, tmp_path)
    assert Path.cwd() == tmp_path
    assert actor(double, tmp_path / "nowhere").ready() is None
