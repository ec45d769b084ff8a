"""Counts what the proofs try and what survives, for docs/faults.md."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.trust.world import NIGHTLY, Hung

__all__ = ["ROWS", "Tally", "table"]

#: What is tried, in the order of the table.
ROWS = {
    "links": "A link, pipe, device, socket, folder or empty file in the place of each path of OUT,"
    " then each command",
    "rows": "A manifest or dataset.json that names files outside OUT, then each command",
    "once": "One write, rename, removal or sync fails (disk full), at each point of a run",
    "full": "The disk is full from each point of a run on",
    "kill": "kill -9 at each point of a run that changes the disk",
    "torn": "A file of an unfinished or finished run is cut or has a flipped bit",
    "damage": "A file of a finished run is cut, emptied, lost or has a flipped bit, then --update",
    "power": "Files are empty after a power loss, then the run continues",
    "pairs": "Two processes start in the same OUT, at different moments of a run",
    "shards": "A shard finds the disk full, or is killed, at each point of its run; then all shards"
    " run again",
    "storms": "Shards run at the same time, twice or three times each, and some are killed",
    "containers": "Four shards at once, each with processes numbered from 1, as in containers",
    "threads": "Two threads of one process start in the same OUT",
    "foreign": "Someone's files lie in OUT before, during and after a run",
}


@dataclass
class Tally:
    """How many were tried and how many survived, by row."""

    rows: dict[str, tuple[int, int]] = field(default_factory=dict)
    #: What did not survive.
    problems: list[str] = field(default_factory=list)

    def add(self, row: str, tried: int, survived: int) -> None:
        assert row in ROWS
        before = self.rows.get(row, (0, 0))
        self.rows[row] = before[0] + tried, before[1] + survived

    @contextmanager
    def case(self, row: str, *what: object) -> Iterator[None]:
        """Count a case, which survives if its block ends without an error; go on in any case."""
        try:
            yield
        except (Exception, Hung) as error:  # noqa: BLE001 - that is what is looked for
            self.add(row, 1, 0)
            trace = traceback.extract_tb(error.__traceback__)[-1]
            said = f"{type(error).__name__}: {error} ({trace.filename}:{trace.lineno})"
            self.problems.append(f"{what}: {said:.1500}")
        else:
            self.add(row, 1, 1)


def table(counted: Tally) -> str:
    """Return docs/faults.md."""
    lines = [
        "# What runs survive",
        "",
        "`tests/trust` breaks runs and outputs on purpose. A case survives if nothing outside OUT",
        "has changed, nobody's file is gone, no command hangs or shows a traceback, and the same",
        "command, run again, ends with the bytes of a fresh run or says why it can't.",
        "",
        "`make test` tries a sample, and `make fuzz` all. `make faults` writes this table;",
        f"this one is from {'all' if NIGHTLY else 'the sample'}:",
        "",
        "| What was done | Tried | Survived |",
        "|---|---:|---:|",
    ]
    for row, what in ROWS.items():
        tried, survived = counted.rows.get(row, (0, 0))
        lines.append(f"| {what} | {tried:,} | {survived:,} |")
    return "\n".join(lines) + "\n"
