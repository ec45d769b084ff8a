"""Who is told how long work goes on, and what a person should know meanwhile."""

from __future__ import annotations

from typing import Protocol

__all__ = ["NullProgress", "Progress"]


class Progress(Protocol):
    """Is told how a piece of work goes on."""

    def message(self, text: str) -> None:
        """Take something to say."""

    def detail(self, text: str) -> None:
        """Take something to say to those who want to know it all."""

    def warning(self, text: str) -> None:
        """Take something that a person should look at."""

    def start(self, total: int, done: int = 0, unit: str = "file") -> None:
        """Begin to count: how much there is to do, and how much of it is done already."""

    def advance(self, count: int) -> None:
        """Count so much more as done."""

    def finish(self) -> None:
        """End the count."""


class NullProgress:
    """Takes everything and says nothing."""

    def message(self, text: str) -> None:
        """Do nothing."""

    def detail(self, text: str) -> None:
        """Do nothing."""

    def warning(self, text: str) -> None:
        """Do nothing."""

    def start(self, total: int, done: int = 0, unit: str = "file") -> None:
        """Do nothing."""

    def advance(self, count: int) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""
