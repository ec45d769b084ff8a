"""Two runs in the same OUT: one works, the other is told so or finds nothing to do."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from augtool.errors import ExitCode
from tests.trust.runner import Runner
from tests.trust.tally import Tally
from tests.trust.world import (
    FIRST,
    NIGHTLY,
    SECOND,
    WHOLE,
    Ended,
    Existing,
    World,
    add_foreign,
    differences,
    drawn,
    run,
)

PAIRS = 1000 if NIGHTLY else 8


@pytest.fixture
def runners() -> Iterator[list[Runner]]:
    both = [Runner(), Runner()]
    yield both
    for each in both:
        each.close()


MODES: list[tuple[bool, Existing, Existing]] = [
    (False, "refuse", "refuse"),
    (False, "update", "overwrite"),
    (True, "update", "update"),
    (True, "overwrite", "update"),
    (True, "overwrite", "overwrite"),
]


def test_two_processes_in_one_output_do_not_disturb_each_other(
    world: World, tally: Tally, runners: list[Runner]
) -> None:
    """The second starts at any moment from the first's start to a little after its end."""
    fresh = world.fresh("tree", SECOND)
    base = world.finished("tree", FIRST)
    span_s = 0.05
    for number in range(PAIRS):
        has_old, *existing = MODES[number % len(MODES)]
        out = world.case(base if has_old else None)
        started_s = time.monotonic() + 0.005
        (moment,) = drawn(1, "pair", number)
        moments_s = (started_s, started_s + moment * span_s * 1.2)
        for runner, at_s, mode in zip(runners, moments_s, existing):
            runner.start(world.data, out, SECOND, at_s, existing=mode)
        first, second = (each.finish() for each in runners)
        assert first is not None
        assert second is not None
        span_s = 0.9 * span_s + 0.1 * min(1.0, first.at_s - started_s)
        with tally.case("pairs", number, moment, existing):
            require_one_worked(out, [first.ended, second.ended], fresh)
        world.drop(out)


def require_one_worked(out: Path, ended: list[Ended], fresh: dict[str, bytes]) -> None:
    codes = {each.code for each in ended}
    assert WHOLE in codes, ended
    assert codes <= {WHOLE, ExitCode.OCCUPIED}, ended
    assert all("at work there" in each.said for each in ended if each.code != WHOLE), ended
    add_foreign(out)
    assert differences(out, fresh) == []


def test_two_threads_in_one_output_do_not_disturb_each_other(
    world: World, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh, base = world.fresh("tree", SECOND), world.finished("tree", FIRST)
    monkeypatch.setattr("tests.trust.world.deadline", contextlib.nullcontext)  # no signals there
    for number in range(200 if NIGHTLY else 8):
        has_old, *existing = MODES[number % len(MODES)]
        out = world.case(base if has_old else None)
        ended: list[Ended] = []
        barrier = threading.Barrier(2)

        def work(
            mode: Existing,
            delay_s: float,
            out: Path = out,
            ended: list[Ended] = ended,
            barrier: threading.Barrier = barrier,
        ) -> None:
            barrier.wait()
            time.sleep(delay_s)
            ended.append(run(world.data, out, SECOND, existing=mode))

        (moment,) = drawn(1, "threads", number)
        threads = [
            threading.Thread(target=work, args=(mode, delay_s))
            for mode, delay_s in zip(existing, (0.0, moment * 0.05))
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join(60)
        with tally.case("threads", number, existing):
            assert len(ended) == 2
            require_one_worked(out, ended, fresh)
        world.drop(out)
