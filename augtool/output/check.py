"""Checks one record of an output at a time: its row, its file, and the file made again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from augtool.core.records import Record
from augtool.errors import InputError, RowError
from augtool.output.dataset import read_dataset
from augtool.output.manifest import DamagedRow
from augtool.output.pending import OutputView
from augtool.output.replay import Replayer
from augtool.output.rows import RowRules, foreign
from augtool.output.verdict import Finding, Kind
from augtool.sinks import RecordReader
from augtool.storage.confined import ConfinedFolder
from augtool.storage.confined_path import is_confined
from augtool.storage.files import read_regular

__all__ = ["Checker", "RecordCheck", "bad_row"]


@dataclass(frozen=True, slots=True)
class RecordCheck:
    """One row to check; `original` stands by where the record is to be made again."""

    row: Record | DamagedRow
    original: Record | None = None
    is_replayed: bool = False


@dataclass(slots=True)
class Checker:
    """Checks records, in any process."""

    out: Path
    data: str | None
    max_pixels: int | None = None
    allow_code: bool = False
    _rules: RowRules | None = None
    _replayer: Replayer | None = None
    _seen: OutputView | None = None

    def _view(self) -> OutputView:
        if self._seen is None:
            self._seen = OutputView(ConfinedFolder(self.out))
        return self._seen

    def __call__(self, checks: Sequence[RecordCheck]) -> tuple[list[Finding], list[str]]:
        """Return what is wrong, and how the copies that were made again compare."""
        outcomes = [self._check(check) for check in checks]
        findings = [finding for finding, _ in outcomes if finding is not None]
        return findings, [match for _, match in outcomes if match is not None]

    def _check(self, check: RecordCheck) -> tuple[Finding | None, str | None]:
        """Return what is wrong with one row or its file, and how it compares if made again."""
        if self._rules is None:
            dataset = read_dataset(self.out, self._view().dataset)
            self._rules = RowRules(dataset, dataset.config(allow_code=self.allow_code))
        row, path = check.row, check.row.path
        bad = bad_row(row, self._rules)
        if bad is not None or isinstance(row, DamagedRow):
            return bad, None
        if not (self._rules.is_tree or check.is_replayed):
            return None, None  # what holds it is hashed as a whole
        read: RecordReader = self._read_file if self._rules.is_tree else self._remaker().stored
        try:
            data = read(path)
        except FileNotFoundError:
            return Finding(path, "missing"), None
        except InputError as error:
            return Finding(path, "changed", error.reason.removeprefix(f"{path}: ")), None
        assert isinstance(data, bytes)  # what arrays hold is not made again
        if hashlib.sha256(data).hexdigest() != row.sha256:
            return Finding(path, "changed"), None
        if not check.is_replayed:
            return None, None
        return self._replay(row, check.original, data)

    def _read_file(self, path: str) -> bytes:
        """Return the bytes of a file; a FileNotFoundError says that there is none."""
        if not is_confined(path):
            raise InputError("leads out of the output")
        folder, place = self._view().folder, self._view().record(path)
        if not os.path.lexists(f"{self.out}/{place}"):
            raise FileNotFoundError(path)
        return read_regular(os.fspath(folder.link_end(place, path) or folder.path_of(place)))

    def _remaker(self) -> Replayer:
        if self._replayer is None:
            self._replayer = Replayer(
                self.out, self.data, self.max_pixels, allow_code=self.allow_code
            )
        return self._replayer

    def _replay(
        self, record: Record, original: Record | None, data: bytes
    ) -> tuple[Finding | None, str | None]:
        path = record.path
        try:
            match = self._remaker().compare(record, original, data)
        except RowError as error:
            return Finding(path, "bad row", error.reason), None
        except InputError as error:
            if error.stage == "absent":  # nothing is known to be wrong
                return None, "without their source (pass --data)"
            kind: Kind = "source changed" if error.stage == "source" else "not replayed"
            return Finding(path, kind, f"{record.source}: {error.reason}"), None
        if match == "different":
            return Finding(path, "different", "made again it has other pixels"), match
        return None, match


def bad_row(row: Record | DamagedRow, rules: RowRules) -> Finding | None:
    """Return the finding of a row that augtool does not write."""
    if isinstance(row, DamagedRow):
        if row.is_part:
            return Finding(row.path, "changed", row.reason)
        return Finding(row.path, "bad row", foreign(f"{row.where}: {row.reason}"))
    problem = rules.problem(row)
    return None if problem is None else Finding(row.path, "bad row", problem)
