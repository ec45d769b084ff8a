"""A full disk or a kill at any point: the old state or the new, and then a fresh run's bytes."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from augtool.errors import ExitCode, InputError
from augtool.output.verify import verify
from tests.trust.faults import Faults, Killed, Mode
from tests.trust.tally import Tally
from tests.trust.world import (
    FIRST,
    FOREIGN,
    NIGHTLY,
    SECOND,
    WHOLE,
    Existing,
    World,
    add_foreign,
    differences,
    drawn,
    run,
    sinks,
    with_parts,
)


class Scenario(NamedTuple):
    """What is there, by sink and config, and how it is run over."""

    before: tuple[str, dict[str, Any]] | None
    existing: Existing


def scenario_of(name: str, sink: str) -> Scenario:
    if name == "first":
        return Scenario(None, "refuse")
    if name == "other sink":
        return Scenario(("npz" if sink == "tree" else "tree", FIRST), "update")
    return Scenario((sink, FIRST), "update" if name == "update" else "overwrite")


def state_of(out: Path, sink: str, had_one: bool) -> str:
    """Return which state an output is in, "none" before the first; it must be a whole one."""
    try:
        verdict = verify(out)
    except InputError:
        assert not had_one, "the old state is gone, and no new one there"
        return "none"
    wrong = [str(each) for each in verdict.findings if each.path not in FOREIGN]
    assert not wrong, wrong
    return "whole"


def points(calls: int, *what: object) -> list[int]:
    """Return which calls fail: all at night, else one by hash."""
    if NIGHTLY:
        return list(range(calls))
    return sorted({int(each * calls) for each in drawn(1, *what)})


NAMES = ("first", "update", "overwrite", "other sink")
MODES: tuple[Mode, ...] = ("once", "full", "kill")
#: Sinks that have code of their own for what is tried here.
MAIN = ("tree", "webdataset", "npz", *with_parts())


def cases() -> list[tuple[str, str, Mode]]:
    """Return what is tried: all at night, else one mode by hash of sinks that share code."""
    every = [(sink, name) for sink in (*sinks(), *with_parts()) for name in NAMES]
    some = {case: MODES[int(3 * drawn(1, *case)[0])] for case in every if case[0] not in MAIN}
    return [
        (*case, mode) for case in every for mode in MODES if NIGHTLY or some.get(case, mode) == mode
    ]


@pytest.mark.parametrize(("sink", "name", "mode"), cases())
def test_a_fault_leaves_a_whole_state_and_the_command_completes_it(
    world: World, tally: Tally, sink: str, name: str, mode: Mode
) -> None:
    scenario = scenario_of(name, sink)
    base = scenario.before and world.finished(*scenario.before)
    fresh = world.fresh(sink, SECOND)

    def command(out: Path) -> Any:
        return run(world.data, out, SECOND, sink=sink, existing=scenario.existing)

    def prepared() -> Path:
        out = world.case(base)
        if base:
            add_foreign(out)
        return out

    out = prepared()
    with Faults(out) as counted:
        assert command(out).code == WHOLE
    calls = counted.calls
    world.drop(out)
    for at in points(len(calls), sink, name, mode):
        out = prepared()
        with tally.case(mode, sink, name, at, calls[at]):
            ended = None
            with Faults(out, at, mode), contextlib.suppress(Killed):
                ended = command(out)
            assert mode == "kill" or ended is not None
            assert ended is None or ended.code in (WHOLE, ExitCode.CANNOT_WRITE), ended
            state = state_of(out, sink, had_one=base is not None)
            assert ended is None or ended.code != WHOLE or state == "whole"
            again = command(out)
            assert again.code == WHOLE, again
            add_foreign(out) if not base else None
            assert differences(out, fresh) == []
        world.drop(out)
