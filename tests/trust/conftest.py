"""What the proofs share: a world per process, a quick disk, and the table of what was tried."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.trust.tally import Tally, table
from tests.trust.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for the disks of the whole machine."""
    monkeypatch.setattr(os, "sync", lambda: None)
    monkeypatch.setattr(os, "fsync", lambda fd: None)


@pytest.fixture
def tally(record_property: Any) -> Iterator[Tally]:
    counted = Tally()
    yield counted
    for row, (tried, survived) in counted.rows.items():
        record_property("fault", [row, tried, survived])
    problems = counted.problems
    assert not problems, "\n".join([f"{len(problems)} did not survive:", *problems[:40]])


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Write the table of docs/faults.md, if a file for it is named."""
    target = os.environ.get("AUGTOOL_FAULTS")
    if target is None:
        return
    reports = [each for kind in terminalreporter.stats.values() for each in kind]
    counted = Tally()
    for report in reports:
        if getattr(report, "when", "") == "teardown":
            for name, value in report.user_properties:
                if name == "fault":
                    counted.add(*value)
    Path(target).write_text(table(counted), encoding="utf-8")
    terminalreporter.write_line(f"{target}: written")
