"""What a run says when it is over, its exit code included."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from augtool.errors import ExitCode
from augtool.plan.plan import Plan
from augtool.storage.remote.url import RemoteUrl

__all__ = ["Report"]


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a run.

    Parameters
    ----------
    status
        ``done``, ``up to date`` (nothing was to do), ``shard`` (this share is done, others are
        not), or ``planned`` (a dry run).
    out
        The output folder, or its URL.
    plan
        What was to be done.
    originals, copies
        How many of each are in the output; of a shard, in its share.
    failed
        How many inputs could not be used.
    missing
        How many records of the plan are missing for that.
    digest
        SHA-256 of the manifest; "" for a dry run and a shard.
    shard
        Which share it is of, as ``2/8``; "" for the whole run.
    """

    status: Literal["done", "up to date", "shard", "planned"]
    out: Path | RemoteUrl
    plan: Plan = field(repr=False)
    originals: int = 0
    copies: int = 0
    failed: int = 0
    missing: int = 0
    digest: str = ""
    shard: str = ""

    @property
    def files(self) -> int:
        """Number of records in the output."""
        return self.originals + self.copies

    @property
    def exit_code(self) -> ExitCode:
        """Tell whether every input was used."""
        return ExitCode.SKIPPED_INPUTS if self.failed else ExitCode.DONE

    def to_json(self) -> dict[str, object]:
        """Return the report as JSON-able values."""
        result: dict[str, object] = {"status": self.status, "exit_code": self.exit_code}
        if self.status == "planned":
            return {**result, "plan": self.plan.to_json(), "failed": self.failed}
        return {
            **result,
            **({"shard": self.shard} if self.shard else {}),
            "out": str(self.out),
            "files": self.files,
            "originals": self.originals,
            "copies": self.copies,
            "failed": self.failed,
            "missing": self.missing,
            "digest": self.digest,
        }
