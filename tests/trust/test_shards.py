"""Shards that are killed, find the disk full, or work at the same time: a whole run's bytes."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from augtool.errors import ExitCode
from augtool.run.options import Shard
from tests.trust.faults import Faults, Killed, Mode
from tests.trust.runner import Runner
from tests.trust.tally import Tally
from tests.trust.test_faults import points
from tests.trust.world import (
    FIRST,
    NIGHTLY,
    WHOLE,
    Ended,
    World,
    add_foreign,
    config_of,
    differences,
    drawn,
    run,
    sinks,
)

ROOT = Path(__file__).parents[2]
COUNT = 3


def shards_of(world: World, out: Path, sink: str, *indices: int) -> list[Ended]:
    return [run(world.data, out, FIRST, sink=sink, shard=Shard(index, COUNT)) for index in indices]


def completed(world: World, out: Path, sink: str) -> Ended:
    """Run the plain command, as whoever does not know what the shards have done."""
    return run(world.data, out, FIRST, sink=sink)


@pytest.mark.parametrize("mode", ["once", "full", "kill"])
@pytest.mark.parametrize("victim", range(COUNT))
@pytest.mark.parametrize("sink", sinks() if NIGHTLY else ["tree", "npz", "webdataset"])
def test_a_shard_that_is_stopped_anywhere_costs_only_work(
    world: World, tally: Tally, sink: str, victim: int, mode: Mode
) -> None:
    """The last one also completes the run; then all run again, or the plain command does."""
    fresh = world.fresh(sink, FIRST)
    base = world.case()
    shards_of(world, base, sink, *range(victim))
    out = world.case(base if victim else None)
    with Faults(out) as counted:
        shards_of(world, out, sink, victim)
    calls = counted.calls
    world.drop(out)
    for at in points(len(calls), "shards", sink, victim, mode):
        out = world.case(base if victim else None)
        with tally.case("shards", sink, victim, mode, at, calls[at]):
            with Faults(out, at, mode), contextlib.suppress(Killed):
                (ended,) = shards_of(world, out, sink, victim)
                assert ended.code in (ExitCode.DONE, WHOLE, ExitCode.CANNOT_WRITE), ended
            if at % 2:
                shards_of(world, out, sink, *range(COUNT))
            assert completed(world, out, sink).code == WHOLE
            add_foreign(out)
            assert differences(out, fresh) == []
        world.drop(out)
    world.drop(base)


@pytest.fixture
def runners() -> Iterator[list[Runner]]:
    all_of_them = [Runner() for _ in range(4 if NIGHTLY else 2)]
    yield all_of_them
    for each in all_of_them:
        each.close()


def test_shards_at_the_same_time_do_not_disturb_each_other(
    world: World, tally: Tally, runners: list[Runner]
) -> None:
    """Each makes a share that others make, too; at night some are killed on the way."""
    kinds = sinks()
    for number in range(400 if NIGHTLY else 6):
        sink = kinds[number % len(kinds)]
        fresh, out = world.fresh(sink, FIRST), world.case()
        started_s = time.monotonic() + 0.005
        delays = drawn(len(runners), "storm", number)
        count = 1 + number % 3
        for index, (runner, delay) in enumerate(zip(runners, delays)):
            shard, at_s = [index % count, count], started_s + delay * 0.03
            runner.start(world.data, out, FIRST, at_s, sink=sink, shard=shard)
        if number % 4 == 3 and NIGHTLY:
            time.sleep(0.08 * delays[0])
            os.kill(runners[0].process.pid, signal.SIGKILL)
        ended = [each.finish() for each in runners]
        with tally.case("storms", number, sink, count, delays):
            codes = {each.ended.code for each in ended if each is not None}
            assert codes <= {ExitCode.DONE, WHOLE}, ended
            was_whole = (out / "manifest.csv").exists()
            # As the last to end has seen all that there is, one of them has completed the run.
            assert was_whole or None in ended or count > len(runners), ended
            assert completed(world, out, sink).code == WHOLE
            add_foreign(out)
            assert differences(out, fresh) == []
        world.drop(out)


def _has_namespaces() -> bool:
    if shutil.which("unshare") is None:
        return False
    command = ["unshare", "-Ur", "--pid", "--fork", "--mount-proc", "true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not _has_namespaces(), reason="needs namespaces of processes")
def test_shards_in_containers_of_their_own_make_a_whole_run(world: World, tally: Tally) -> None:
    """There, process ids begin at 1: nothing may be named by them."""
    for number in range(20):
        sink = sinks()[number % len(sinks())]
        out = world.case()
        config = out.parent / "config.yaml"
        config.write_text(
            json.dumps(config_of(sink, FIRST).model_dump(mode="json", exclude_unset=True))
        )
        command = ["expand", str(world.data), str(out), "--config", str(config), "--workers", "2"]
        contained = ["unshare", "-Ur", "--pid", "--fork", "--mount-proc"]
        processes = [
            subprocess.Popen(
                [
                    *contained,
                    sys.executable,
                    "-m",
                    "augtool",
                    *command,
                    "-q",
                    "--shard",
                    f"{index}/4",
                ],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
            for index in range(4)
        ]
        codes = {each.wait(300) for each in processes}
        with tally.case("containers", number, sink):
            assert codes <= {ExitCode.DONE, WHOLE}
            if not (out / "manifest.csv").exists():
                assert completed(world, out, sink).code == WHOLE
            add_foreign(out)
            assert differences(out, world.fresh(sink, FIRST)) == []
        world.drop(out)
