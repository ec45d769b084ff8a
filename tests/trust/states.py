"""Outputs whose run was killed at a chosen moment."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Literal

from augtool.output.pending import COMMIT
from tests.trust.faults import Faults, Killed
from tests.trust.world import FIRST, SECOND, Existing, World, run

Stage = Literal["results", "previous.csv"]


def stopped(world: World, sink: str, stage: Stage) -> Path:
    """Return an output whose run was killed; it is only read.

    With ``results`` it had made half of a new output; with ``previous.csv`` it was bringing one up
    to date, and had begun to put the new state in its place.
    """
    name = f"{sink} {stage}"
    if name not in world.states:
        base = world.finished(sink, FIRST) if stage == "previous.csv" else None
        existing: Existing = "update" if base else "refuse"
        out = world.case(base)
        with Faults(out) as counted:
            run(world.data, out, SECOND, sink=sink, existing=existing)
        world.drop(out)
        places = [place for _, place in counted.calls]
        if base:  # the old manifest goes, and then comes the first file
            name = "manifest.json" if sink.endswith("parquet") else "manifest.csv"
            at = places.index(f"/{name}") + 2
        else:  # not when the workspace is cleared away at the end
            working = places[: next(at for at, place in enumerate(places) if COMMIT in place)]
            at = max(at for at, place in enumerate(working) if "/results/0" in place) - 6
        out = world.case(base)
        with contextlib.suppress(Killed), Faults(out, at, "kill"):
            run(world.data, out, SECOND, sink=sink, existing=existing)
        assert list(out.glob(".augtool/work-*/results"))
        assert (out / COMMIT).exists() == (base is not None)
        world.states[name] = out
    return world.states[name]
