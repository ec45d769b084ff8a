"""Checks an output against its manifest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np

from augtool.config.schema import Config
from augtool.core.records import Record
from augtool.core.rng import shuffle_key
from augtool.engines import Died, open_engine
from augtool.engines.progress import NullProgress, Progress
from augtool.errors import ExitCode, InputError
from augtool.output import manifest
from augtool.output.dataset import MANIFEST, OWN_FILES, FileFacts, describe_files, read_dataset
from augtool.output.replay import Replayer
from augtool.output.versions import versions
from augtool.runtime import cpu_count
from augtool.sinks import SINKS
from augtool.storage.files import read_regular

__all__ = ["Finding", "Verdict", "verify"]

#: What can be wrong with a record, or with the output.
Kind = Literal["missing", "changed", "extra", "source changed", "not replayed", "different"]
_CHUNK = 64


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
        Versions that made the output, and versions that checked it.
    """

    files: int = 0
    findings: list[Finding] = field(default_factory=list)
    replayed: dict[str, int] = field(default_factory=dict)
    made_with: dict[str, str] = field(default_factory=dict)
    here: dict[str, str] = field(default_factory=dict)

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
            "made_with": self.made_with,
            "here": self.here,
        }


@dataclass(frozen=True, slots=True)
class _Check:
    """One record to check; `original` stands by where the record is to be made again."""

    record: Record
    original: Record | None
    is_replayed: bool


@dataclass(slots=True)
class _Checker:
    """Checks records, in any process."""

    out: Path
    data: str | None
    _replayer: Replayer | None = None

    def __call__(self, checks: Sequence[_Check]) -> tuple[list[Finding], list[str]]:
        findings: list[Finding] = []
        matches: list[str] = []
        for check in checks:
            path = check.record.path
            if not os.path.lexists(self.out / path):
                findings.append(Finding(path, "missing"))
                continue
            try:
                data = read_regular(f"{self.out}/{path}")
            except InputError as error:
                findings.append(Finding(path, "changed", error.reason))
                continue
            if hashlib.sha256(data).hexdigest() != check.record.sha256:
                findings.append(Finding(path, "changed"))
            elif check.is_replayed:
                self._replay(check, data, findings, matches)
        return findings, matches

    def _replay(
        self, check: _Check, data: bytes, findings: list[Finding], matches: list[str]
    ) -> None:
        if self._replayer is None:
            self._replayer = Replayer(self.out, self.data)
        path = check.record.path
        try:
            match = self._replayer.compare(check.record, check.original, data)
        except InputError as error:
            if error.stage == "absent":  # nothing is known to be wrong
                matches.append("without their source (pass --data)")
                return
            kind: Kind = "source changed" if error.stage == "source" else "not replayed"
            findings.append(Finding(path, kind, f"{check.record.source}: {error.reason}"))
            return
        matches.append(match)
        if match == "different":
            findings.append(Finding(path, "different", "made again it has other pixels"))


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
    dataset = read_dataset(out)
    config, progress = dataset.config(), progress or NullProgress()
    is_tree = SINKS[config.output.to].one_file_per_record
    if replay and not is_tree:
        raise InputError(f"{out}: --replay takes outputs of --to tree; leave it out to check files")
    if replay and data is None:
        _require_originals(out, config)
    verdict = Verdict(made_with=dataset.versions, here=versions())
    progress.start(dataset.written.records)
    table = out / MANIFEST
    if manifest.digest_of(table) != dataset.digest:
        verdict.findings.append(Finding(MANIFEST, "changed"))
    verdict.findings += _check_shared(out, dataset.files)
    checks: Iterator[_Check] = iter(())
    if is_tree:
        checks = _checks(table, replay)
    else:
        verdict.files = sum(1 for _ in manifest.read(table))
    engine = open_engine("processes", workers or cpu_count())
    checker = _Checker(out, None if data is None else os.fspath(data))
    for outcome in engine.run(checker, iter(lambda: list(islice(checks, _CHUNK)), [])):
        if isinstance(outcome, Died):
            kind: Kind = "not replayed" if outcome.item.is_replayed else "changed"
            verdict.findings.append(Finding(outcome.item.record.path, kind, outcome.reason))
            continue
        findings, matches = outcome.value
        verdict.findings += findings
        for match in matches:
            verdict.replayed[match] = verdict.replayed.get(match, 0) + 1
        verdict.files += len(outcome.items)
        progress.advance(len(outcome.items))
    progress.finish()
    listed = {record.path for record in manifest.read(table)} if is_tree else set()
    verdict.findings += _extra(out, {*listed, *dataset.files})
    verdict.findings.sort(key=lambda finding: (finding.path, finding.kind))
    return verdict


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
    """Yield a check for each record; those to be made again have their original with them."""
    highest = _rank_limit(table, replay)
    original: Record | None = None
    for record in manifest.read(table):
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
    copies = (record for record in manifest.read(table) if record.copy is not None)
    ranks = np.sort(np.fromiter((_rank(record) for record in copies), np.uint64))
    return int(ranks[min(replay, len(ranks)) - 1]) if len(ranks) else -1


def _check_shared(out: Path, files: dict[str, FileFacts]) -> Iterator[Finding]:
    """Yield what is wrong with the shards and arrays that dataset.json lists."""
    for name, facts in files.items():
        if not (out / name).is_file():
            yield Finding(name, "missing")
            continue
        if describe_files(out, [name])[name] != facts:
            yield Finding(name, "changed")


def _extra(out: Path, listed: set[str]) -> Iterator[Finding]:
    """Yield the files that are not listed."""
    for parent, _, names in os.walk(out):
        for name in names:
            path = os.path.relpath(os.path.join(parent, name), out)  # noqa: PTH118
            if path not in listed and path not in OWN_FILES:
                yield Finding(path, "extra")
