"""Checks an output against its manifest."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Literal

import numpy as np

from augtool.config.schema import Config
from augtool.core.hashed_texts import HashedTexts
from augtool.core.records import Record
from augtool.core.rng import shuffle_key
from augtool.engines import Died, open_engine
from augtool.engines.progress import NullProgress, Progress
from augtool.errors import InputError, OccupiedError
from augtool.output import manifest
from augtool.output.check import Checker, RecordCheck
from augtool.output.dataset import (
    DATASET,
    OWN_FILES,
    FileFacts,
    read_dataset,
)
from augtool.output.fetched import on_disk
from augtool.output.made_with import MadeWith
from augtool.output.manifest import DamagedRow
from augtool.output.manifest_columns import REPAIR
from augtool.output.pending import STATE, OutputView
from augtool.output.verdict import Finding, Kind, Verdict
from augtool.runtime import DEFAULT_LIMITS, Limits
from augtool.sinks import sink_kind
from augtool.storage.confined import ConfinedFolder
from augtool.storage.confined_path import is_confined
from augtool.storage.files import clean_errors
from augtool.storage.json_fields import is_sealed
from augtool.storage.which_manifest import MANIFESTS

__all__ = ["verify"]

_CHUNK = 64
ReadRows = Callable[[], "Iterator[Record | DamagedRow]"]


def verify(
    out: str | Path,
    *,
    replay: int | Literal["all"] = 0,
    data: str | Path | None = None,
    limits: Limits = DEFAULT_LIMITS,
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
    limits
        What it may take. Without `max_pixels`, the limit of the run counts for `replay`, or the
        default if that is less.
    progress
        Is told how it goes on.

    Raises
    ------
    InputError
        When `out`, a folder or a URL, is no finished output.
    """
    with on_disk(out) as folder:
        return _verify(folder, replay, data, limits, progress or NullProgress())


def _verify(
    out: Path,
    replay: int | Literal["all"],
    data: str | Path | None,
    limits: Limits,
    progress: Progress,
) -> Verdict:
    view = OutputView(ConfinedFolder(out))
    dataset = read_dataset(out, view.dataset)
    config = dataset.config(allow_code=limits.allow_code)
    kind = sink_kind(config.output.to)
    if replay and kind.stores_pixels:
        raise InputError(
            f"{out}: --replay remakes image files, and --to {kind.name} stores pixels; leave it out"
            " to check the arrays as a whole, or expand again elsewhere and compare the manifests"
        )
    if replay and data is None:
        _require_originals(out, config)
    # Of a shard's records only the rows are looked at: workers would take longer to start.
    near = not replay and not kind.one_file_per_record
    name = "serial" if near else "processes"
    engine = open_engine(name, limits.processes, timeout_s=limits.timeout_s)
    here = MadeWith.here(config, dataset.made_with.machine)
    verdict = Verdict(made_with=dataset.made_with, here=here)
    progress.start(dataset.written.records)
    table = out / view.manifest
    with clean_errors(table), view.folder.open(view.manifest) as file:
        digest = manifest.digest_of(file)
    if digest != dataset.digest:
        verdict.findings.append(Finding(view.manifest_name, "changed"))
    if not is_sealed(view.folder.read(view.dataset)):
        verdict.findings.append(Finding(DATASET, "changed"))
    verdict.findings += _check_shared(view, dataset.files)
    found = {finding.path for finding in verdict.findings}
    rows = partial(manifest.read_rows, table, view.placed.open)
    checks = _checks(rows, replay)
    folder = None if data is None else os.fspath(data)
    checker = Checker(out, folder, limits.max_pixels, limits.allow_code)
    for outcome in engine.run(checker, iter(lambda: list(islice(checks, _CHUNK)), [])):
        if isinstance(outcome, Died):
            what: Kind = "not replayed" if outcome.item.is_replayed else "changed"
            verdict.findings.append(Finding(outcome.item.row.path, what, outcome.reason))
            continue
        findings, matches = outcome.value
        verdict.findings += [each for each in findings if each.path not in found]
        for match in matches:
            verdict.replayed[match] = verdict.replayed.get(match, 0) + 1
        verdict.files += len(outcome.items)
        progress.advance(len(outcome.items))
    progress.finish()
    own = {view.manifest_name, *OWN_FILES}.difference({*MANIFESTS} - {view.manifest_name})
    listed = _paths(rows()) if kind.one_file_per_record else iter(())
    with contextlib.suppress(_LostError):
        known = HashedTexts(chain(listed, dataset.files, view.leaving(), own))
        verdict.findings += _extra(out, known)
    verdict.findings.sort(key=lambda finding: (finding.path, finding.kind))
    return verdict


class _LostError(Exception):
    """Nobody knows what all rows list, because a part of them is lost."""


def _paths(rows: Iterator[Record | DamagedRow]) -> Iterator[str]:
    for row in rows:
        if isinstance(row, DamagedRow) and row.is_part:
            raise _LostError
        yield row.path


def _require_originals(out: Path, config: Config) -> None:
    """Refuse to replay from originals that the output does not hold as they were."""
    output = config.output
    changes = output.rewriting
    changes += [f"format {output.format}"] if output.format != "keep" else []
    changes += ["originals omit"] if output.originals == "omit" else []
    if changes:
        raise InputError(
            f"{out}: does not hold its originals as they were ({', '.join(changes)});"
            " pass --data with the data set it was made from"
        )


def _checks(rows: ReadRows, replay: int | Literal["all"]) -> Iterator[RecordCheck]:
    """Yield a check for each row; those to be made again have their original with them."""
    highest = _rank_limit(rows, replay)
    original: Record | None = None
    for record in rows():
        if isinstance(record, DamagedRow):
            yield RecordCheck(record)
            continue
        if record.copy is None:
            original = record
        same = original if original is not None and original.source == record.source else None
        is_replayed = record.copy is not None and _rank(record) <= highest
        yield RecordCheck(record, same if is_replayed else None, is_replayed)


def _rank(record: Record) -> int:
    return shuffle_key(0, "verify", record.path)


def _rank_limit(rows: ReadRows, replay: int | Literal["all"]) -> int:
    """Return the highest rank of the copies to be made again; -1 for none."""
    if replay == "all":
        return 2**64
    if replay <= 0:
        return -1
    copies = (_rank(row) for row in rows() if isinstance(row, Record) and row.copy is not None)
    ranks = np.sort(np.fromiter(copies, np.uint64))
    return int(ranks[min(replay, len(ranks)) - 1]) if len(ranks) else -1


def _check_shared(view: OutputView, files: dict[str, FileFacts]) -> Iterator[Finding]:
    """Yield what is wrong with the shards and arrays that dataset.json lists."""
    for name, facts in files.items():
        if not is_confined(name):
            yield Finding(name, "changed", "leads out of the output")
            continue
        try:
            with view.folder.open(view.record(name)) as file:
                there = FileFacts(os.fstat(file.fileno()).st_size, manifest.digest_of(file))
        except FileNotFoundError:
            yield Finding(name, "missing")
        except OccupiedError:
            yield Finding(name, "changed", f"is not a regular file; {REPAIR}")
        else:
            if there != facts:
                yield Finding(name, "changed")


def _extra(out: Path, listed: HashedTexts) -> Iterator[Finding]:
    """Yield the files that are not listed."""
    for parent, folders, names in os.walk(out):
        if parent == os.fspath(out) and STATE in folders:
            folders.remove(STATE)  # a run that is not finished
        for name in names:
            path = os.path.relpath(os.path.join(parent, name), out)  # noqa: PTH118
            if path not in listed:
                yield Finding(path, "extra")
