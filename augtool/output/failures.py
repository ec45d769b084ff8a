"""failures.csv: every input that could not be used, with the reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from augtool.core.records import Failure
from augtool.errors import InputError
from augtool.output.manifest import to_csv

__all__ = ["failures_csv", "read_failures"]


def read_failures(data: bytes) -> list[Failure]:
    """Return what failures.csv lists.

    Raises
    ------
    InputError
        When it is damaged.
    """
    text = io.StringIO(data.decode("utf-8", "surrogateescape"), newline="")
    try:
        header, *rows = csv.reader(text)
        failures = [Failure(*row) for row in rows]
    except (csv.Error, TypeError, ValueError) as error:
        raise InputError(f"failures.csv: is damaged ({error})") from error
    if tuple(header) != Failure._fields:
        raise InputError("failures.csv: is damaged: its columns are not known")
    return failures


def failures_csv(failures: Iterable[Failure]) -> bytes:
    """Return failures.csv, sorted by source."""
    return to_csv([Failure._fields, *sorted(failures)])
