"""Workers that die: of an item, which is named in the end, or killed from outside."""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from augtool.engines import Died, Done, open_engine, processes
from augtool.engines.deaths import MOST_LONE_DEATHS, Cause, Death, Work
from augtool.errors import EngineError
from tests.killing import worker_storm

pytestmark = pytest.mark.processes

#: For how long workers are killed all the time.
STORM_S = 60 if os.environ.get("AUGTOOL_FUZZ") else 3
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@pytest.fixture(autouse=True)
def _forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork the workers, so that what is patched here is in them too; pytest-xdist has threads."""
    monkeypatch.setattr(processes, "_start_method", lambda: "fork")


@dataclass(frozen=True)
class Deadly:
    """Dies at item 5, so many times at most; a line in a file tells of each try of an item."""

    folder: Path
    how: Any
    times: int = 10**6

    def __call__(self, items: Sequence[int]) -> list[int]:
        for item in items:
            with (self.folder / str(item)).open("a") as file:
                file.write(f"{len(items)}\n")
            if item == 5 and len(self.tries(5)) <= self.times:
                faulthandler.disable()  # pytest's would fill the log
                self.how()
        return list(items)

    def tries(self, item: int) -> list[int]:
        """Return how many items were in the chunk of each try."""
        return [int(line) for line in (self.folder / str(item)).read_text().splitlines()]


def die_by(number: int) -> None:
    os.kill(os.getpid(), number)


def kill() -> None:
    die_by(signal.SIGKILL)


def terminate() -> None:
    die_by(signal.SIGTERM)


def segfault() -> None:
    die_by(signal.SIGSEGV)


def abort() -> None:
    os.abort()


def leave() -> None:
    os._exit(3)


def exhaust_memory() -> None:
    raise MemoryError


def outcomes_of(
    function: Any, chunks: Sequence[Sequence[int]], workers: int = 2
) -> tuple[list[int], list[Died[int]]]:
    """Return which items were done, each as often as it was reported, and which died."""
    outcomes = list(open_engine("processes", workers).run(function, chunks))
    done = sorted(item for each in outcomes if isinstance(each, Done) for item in each.items)
    assert multiprocessing.active_children() == []
    return done, [each for each in outcomes if isinstance(each, Died)]


ALONE = [[4], [5], [6]]
TOGETHER = [[1, 2, 3], [4, 5, 6], [7]]


def items_of(chunks: Sequence[Sequence[int]]) -> list[int]:
    return [item for chunk in chunks for item in chunk]


@pytest.mark.parametrize("chunks", [ALONE, TOGETHER], ids=["alone", "together"])
@pytest.mark.parametrize("how", [kill, terminate, segfault, leave, exhaust_memory])
def test_a_worker_that_dies_once_costs_nothing(tmp_path: Path, how: Any, chunks: Any) -> None:
    done, died = outcomes_of(Deadly(tmp_path, how, times=1), chunks)
    assert (done, died) == (items_of(chunks), [])


@pytest.mark.parametrize("how", [kill, terminate])
def test_a_few_kills_of_the_same_item_cost_nothing(tmp_path: Path, how: Any) -> None:
    times = MOST_LONE_DEATHS[Cause.OUTSIDE] - 1
    done, died = outcomes_of(Deadly(tmp_path, how, times), ALONE)
    assert (done, died) == ([4, 5, 6], [])


@pytest.mark.parametrize("chunks", [ALONE, TOGETHER], ids=["alone", "together"])
@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (segfault, "killed its worker (SIGSEGV)"),
        (abort, "killed its worker (SIGABRT)"),
        (leave, "ended its worker (exit code 3)"),
        (exhaust_memory, "ran out of memory; use fewer --workers or a smaller image"),
    ],
)
def test_an_item_that_crashes_its_worker_twice_while_alone_is_named(
    tmp_path: Path, how: Any, reason: str, chunks: Any
) -> None:
    deadly = Deadly(tmp_path, how)
    done, died = outcomes_of(deadly, chunks)
    assert died == [Died(5, reason)]
    assert done == [item for item in items_of(chunks) if item != 5]
    assert deadly.tries(5) == ([1, 1] if chunks is ALONE else [3, 1, 1])


def test_an_item_whose_workers_are_always_killed_is_named_in_the_end(tmp_path: Path) -> None:
    deadly = Deadly(tmp_path, kill)
    done, (died,) = outcomes_of(deadly, TOGETHER)
    assert done == [1, 2, 3, 4, 6, 7]
    assert died.reason == (
        "killed its worker (SIGKILL): likely out of memory; use fewer --workers or a smaller image"
    )
    assert deadly.tries(5) == [3, *[1] * MOST_LONE_DEATHS[Cause.OUTSIDE]]


def slow_double(items: Sequence[int]) -> list[int]:
    time.sleep(0.005 * len(items))
    return [2 * item for item in items]


@needs_proc
@pytest.mark.parametrize("length", [1, 8])
def test_nothing_is_lost_while_workers_are_killed_all_the_time(length: int) -> None:
    """Chunks come for as long as the storm lasts, so that it hits all of the run."""
    until_s = time.monotonic() + STORM_S / 2
    given: list[int] = []

    def chunks() -> Any:
        while time.monotonic() < until_s:
            chunk = list(range(len(given), len(given) + length))
            given.extend(chunk)
            yield chunk

    with worker_storm(os.getpid()) as stop:
        outcomes = list(open_engine("processes", 2).run(slow_double, chunks()))
        kills = stop()
    assert kills >= 5
    assert [each for each in outcomes if isinstance(each, Died)] == []
    results = [pair for each in outcomes for pair in zip(each.items, each.value)]  # type: ignore[union-attr]
    assert sorted(results) == [(item, 2 * item) for item in given]


def dies_at_birth(exit_code: int, times: int, folder: Path) -> Any:
    """Return a worker's main function that dies before it is ready, so many times."""
    serve = processes._serve

    def die_or_serve(*arguments: Any) -> None:
        number = len(list(folder.iterdir()))
        if number < times:
            (folder / str(number)).touch()
            if exit_code < 0:
                die_by(-exit_code)
            os._exit(exit_code)
        serve(*arguments)

    return die_or_serve


