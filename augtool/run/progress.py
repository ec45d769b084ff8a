"""Who is told how a run goes on."""

from __future__ import annotations

from typing import Protocol

from augtool.core.records import Failure
from augtool.plan.plan import Plan

__all__ = ["Listener", "NullListener"]


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


class NullListener:
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
