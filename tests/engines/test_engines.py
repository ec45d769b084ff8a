"""Engines map functions over chunks, and survive what the functions do."""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

import pytest

from augtool.engines import ENGINES, Died, Done, LoneWorker, open_engine
from augtool.engines.processes import _start_method
from augtool.errors import ConfigError, EngineError, InputError, OutputError

pytestmark = pytest.mark.processes

#: Ray takes half a minute to start, and may not be installed.
MARKS = {"ray": [pytest.mark.slow, pytest.mark.optional]}
each_engine = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=MARKS.get(name, ())) for name in ENGINES]
)
CHUNKS = [[1, 2, 3], [4, 5], [6], [7, 8, 9, 10]]


def double(items: Sequence[int]) -> list[int]:
    return [2 * item for item in items]


def fail(items: Sequence[int]) -> Any:
    raise OutputError(f"disk full at {items[0]}")


def stumble(_: Sequence[int]) -> Any:
    raise ZeroDivisionError("a bug")


def wake_parent_and_sleep(items: Sequence[int]) -> Any:
    """Sleep; the worker that was started last sends the parent a signal first."""
    if items == CHUNKS[1]:
        os.kill(os.getppid(), signal.SIGUSR1)
    time.sleep(60)


def results(name: str, function: Any, workers: int = 2) -> list[Done | Died]:
    if name == "ray":
        pytest.importorskip("ray")
    return list(open_engine(name, workers).run(function, CHUNKS))


@each_engine
def test_every_chunk_is_done_once(name: str) -> None:
    done = results(name, double)
    pairs = sorted((list(each.items), each.value) for each in done if isinstance(each, Done))
    assert pairs == [(chunk, double(chunk)) for chunk in CHUNKS]


@each_engine
def test_errors_on_purpose_are_raised_as_they_are(name: str) -> None:
    with pytest.raises(OutputError, match="disk full at"):
        results(name, fail)


def test_a_bug_in_a_worker_shows_its_traceback() -> None:
    with pytest.raises(EngineError, match="ZeroDivisionError: a bug"):
        results("processes", stumble)


@pytest.mark.parametrize("moment", ["any", "send", "recv"])
def test_closing_the_run_kills_its_workers_whatever_they_do(
    moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a handler raises gets through, though a TimeoutError looks like the pipe's."""
    workers, parent = [], os.getpid()

    def stop(*_: object) -> None:
        workers.extend(multiprocessing.active_children())
        raise TimeoutError

    def held_up(call: Any) -> Any:
        def answer(pipe: Any, *arguments: Any) -> Any:
            value = call(pipe, *arguments)
            if os.getpid() == parent and (moment == "recv" or arguments[0][0] == CHUNKS[1]):
                time.sleep(60)
            return value

        return answer

    if moment != "any":
        monkeypatch.setattr(Connection, moment, held_up(getattr(Connection, moment)))

    previous = signal.signal(signal.SIGUSR1, stop)
    try:
        with pytest.raises(TimeoutError):
            list(open_engine("processes", 2).run(wake_parent_and_sleep, CHUNKS))
    finally:
        signal.signal(signal.SIGUSR1, previous)
    assert [worker.exitcode for worker in workers] == [-signal.SIGKILL] * 2
    assert multiprocessing.active_children() == []


@pytest.fixture
def thread() -> Iterator[None]:
    """A second thread in this process, while the test runs."""
    is_over = threading.Event()
    second = threading.Thread(target=is_over.wait)
    second.start()
    yield
    is_over.set()
    second.join()


@pytest.mark.usefixtures("thread")
def test_a_process_with_threads_is_not_forked() -> None:
    assert _start_method() == "spawn"


@pytest.mark.usefixtures("thread")
def test_spawned_workers_work_too() -> None:
    assert len(results("processes", double)) == len(CHUNKS)


def threads_of_opencv(chunk: Sequence[int]) -> int:
    import cv2

    return cv2.getNumThreads() if chunk else 0


@pytest.mark.usefixtures("thread")
def test_workers_are_the_only_parallelism() -> None:
    done = results("processes", threads_of_opencv)
    assert {each.value for each in done if isinstance(each, Done)} == {1}


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(ConfigError, match="got 'gpu'; expected one of processes, serial, ray"):
        open_engine("gpu", 1)


def test_an_engine_that_is_not_installed_says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name != "ray" or None)
    with pytest.raises(EngineError, match=r'Ray is not installed; run: .* "ray>=2.60,<3"'):
        open_engine("ray", 1)


def double_or_fail(number: int) -> tuple[int, int]:
    if number == 0:
        raise OutputError("none")
    if number < 0:
        faulthandler.disable()  # pytest's would fill the log
        os.kill(os.getpid(), signal.SIGSEGV)
    return 2 * number, os.getpid()


def test_a_lone_worker_makes_one_thing_after_another_whatever_fails() -> None:
    with LoneWorker(double_or_fail, timeout_s=0) as worker:
        first, process = worker.run(1)
        with pytest.raises(OutputError, match="none"):
            worker.run(0)
        assert (first, worker.run(2)) == (2, (4, process))
        with pytest.raises(InputError, match=r"killed its worker \(SIGSEGV\)"):
            worker.run(-1)
        assert worker.run(3)[0] == 6
    assert process != os.getpid()
    assert multiprocessing.active_children() == []
