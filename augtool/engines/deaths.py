"""What the death of a worker says about its items: whether one is to blame, or which to retry.

A worker can die of the item it works on, or be killed from outside: by the kernel, when memory runs
out, or by a person.  So an item is blamed only for what it does alone in a worker, and never for a
single death: even a time limit passes for a sound one, when the whole run is stopped for a while.
Pure rules: they start, signal and wait for nothing.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic

from augtool.engines.engine import Item

__all__ = ["MOST_LONE_DEATHS", "OUT_OF_MEMORY", "Cause", "Death", "Work"]

#: The exit code of a worker in which Python ran out of memory.
OUT_OF_MEMORY = 77
#: Signals that a process gets for what it does itself.
_CRASHES = {"SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGSYS", "SIGTRAP"}
_MORE_TIME = "if the image is sound, pass a longer --timeout"
_LESS_MEMORY = "use fewer --workers or a smaller image"


class Cause(Enum):
    """What ended a worker."""

    CRASH = "crash"
    TIMEOUT = "time-out"
    OUTSIDE = "outside"


#: How many workers an item may end while it is alone; then it is blamed. Somebody who kills workers
#: hits the same item a few times in a row by chance, so it takes many of those.
MOST_LONE_DEATHS = {Cause.CRASH: 2, Cause.TIMEOUT: 2, Cause.OUTSIDE: 16}


@dataclass(frozen=True, slots=True)
class Death:
    """The end of a worker.

    Parameters
    ----------
    exit_code
        As multiprocessing has it: below 0 for a signal.
    timeout_s
        The time limit of an item; 0 for none. SIGALRM ends what takes longer.
    """

    exit_code: int
    timeout_s: float = 0.0

    @property
    def cause(self) -> Cause:
        """Tell a crash from a kill: exit codes and signals such as SIGSEGV are the worker's own."""
        if self.name == "SIGALRM" and self.timeout_s:
            return Cause.TIMEOUT
        is_crash = self.exit_code >= 0 or self.name in _CRASHES
        return Cause.CRASH if is_crash else Cause.OUTSIDE

    @property
    def name(self) -> str:
        """Name the signal, or the exit code."""
        if self.exit_code >= 0:
            return f"exit code {self.exit_code}"
        with contextlib.suppress(ValueError):
            return signal.Signals(-self.exit_code).name
        return f"signal {-self.exit_code}"

    @property
    def reason(self) -> str:
        """Say what an item did that ends its workers so."""
        if self.cause is Cause.TIMEOUT:
            return f"took longer than {self.timeout_s:g} s; {_MORE_TIME}"
        if self.exit_code == OUT_OF_MEMORY:
            return f"ran out of memory; {_LESS_MEMORY}"
        if self.exit_code >= 0:
            return f"ended its worker ({self.name})"
        hint = f": likely out of memory; {_LESS_MEMORY}" if self.name == "SIGKILL" else ""
        return f"killed its worker ({self.name}){hint}"


@dataclass(frozen=True, slots=True)
class Work(Generic[Item]):
    """Items for a worker; `lone_deaths` counts the workers that a single item has ended so far."""

    items: Sequence[Item]
    lone_deaths: Mapping[Cause, int] = field(default_factory=dict)

    def retries(self, cause: Cause) -> list[Work[Item]]:
        """Return what to try again after a death, each item alone; nothing if the item is to blame.

        The death of a chunk of several says nothing about any one of them. Only a time-out counts
        there too: one that is to blame has kept a worker for long enough.
        """
        if len(self.items) > 1:
            so_far: dict[Cause, int] = {cause: 1} if cause is Cause.TIMEOUT else {}
            return [Work([item], so_far) for item in self.items]
        deaths = self.lone_deaths.get(cause, 0) + 1
        if deaths >= MOST_LONE_DEATHS[cause]:
            return []
        return [Work(self.items, {**self.lone_deaths, cause: deaths})]
