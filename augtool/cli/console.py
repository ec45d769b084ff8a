"""Writes messages to standard error, and data to standard output.

Names from data are printed with control characters escaped and without markup. If standard error
is closed early (`2>&1 | head`), the run continues silently.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from augtool.core.records import Failure
    from augtool.output.verify import Verdict
    from augtool.plan.plan import Plan
    from augtool.run.report import Report

__all__ = ["Console", "printable"]

_LINE_EVERY_S = 10.0
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Return text with control characters escaped, ``\x1b`` for ESC and so on."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


class Console:
    """Prints messages, and shows the progress of a run.

    Parameters
    ----------
    quiet
        Print only errors.
    verbose
        Also print each failure as it happens, and what was ignored.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self._quiet = quiet
        self._verbose = verbose
        self._bar: Any = None
        self._started_s = self._said_s = time.monotonic()
        self._done = self._total = 0
        self._unit = "file"

    def data(self, value: Mapping[str, Any] | Sequence[Any] | str) -> None:
        """Print data on standard output: text unchanged, anything else as one JSON object."""
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True)
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()

    def say(self, text: str) -> None:
        """Print a message, unless quiet."""
        if not self._quiet:
            self._write(text)

    def error(self, text: str) -> None:
        """Print an error, one line per problem."""
        for line in text.split("\n"):
            self._write(f"error: {line}")

    def warn(self, text: str) -> None:
        """Print a warning."""
        self.say(f"warning: {text}")

    def planned(self, plan: Plan, done: int) -> None:
        """Print the arithmetic of the plan and start the progress bar."""
        self.say(plan.arithmetic())
        if done:
            self.say(f"resuming: {done:,} files are already there")
        if self._verbose and plan.listing.ignored:
            kinds = ", ".join(f"{name} {count:,}" for name, count in plan.listing.ignored.items())
            self.say(f"ignored, not images: {kinds}")
        self.counting(plan.total_records, done)

    def counting(self, total: int, done: int = 0, unit: str = "file") -> None:
        """Start to show progress: how much there is to do, and how much is already done."""
        self._total, self._done, self._unit = total, done, unit
        self._started_s = self._said_s = time.monotonic()
        if not self._quiet and _is_terminal():
            from tqdm import tqdm

            tqdm.monitor_interval = 0  # no thread: workers are forked from this process
            self._bar = tqdm(total=total, initial=done, unit=unit, dynamic_ncols=True)

    def failed(self, failure: Failure) -> None:
        """Print a failure as it happens, if verbose."""
        if self._verbose:
            self._write(f"skipped: {failure.source}: {failure.reason}")

    def progressed(self, records: int) -> None:
        """Show progress: a bar on a terminal, otherwise a line about every ten seconds."""
        self._done += records
        now_s = time.monotonic()
        try:
            if self._bar is not None:
                self._bar.update(records)
            elif now_s - self._said_s >= _LINE_EVERY_S and self._total:
                self._said_s = now_s
                rate = self._done / max(now_s - self._started_s, 1e-9)
                percent = 100 * self._done // self._total
                self.say(
                    f"{self._done:,} of {self._total:,} {self._unit}s"
                    f" ({percent} %, {rate:,.0f} per second)"
                )
        except OSError:  # standard error is closed
            self._bar = None

    def finishing(self) -> None:
        """End the bar."""
        self.close()

    def close(self) -> None:
        """End the bar, if there is one."""
        bar, self._bar = self._bar, None
        if bar is not None:
            try:
                bar.close()
            except OSError:
                bar.disable = True

    def summary(self, report: Report) -> None:
        """Print how a run ended."""
        if report.status == "planned":
            self.say("nothing was written (--dry-run)")
            return
        if report.status == "up to date":
            self.say(f"{report.out}: up to date, {report.files:,} files")
        else:
            self.say(
                f"{report.out}: {report.originals:,} originals + {report.copies:,} copies"
                f" = {report.files:,} files"
            )
        if report.failed:
            self.say(
                f"{report.failed:,} input{'s' * (report.failed > 1)} could not be used,"
                f" so {report.missing:,} files of the plan are missing;"
                f" see {report.out}/failures.csv"
            )

    def verdict(self, verdict: Verdict) -> None:
        """Print the result of a verification."""
        wrong = len(verdict.findings)
        self.say(f"{verdict.files:,} files checked, {wrong:,} differ from the manifest")
        if verdict.replayed:
            counts = ", ".join(f"{count:,} {match}" for match, count in verdict.replayed.items())
            self.say(f"copies remade: {counts}")
        if verdict.here != verdict.made_with:
            self.say(f"made with {verdict.made_with}, checked with {verdict.here}")

    def _write(self, text: str) -> None:
        if self._bar is not None:
            self._bar.clear()
        try:
            sys.stderr.write("\n".join(printable(line) for line in text.split("\n")) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            # Standard error is closed; later messages must not fail either.
            sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        if self._bar is not None:
            self._bar.refresh()


def _is_terminal() -> bool:
    try:
        return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    except ValueError:  # closed
        return False
