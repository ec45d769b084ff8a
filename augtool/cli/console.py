"""Writes messages to standard error, and data to standard output.

A message is one line, whatever names it holds: line breaks, control characters and bidirectional
marks are escaped, and there is no markup. Nothing here can fail: what a stream does not take is
handled by `augtool.cli.streams`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from augtool.core.counted import counted
from augtool.core.printable import printable

if TYPE_CHECKING:
    from augtool.errors import ExitCode
    from augtool.output.verdict import Verdict
    from augtool.run.report import Report

__all__ = ["Console"]

_LINE_EVERY_S = 10.0


class Console:
    """Speaks to a person; the progress of every command goes here.

    Parameters
    ----------
    quiet
        Print only errors.
    verbose
        Also print each failure as it happens, and what was ignored.
    json
        Standard output gets one JSON object, also from a command that fails.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False, json: bool = False) -> None:
        self._quiet = quiet
        self._verbose = verbose
        self._owes_json = json
        self._errors: list[str] = []
        self._bar: Any = None
        self._started_s = self._said_s = time.monotonic()
        self._done = self._total = 0
        self._unit = "file"

    def data(self, value: Mapping[str, object] | str) -> None:
        """Print data on standard output: text as it is, anything else as one JSON object.

        Text comes with names that are already printable.
        """
        self._owes_json = False
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True)
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()

    def message(self, text: str) -> None:
        """Print a message, unless quiet."""
        if not self._quiet:
            self._write(text)

    def detail(self, text: str) -> None:
        """Print a message, if verbose."""
        if self._verbose:
            self._write(text)

    def warning(self, text: str) -> None:
        """Print a warning."""
        self.message(f"warning: {text}")

    def error(self, text: str) -> None:
        """Print an error, or one of its problems."""
        self._errors.append(text)
        self._write(f"error: {text}")

    def interrupted(self) -> None:
        """Print that the command was stopped, and how to go on."""
        text = "interrupted; run the same command again to go on"
        self._errors.append(text)
        self.message(text)

    def failed(self, code: ExitCode) -> None:
        """Print the errors as data, for a command that should print an object and won't now."""
        if self._owes_json:
            self.data({"status": "failed", "exit_code": int(code), "errors": self._errors})

    def trace(self, text: str) -> None:
        """Print the lines of a traceback, indented, so that none looks like a message."""
        for line in text.split("\n"):
            self._write(f"  {line}")

    def start(self, total: int, done: int = 0, unit: str = "file") -> None:
        """Start to show progress: how much there is to do, and how much is already done."""
        self._total, self._done, self._unit = total, done, unit
        self._started_s = self._said_s = time.monotonic()
        if not self._quiet and _is_terminal():
            from tqdm import tqdm  # only where it is seen

            tqdm.monitor_interval = 0  # no thread: workers are forked from this process
            self._bar = tqdm(total=total, initial=done, unit=unit, dynamic_ncols=True)

    def advance(self, count: int) -> None:
        """Show progress: a bar on a terminal, otherwise a line about every ten seconds."""
        self._done += count
        now_s = time.monotonic()
        if self._bar is not None:
            self._bar.update(count)
        elif now_s - self._said_s >= _LINE_EVERY_S and self._total:
            self._said_s = now_s
            rate = self._done / max(now_s - self._started_s, 1e-9)
            percent = 100 * self._done // self._total
            self.message(
                f"{self._done:,} of {counted(self._total, self._unit)}"
                f" ({percent} %, {rate:,.0f} per second)"
            )

    def finish(self) -> None:
        """End the bar, if there is one."""
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.close()

    def summary(self, report: Report) -> None:
        """Print how a run ended."""
        if report.status == "planned":
            self.message("nothing was written (--dry-run)")
            return
        if report.status == "shard":
            self.message(
                f"{report.out}: shard {report.shard} done, {counted(report.files, 'file')}"
            )
        elif report.status == "up to date":
            self.message(f"{report.out}: up to date, {counted(report.files, 'file')}")
        else:
            self.message(
                f"{report.out}: {counted(report.originals, 'original')}"
                f" + {counted(report.copies, 'copy', 'copies')} = {counted(report.files, 'file')}"
            )
        if report.failed:
            self.message(
                f"{counted(report.failed, 'input')} could not be used,"
                f" so {counted(report.missing, 'file')} of the plan"
                f" {'is' if report.missing == 1 else 'are'} missing;"
                f" see {report.out}/failures.csv"
                f"{' when all shards are done' if report.status == 'shard' else ''}"
            )

    def verdict(self, verdict: Verdict) -> None:
        """Print the result of a verification."""
        differences = counted(len(verdict.findings), "difference")
        self.message(f"{counted(verdict.files, 'file')} checked, {differences} from the manifest")
        if verdict.replayed:
            counts = ", ".join(f"{count:,} {match}" for match, count in verdict.replayed.items())
            self.message(f"copies remade: {counts}")
        if differences := verdict.made_with.differences(verdict.here):
            self.message(f"made elsewhere ({differences}), so copies remade here may differ")

    def _write(self, text: str) -> None:
        if self._bar is not None:
            self._bar.clear()
        sys.stderr.write(printable(text) + "\n")
        sys.stderr.flush()
        if self._bar is not None:
            self._bar.refresh()


def _is_terminal() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
