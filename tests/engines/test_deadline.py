"""An item that takes too long ends its worker, and is named; the rest is done."""

from __future__ import annotations

import inspect
import math
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from augtool import Options
from augtool.cli.expand import expand
from augtool.engines import DEFAULT_TIMEOUT_S, Died, Done, item_deadline, open_engine, processes
from augtool.engines.deaths import Cause, Death
from augtool.errors import ConfigError

pytestmark = pytest.mark.processes

needs_timers = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs interval timers")
TIMEOUT_S = 0.5
REASON = "took longer than 0.5 s; if the image is sound, pass a longer --timeout"


@pytest.fixture(autouse=True)
def _forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork the workers, which is faster; pytest-xdist has threads, and so they would be spawned."""
    monkeypatch.setattr(processes, "_start_method", lambda: "fork")


def sleep() -> None:
    time.sleep(3600)


def sleep_deafly() -> None:
    """Sleep again after every signal that Python is told of."""
    signal.signal(signal.SIGINT, lambda *_: None)
    while True:
        time.sleep(3600)


def loop_in_c() -> None:
    """Python has no say until this returns, in an hour or so."""
    sum(range(10**12))


@dataclass(frozen=True)
class Slow:
    """Takes too long at item 5; a line in a file tells of each try of it."""

    folder: Path
    take_long: Callable[[], None]
    times: int = 10**6

    def __call__(self, items: Sequence[int]) -> list[int]:
        for item in items:
            with item_deadline:
                if item == 5:
                    self.try_5(len(items))
        return list(items)

    def try_5(self, length: int) -> None:
        with (self.folder / "tries").open("a") as file:
            file.write(f"{length}\n")
        if len(self.tries()) <= self.times:
            self.take_long()

    def tries(self) -> list[int]:
        """Return how many items were in the chunk of each try."""
        return [int(line) for line in (self.folder / "tries").read_text().splitlines()]


def outcomes_of(
    function: Slow, chunks: Sequence[Sequence[int]]
) -> tuple[list[int], list[Died[int]]]:
    outcomes = list(open_engine("processes", 2, timeout_s=TIMEOUT_S).run(function, chunks))
    assert multiprocessing.active_children() == []
    done = sorted(item for each in outcomes if isinstance(each, Done) for item in each.items)
    return done, [each for each in outcomes if isinstance(each, Died)]


@needs_timers
@pytest.mark.parametrize("take_long", [sleep, sleep_deafly, loop_in_c])
@pytest.mark.parametrize(
    ("chunks", "tries"), [([[4], [5], [6]], [1, 1]), ([[4, 5, 6], [7]], [3, 1])]
)
def test_an_item_that_takes_too_long_is_named_and_the_rest_is_done(
    tmp_path: Path, take_long: Callable[[], None], chunks: list[list[int]], tries: list[int]
) -> None:
    slow = Slow(tmp_path, take_long)
    done, died = outcomes_of(slow, chunks)
    assert died == [Died(5, REASON)]
    assert done == [item for chunk in chunks for item in chunk if item != 5]
    assert slow.tries() == tries


@needs_timers
@pytest.mark.parametrize("chunks", [[[4], [5]], [[4, 5, 6], [7]]])
def test_an_item_that_takes_too_long_once_costs_nothing(
    tmp_path: Path, chunks: list[list[int]]
) -> None:
    """A run that is stopped for a while (Ctrl-Z) takes too long with whatever it has in hand."""
    done, died = outcomes_of(Slow(tmp_path, sleep, times=1), chunks)
    assert (done, died) == ([item for chunk in chunks for item in chunk], [])


def dawdle(items: Sequence[int]) -> list[int]:
    """Take too long in all, but not with any one step, and outside of them."""
    for _ in items:
        with item_deadline:
            time.sleep(TIMEOUT_S / 8)
    time.sleep(2 * TIMEOUT_S)
    return list(items)


@needs_timers
def test_only_what_is_inside_counts_and_each_step_anew() -> None:
    engine = open_engine("processes", 1, timeout_s=TIMEOUT_S)
    assert list(engine.run(dawdle, [list(range(10))])) == [Done(list(range(10)), list(range(10)))]


def fail_inside(items: Sequence[int]) -> list[int]:
    try:
        with item_deadline:
            raise KeyError
    except KeyError:
        time.sleep(2 * TIMEOUT_S)
    return list(items)


@needs_timers
def test_an_error_ends_the_deadline_too() -> None:
    assert list(open_engine("processes", 1, timeout_s=TIMEOUT_S).run(fail_inside, [[1]])) == [
        Done([1], [1])
    ]


def read_timer(_: Sequence[int]) -> tuple[float, object]:
    with item_deadline:
        return signal.getitimer(signal.ITIMER_REAL)[0], signal.getsignal(signal.SIGALRM)


@needs_timers
@pytest.mark.parametrize("name", ["processes", "serial"])
def test_without_a_time_limit_no_timer_runs(name: str) -> None:
    (done,) = open_engine(name, 1, timeout_s=0).run(read_timer, [[1]])
    assert isinstance(done, Done)
    assert done.value[0] == 0


@needs_timers
def test_the_serial_engine_leaves_the_timers_of_its_process_alone() -> None:
    (done,) = open_engine("serial", 1, timeout_s=TIMEOUT_S).run(read_timer, [[1]])
    assert isinstance(done, Done)
    assert done.value == (0, signal.getsignal(signal.SIGALRM))


@pytest.fixture
def deaf_parent() -> Iterator[None]:
    """A process that ignores SIGALRM and blocks it, as a worker inherits it."""
    previous = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    yield
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    signal.signal(signal.SIGALRM, previous)


@needs_timers
@pytest.mark.usefixtures("deaf_parent")
@pytest.mark.parametrize("start_method", ["fork", "spawn"])
def test_what_the_parent_does_with_the_signal_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start_method: str
) -> None:
    monkeypatch.setattr(processes, "_start_method", lambda: start_method)
    assert outcomes_of(Slow(tmp_path, sleep), [[5]]) == ([], [Died(5, REASON)])


@pytest.mark.parametrize("seconds", [-1, math.inf, math.nan, 1e7])
@pytest.mark.parametrize("name", ["processes", "serial"])
def test_what_is_no_time_limit_is_refused(name: str, seconds: float) -> None:
    with pytest.raises(ConfigError, match=r"--timeout: got .*; expected seconds, at most 1,000,00"):
        open_engine(name, 1, timeout_s=seconds)


def test_the_default_is_the_same_everywhere() -> None:
    flag = inspect.signature(expand).parameters["timeout"].default
    assert flag == Options().timeout_s == DEFAULT_TIMEOUT_S


@needs_timers
def test_the_signal_is_a_kill_from_outside_where_there_is_no_limit() -> None:
    assert Death(-signal.SIGALRM).cause is Cause.OUTSIDE
    assert Death(-signal.SIGALRM, TIMEOUT_S).cause is Cause.TIMEOUT
