"""What a run is told to do beside its config, and what it says when it is over."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from augtool.core.records import Failure
from augtool.plan.plan import Plan

__all__ = ["Listener", "Options", "Report", "Silence"]


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is run. None of it changes a byte of what is written.

    Parameters
    ----------
    workers
        Number of processes; None for the CPUs that this process may use.
    engine
        A name of :data:`augtool.engines.ENGINES`.
    on_error
        What an input that can't be used does: ``skip`` notes it, ``fail`` stops the run.
    existing
        What to do with an output of other inputs or another config: ``refuse`` it, ``overwrite``
        it, or ``update`` it, keeping every file that is still right.
    dry_run
        Plan only; nothing is made.
    checksum
        Compare sources by their SHA-256, not by their modification times.
    kind
        Name of the source; None to detect it.
    source
        Settings of the source, such as ``{"follow_links": True}``.
    """

    workers: int | None = None
    engine: str = "processes"
    on_error: Literal["skip", "fail"] = "skip"
    existing: Literal["refuse", "overwrite", "update"] = "refuse"
    dry_run: bool = False
    checksum: bool = False
    kind: str | None = None
    source: dict[str, Any] = field(default_factory=dict)


class Listener(Protocol):
    """Is told how a run goes on."""

    def warn(self, text: str) -> None:
        """Hear of something that a person should look at."""

    def planned(self, plan: Plan, done: int) -> None:
        """Hear of the plan, and how many of its records an earlier run has made."""

    def failed(self, failure: Failure) -> None:
        """Hear of an input that can't be used."""

    def progressed(self, records: int) -> None:
        """Hear that so many more records are dealt with."""

    def finishing(self) -> None:
        """Hear that all records are made and the output is being completed."""


class Silence:
    """A listener that does not listen."""

    def warn(self, text: str) -> None:
        """Do nothing."""

    def planned(self, plan: Plan, done: int) -> None:
        """Do nothing."""

    def failed(self, failure: Failure) -> None:
        """Do nothing."""

    def progressed(self, records: int) -> None:
        """Do nothing."""

    def finishing(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a run.

    Parameters
    ----------
    status
        ``done``, ``up to date`` (nothing was to do), or ``planned`` (a dry run).
    out
        The output folder.
    plan
        What was to be done.
    originals, copies
        How many of each are in the output.
    failed
        How many inputs could not be used.
    missing
        How many records of the plan are missing for that.
    digest
        SHA-256 of the manifest; "" for a dry run.
    """

    status: Literal["done", "up to date", "planned"]
    out: Path
    plan: Plan
    originals: int = 0
    copies: int = 0
    failed: int = 0
    missing: int = 0
    digest: str = ""

    @property
    def files(self) -> int:
        """Number of records in the output."""
        return self.originals + self.copies

    @property
    def exit_code(self) -> int:
        """0 when every input was used, 3 when some were skipped."""
        return 3 if self.failed else 0

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON-able values."""
        result: dict[str, Any] = {"status": self.status, "exit_code": self.exit_code}
        if self.status == "planned":
            return {**result, "plan": self.plan.to_json(), "failed": self.failed}
        return {
            **result,
            "out": str(self.out),
            "files": self.files,
            "originals": self.originals,
            "copies": self.copies,
            "failed": self.failed,
            "missing": self.missing,
            "digest": self.digest,
        }
