"""Engines map functions over chunks, and survive what the functions do."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from augtool.engines import ENGINES, Died, Done, open_engine
from augtool.engines.processes import _start_method
from augtool.errors import ConfigError, EngineError, OutputError

each_engine = pytest.mark.parametrize("name", ENGINES)
CHUNKS = [[1, 2, 3], [4, 5], [6], [7, 8, 9, 10]]


def double(items: Sequence[int]) -> list[int]:
    return [2 * item for item in items]


def kill_at_5(items: Sequence[int]) -> list[int]:
    if 5 in items:
        os.kill(os.getpid(), signal.SIGKILL)
    return double(items)


def fail(items: Sequence[int]) -> Any:
    raise OutputError(f"disk full at {items[0]}")


def stumble(_: Sequence[int]) -> Any:
    raise ZeroDivisionError("a bug")


def die_at_once(_: Sequence[int]) -> Any:
    os._exit(3)


def sleep(_: Sequence[int]) -> Any:
    time.sleep(60)


def results(name: str, function: Any, workers: int = 2) -> list[Done | Died]:
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


@pytest.mark.parametrize("workers", [1, 3])
def test_an_item_that_kills_is_named_and_the_rest_is_done(workers: int) -> None:
    outcomes = results("processes", kill_at_5, workers)
    (died,) = [each for each in outcomes if isinstance(each, Died)]
    assert died == Died(5, "killed its worker (SIGKILL)")
    done = sorted(item for each in outcomes if isinstance(each, Done) for item in each.items)
    assert done == [1, 2, 3, 4, 6, 7, 8, 9, 10]


def test_an_exit_code_is_named_too() -> None:
    outcomes = results("processes", die_at_once)
    assert {each.reason for each in outcomes if isinstance(each, Died)} == {
        "ended its worker (exit code 3)"
    }


def test_closing_the_run_ends_its_workers_at_once() -> None:
    started = time.monotonic()
    run = open_engine("processes", 2).run(sleep, CHUNKS)
    thread = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGUSR1))

    def stop(*_: object) -> None:
        raise TimeoutError

    previous = signal.signal(signal.SIGUSR1, stop)
    thread.start()
    try:
        with pytest.raises(TimeoutError):
            next(run)
    finally:
        signal.signal(signal.SIGUSR1, previous)
    assert time.monotonic() - started < 10
    assert multiprocessing.active_children() == []


def test_a_process_with_threads_is_not_forked() -> None:
    thread = threading.Thread(target=time.sleep, args=(0.5,))
    thread.start()
    assert _start_method() == "spawn"
    thread.join()


def test_spawned_workers_work_too() -> None:
    thread = threading.Thread(target=time.sleep, args=(20,), daemon=True)
    thread.start()
    assert len(results("processes", double)) == len(CHUNKS)


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(ConfigError, match="got 'gpu'; expected one of processes, serial"):
        open_engine("gpu", 1)
