"""Checks an output against its manifest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np

from augtool.config.schema import Config
from augtool.core.records import Record
from augtool.core.rng import shuffle_key
from augtool.engines import Died, open_engine
from augtool.engines.progress import NullProgress, Progress
from augtool.errors import InputError, RowError
from augtool.output import manifest
from augtool.output.dataset import MANIFEST, OWN_FILES, FileFacts, describe_files, read_dataset
from augtool.output.manifest import DamagedRow
from augtool.output.pending import STATE, OutputView
from augtool.output.replay import Replayer
from augtool.output.rows import RowRules, foreign
from augtool.output.verdict import Finding, Kind, Verdict
from augtool.output.versions import versions
from augtool.runtime import cpu_count
from augtool.sinks import sink_kind
from augtool.storage.confined import ConfinedFolder, is_confined
from augtool.storage.files import clean_errors, read_regular

__all__ = ["verify"]

_CHUNK = 64


@dataclass(frozen=True, slots=True)
class _Check:
    """One row to check; `original` stands by where the record is to be made again."""

    row: Record | DamagedRow
    original: Record | None = None
    is_replayed: bool = False


@dataclass(slots=True)
class _Checker:
    """Checks records, in any process."""

    out: Path
    data: str | None
    _rules: RowRules | None = None
    _replayer: Replayer | None = None
    _seen: OutputView | None = None

    def _view(self) -> OutputView:
        if self._seen is None:
            self._seen = OutputView(ConfinedFolder(self.out))
        return self._seen

    def __call__(self, checks: Sequence[_Check]) -> tuple[list[Finding], list[str]]:
        outcomes = [self._check(check) for check in checks]
        findings = [finding for finding, _ in outcomes if finding is not None]
        return findings, [match for _, match in outcomes if match is not None]

    def _check(self, check: _Check) -> tuple[Finding | None, str | None]:
        """Return what is wrong with one row or its file, and how it compares if made again."""
        if self._rules is None:
            dataset = read_dataset(self.out, self._view().dataset)
            self._rules = RowRules(dataset, dataset.config())
        row, path = check.row, check.row.path
        bad = _bad_row(row, self._rules)
        if bad is not None or isinstance(row, DamagedRow):
            return bad, None
        if not is_confined(path):
            return Finding(path, "changed", "leads out of the output"), None
        place = f"{self.out}/{self._view().record(path)}"
        if not os.path.lexists(place):
            return Finding(path, "missing"), None
        try:
            data = read_regular(place)
        except InputError as error:
            return Finding(path, "changed", error.reason), None
        if hashlib.sha256(data).hexdigest() != row.sha256:
            return Finding(path, "changed"), None
        return self._replay(row, check.original, data) if check.is_replayed else (None, None)

    def _replay(
        self, record: Record, original: Record | None, data: bytes
    ) -> tuple[Finding | None, str | None]:
        if self._replayer is None:
            self._replayer = Replayer(self.out, self.data)
        path = record.path
        try:
            match = self._replayer.compare(record, original, data)
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


def _bad_row(row: Record | DamagedRow, rules: RowRules) -> Finding | None:
    """Return the finding of a row that augtool does not write."""
    if isinstance(row, DamagedRow):
        return Finding(row.path or MANIFEST, "bad row", foreign(f"line {row.line}: {row.reason}"))
    problem = rules.problem(row)
    return None if problem is None else Finding(row.path, "bad row", problem)


def verify(
    out: str | Path,
    *,
    replay: int | Literal["all"] = 0,
    data: str | Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Check every file of an output against the manifest.

    Parameters
    ----------
    out
        A finished output.
    replay
        How many copies to make again and compare, spread over the output; or ``all``.
    data
        The data set it was made from, for `replay`; None to take originals from the output.
    workers
        Number of processes; None for the CPUs that this process may use.
    progress
        Is told how it goes on.

    Raises
    ------
    InputError
        When `out` is no finished output.
    """
    out = Path(out)
    view = OutputView(ConfinedFolder(out))
    dataset = read_dataset(out, view.dataset)
    config, progress = dataset.config(), progress or NullProgress()
    is_tree = sink_kind(config.output.to).one_file_per_record
    if replay and not is_tree:
        raise InputError(f"{out}: --replay takes outputs of --to tree; leave it out to check files")
    if replay and data is None:
        _require_originals(out, config)
    verdict = Verdict(made_with=dataset.versions, here=versions())
    progress.start(dataset.written.records)
    table = out / view.manifest
    with clean_errors(table), view.folder.open(view.manifest) as file:
        digest = manifest.digest_of(file)
    if digest != dataset.digest:
        verdict.findings.append(Finding(MANIFEST, "changed"))
    verdict.findings += _check_shared(view, dataset.files)
    checks: Iterator[_Check] = iter(())
    if is_tree:
        checks = _checks(table, replay)
    else:
        verdict.findings += _check_rows(verdict, table, RowRules(dataset, config))
    engine = open_engine("processes", workers or cpu_count())
    checker = _Checker(out, None if data is None else os.fspath(data))
    for outcome in engine.run(checker, iter(lambda: list(islice(checks, _CHUNK)), [])):
        if isinstance(outcome, Died):
            kind: Kind = "not replayed" if outcome.item.is_replayed else "changed"
            verdict.findings.append(Finding(outcome.item.row.path, kind, outcome.reason))
            continue
        findings, matches = outcome.value
        verdict.findings += findings
        for match in matches:
            verdict.replayed[match] = verdict.replayed.get(match, 0) + 1
        verdict.files += len(outcome.items)
        progress.advance(len(outcome.items))
    progress.finish()
    listed = {row.path for row in manifest.read_rows(table)} if is_tree else set()
    verdict.findings += _extra(out, {*listed, *dataset.files, *view.leaving()})
    verdict.findings.sort(key=lambda finding: (finding.path, finding.kind))
    return verdict


