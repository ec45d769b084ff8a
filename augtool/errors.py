"""The errors a person may see. Each knows the exit code that it ends a command with.

A message answers what, where, got and how to fix it, in that order. Anything that is not
an :class:`AugtoolError` is a bug and shows its traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import ClassVar

__all__ = [
    "AugtoolError",
    "ConfigError",
    "EngineError",
    "ExitCode",
    "InputError",
    "OccupiedError",
    "OutputError",
    "RowError",
    "StoppedError",
    "StoreError",
    "ShapeMismatchError",
]


class ExitCode(IntEnum):
    """What a command ends with. A number that is not listed here means failure."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    SKIPPED_INPUTS = 3
    OCCUPIED = 4
    CANNOT_WRITE = 5
    DIFFERENT = 6
    INTERRUPTED = 130
    TERMINATED = 143


class AugtoolError(Exception):
    """Base of every error that augtool raises on purpose."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED


class ConfigError(AugtoolError):
    """A config, a flag or a combination of them makes no sense; carries all problems at once."""

    exit_code = ExitCode.USAGE

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class InputError(AugtoolError):
    """A data set or one of its images can't be used."""

    exit_code = ExitCode.USAGE

    def __init__(self, reason: str, *, stage: str = "read") -> None:
        self.reason = reason
        self.stage = stage
        super().__init__(reason)


class StoppedError(InputError):
    """An input can't be used, and the run was asked to stop at the first one."""

    exit_code = ExitCode.FAILED


class RowError(InputError):
    """A row of a manifest is not one that augtool writes."""

    exit_code = ExitCode.DIFFERENT

    def __init__(self, reason: str, *, stage: str = "row") -> None:
        super().__init__(reason, stage=stage)


class ShapeMismatchError(ConfigError):
    """An image differs from the first one, and one array can't hold both."""


class OutputError(AugtoolError):
    """The output can't be written: disk full, read-only, no permission."""

    exit_code = ExitCode.CANNOT_WRITE


class OccupiedError(OutputError):
    """The output folder is in use by another run, or holds something else."""

    exit_code = ExitCode.OCCUPIED


class StoreError(AugtoolError):
    """An object store can't be used: no credentials, no bucket, no way there; no object's fault."""

    exit_code = ExitCode.USAGE


class EngineError(AugtoolError):
    """The machinery failed: a missing package, or a bug in a worker."""

    exit_code = ExitCode.FAILED
