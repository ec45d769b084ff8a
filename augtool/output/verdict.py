"""What verifying an output found, and the exit code that it ends with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from augtool.errors import ExitCode
from augtool.output.made_with import MadeWith

__all__ = ["Finding", "Kind", "Verdict"]

#: What can be wrong with a record, or with the output.
Kind = Literal[
    "missing", "changed", "extra", "bad row", "source changed", "not replayed", "different"
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as the manifest says."""

    path: str
    kind: Kind
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.kind}{f' ({self.detail})' if self.detail else ''}"


@dataclass(slots=True)
class Verdict:
    """What verifying found.

    Parameters
    ----------
    files
        Number of records checked.
    findings
        What is wrong, sorted by path.
    replayed
        How the copies that were made again compare, by :data:`augtool.output.replay.Match`.
    made_with, here
        What made the output, and what checked it.
    """

    files: int = 0
    findings: list[Finding] = field(default_factory=list)
    replayed: dict[str, int] = field(default_factory=dict)
    made_with: MadeWith = field(default_factory=lambda: MadeWith({}, {}))
    here: MadeWith = field(default_factory=lambda: MadeWith({}, {}))

    @property
    def exit_code(self) -> ExitCode:
        """Tell whether everything is as the manifest says."""
        return ExitCode.DIFFERENT if self.findings else ExitCode.DONE

    def to_json(self) -> dict[str, object]:
        """Return the verdict as JSON-able values."""
        return {
            "exit_code": self.exit_code,
            "files": self.files,
            "findings": [
                {"path": each.path, "kind": each.kind, "detail": each.detail}
                for each in self.findings
            ],
            "replayed": self.replayed,
            "made_with": self.made_with.to_json(),
            "here": self.here.to_json(),
        }