def _check_rows(verdict: Verdict, table: Path, rules: RowRules) -> Iterator[Finding]:
    """Yield the bad rows of an output without a file for each record, and count its rows."""
    for row in manifest.read_rows(table):
        verdict.files += 1
        bad = _bad_row(row, rules)
        if bad is not None:
            yield bad


def _require_originals(out: Path, config: Config) -> None:
    """Refuse to replay from originals that the output does not hold as they were."""
    output = config.output
    changes = [name for name in ("resize", "flatten", "depth") if getattr(output, name)]
    changes += [f"format {output.format}"] if output.format != "keep" else []
    changes += ["originals omit"] if output.originals == "omit" else []
    if changes:
        raise InputError(
            f"{out}: does not hold its originals as they were ({', '.join(changes)});"
            " pass --data with the data set it was made from"
        )


def _checks(table: Path, replay: int | Literal["all"]) -> Iterator[_Check]:
    """Yield a check for each row; those to be made again have their original with them."""
    highest = _rank_limit(table, replay)
    original: Record | None = None
    for record in manifest.read_rows(table):
        if isinstance(record, DamagedRow):
            yield _Check(record)
            continue
        if record.copy is None:
            original = record
        same = original if original is not None and original.source == record.source else None
        is_replayed = record.copy is not None and _rank(record) <= highest
        yield _Check(record, same if is_replayed else None, is_replayed)


def _rank(record: Record) -> int:
    return shuffle_key(0, "verify", record.path)


def _rank_limit(table: Path, replay: int | Literal["all"]) -> int:
    """Return the highest rank of the copies to be made again; -1 for none."""
    if replay == "all":
        return 2**64
    if replay <= 0:
        return -1
    rows = manifest.read_rows(table)
    copies = (_rank(row) for row in rows if isinstance(row, Record) and row.copy is not None)
    ranks = np.sort(np.fromiter(copies, np.uint64))
    return int(ranks[min(replay, len(ranks)) - 1]) if len(ranks) else -1


def _check_shared(view: OutputView, files: dict[str, FileFacts]) -> Iterator[Finding]:
    """Yield what is wrong with the shards and arrays that dataset.json lists."""
    for name, facts in files.items():
        if not is_confined(name):
            yield Finding(name, "changed", "leads out of the output")
            continue
        place = view.record(name)
        if not (view.folder.root / place).is_file():
            yield Finding(name, "missing")
        elif describe_files(view.folder.root, [place])[place] != facts:
            yield Finding(name, "changed")


def _extra(out: Path, listed: set[str]) -> Iterator[Finding]:
    """Yield the files that are not listed."""
    for parent, folders, names in os.walk(out):
        if parent == os.fspath(out) and STATE in folders:
            folders.remove(STATE)  # a run that is not finished
        for name in names:
            path = os.path.relpath(os.path.join(parent, name), out)  # noqa: PTH118
            if path not in listed and path not in OWN_FILES:
                yield Finding(path, "extra")