def test_workers_killed_before_they_are_ready_are_no_false_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_serve", dies_at_birth(-signal.SIGKILL, 20, tmp_path))
    assert outcomes_of(slow_double, ALONE, workers=1) == ([4, 5, 6], [])


@pytest.mark.parametrize(
    ("exit_code", "tries", "message"),
    [
        (1, 3, r"can start \(exit code 1\); try --engine serial, which shows why"),
        (-signal.SIGKILL, 50, r"can start \(SIGKILL\); free some memory, or use fewer --workers"),
    ],
)
def test_workers_that_are_never_ready_end_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exit_code: int, tries: int, message: str
) -> None:
    monkeypatch.setattr(processes, "_serve", dies_at_birth(exit_code, 10**6, tmp_path))
    with pytest.raises(EngineError, match=message):
        outcomes_of(slow_double, ALONE, workers=1)
    assert len(list(tmp_path.iterdir())) == tries


def test_false_starts_between_workers_that_are_ready_do_not_add_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every other worker ends at birth, and the others of their work: six times in all."""
    serve = processes._serve

    def die_or_serve(*arguments: Any) -> None:
        number = len(list(tmp_path.iterdir()))
        (tmp_path / str(number)).touch()
        if number % 2:
            os._exit(1)
        serve(*arguments)

    monkeypatch.setattr(processes, "_serve", die_or_serve)
    done, died = outcomes_of(lambda _: leave(), ALONE, workers=1)
    assert (done, len(died)) == ([], 3)
    assert len(list(tmp_path.iterdir())) == 11


def test_a_chunk_that_no_worker_has_touched_stays_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_serve", dies_at_birth(-signal.SIGKILL, 2, tmp_path))
    outcomes = open_engine("processes", 1).run(slow_double, TOGETHER)
    assert [each.items for each in outcomes] == TOGETHER  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("exit_code", "cause"),
    [
        *((-getattr(signal, f"SIG{name}"), Cause.OUTSIDE) for name in ("KILL", "TERM", "INT")),
        *((-getattr(signal, f"SIG{name}"), Cause.OUTSIDE) for name in ("HUP", "XCPU", "USR1")),
        *((-getattr(signal, f"SIG{name}"), Cause.CRASH) for name in ("SEGV", "ABRT", "BUS")),
        *((-getattr(signal, f"SIG{name}"), Cause.CRASH) for name in ("FPE", "ILL", "SYS")),
        *((code, Cause.CRASH) for code in (0, 1, 77)),
    ],
)
def test_causes_are_told_apart(exit_code: int, cause: Cause) -> None:
    assert Death(exit_code).cause is cause


def test_kinds_of_death_are_counted_apart() -> None:
    work = Work([5])
    for cause in (Cause.OUTSIDE, Cause.CRASH, Cause.OUTSIDE):
        (work,) = work.retries(cause)
    assert work.lone_deaths == {Cause.OUTSIDE: 2, Cause.CRASH: 1}
    assert work.retries(Cause.CRASH) == []
