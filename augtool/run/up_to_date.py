"""Tells whether an output is whole, and was made from the sources as they are now.

A source that was not touched since the run began is taken to be unchanged; others are hashed.
The manifest's modification time says when that was, by the clock of whoever keeps OUT. Stamps that
could be compared as equal are kept of remote sources alone: those of files are other ones in every
copy of a data set, and an output is the same for all.
Files are taken to be what was made when they are all there with the size that they had together; an
update hashes each.  That makes a second run of a finished command cheap.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Set
from pathlib import Path

from augtool.core.records import Record, Sample
from augtool.core.texts import numbers
from augtool.errors import InputError, OccupiedError
from augtool.images.source_image import source_digest
from augtool.output import manifest
from augtool.output.dataset import DatasetInfo
from augtool.plan.plan import Plan
from augtool.run.job import Job
from augtool.run.reuse import size_if_intact
from augtool.run.stamps import stamps_digest
from augtool.sources import Source
from augtool.storage.confined import ConfinedFolder
from augtool.storage.which_manifest import manifest_in

__all__ = ["changes_since", "missing_file", "missing_record"]


#: How far the clock of a server may be behind that of another one.
_LAG_NS = 600 * 10**9


def _touched(
    source: Source, samples: Iterable[Sample], manifest: os.stat_result
) -> Iterator[Sample]:
    """Yield the samples whose files were touched since a run began; packed files are asked once.

    Parameters
    ----------
    source
        Where the samples are read from.
    samples
        All of them.
    manifest
        The status of what has the time of the beginning. Files on another file system may have
        another clock.
    """
    packed: dict[str, bool] = {}
    for sample in samples:
        if source.version_of(sample) is not None:
            return  # stamps tell, of all that the source has
        path = source.path_of(sample)
        is_touched = packed.get(path)
        if is_touched is None:
            is_touched = _is_touched(path, manifest)
            if not source.has_files:
                packed[path] = is_touched
        if is_touched:
            yield sample


def _is_touched(path: str, manifest: os.stat_result) -> bool:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return True
    lag_ns = 0 if status.st_dev == manifest.st_dev else _LAG_NS
    # A file may be replaced by one with an old modification time.
    return max(status.st_mtime_ns, status.st_ctime_ns) + lag_ns >= manifest.st_mtime_ns


def changes_since(
    job: Job, folder: ConfinedFolder, dataset: DatasetInfo, failed: Set[str], *, checksum: bool
) -> str | None:
    """Return in words which source is not what a finished output was made from, None for none.

    The listing and config are known to be the same. `folder` has the manifest, `failed` are the ids
    of inputs that could not be used. `checksum` hashes every source.
    """
    plan, source = job.plan, job.source
    checksum = checksum or stamps_digest(source, plan.samples, failed) != dataset.stamps
    table = _table(folder)
    source.expect(plan.samples if checksum else ())
    looked_at = plan.samples if checksum else _touched(source, plan.samples, table.stat())
    suspects = {sample.id: sample for sample in looked_at}
    for _, source_id, digest in manifest.read_sources(table) if suspects else ():
        sample = suspects.pop(source_id, None)
        if sample is not None:
            try:
                is_same = source_digest(source.read(sample)) == digest
            except InputError:
                is_same = False
            if not is_same:
                return f"{source_id} has changed"
    # Of those that failed there is no row either; they are tried again elsewhere.
    unknown = suspects.keys() - failed
    return f"{min(unknown)} may have changed" if unknown and not checksum else None


def missing_file(folder: ConfinedFolder, dataset: DatasetInfo, *, checksum: bool) -> str | None:
    """Return in words which shared file is gone or another, None for none.

    `checksum` hashes each; else its size is enough.
    """
    for name, facts in dataset.files.items():
        status = folder.stat(name)
        if status is None:
            return f"{name} is missing from the output"
        if status.st_size != facts.bytes:
            return f"{name} has {status.st_size:,} bytes instead of {facts.bytes:,}"
        if checksum:
            with folder.open(name) as file:
                if manifest.digest_of(file) != facts.sha256:
                    return f"{name} was changed after the run"
    return None


def missing_record(
    folder: ConfinedFolder, plan: Plan, dataset: DatasetInfo, *, checksum: bool
) -> str | None:
    """Return in words which record is gone or another, where each has a file of its own.

    `checksum` hashes each; else it is enough that all are there with the size that they had
    together.
    """
    finished_ns = _table(folder).stat().st_ctime_ns
    if not checksum and (
        _have_size(_folders(plan, folder), dataset, finished_ns) or _list_has_size(folder, dataset)
    ):
        return None
    for record in manifest.read(_table(folder)):
        if problem := _problem_of(folder, record):
            return problem
    return None


def _table(folder: ConfinedFolder) -> Path:
    return folder.path_of(manifest_in(folder.stat))


def _problem_of(folder: ConfinedFolder, record: Record) -> str | None:
    try:
        status = folder.stat(record.path)
        is_intact = status is not None and size_if_intact(folder, record) is not None
    except OccupiedError:
        return f"{record.path} can't be reached without following a link"
    if status is None:
        return f"{record.path} is missing from the output"
    return None if is_intact else f"{record.path} was changed after the run"


def _folders(plan: Plan, folder: ConfinedFolder) -> set[str]:
    """Return the folders that records lie in."""
    samples = plan.samples
    if not samples.names.may_contain("/"):
        return {f"{folder.root}/{plan.folder_of(group)}/" for group, _ in samples.used_groups()}
    folders = [f"{folder.root}/{plan.folder_of(group)}/" for group in samples.groups]
    places = zip(map(folders.__getitem__, numbers(samples.group_of)), samples.names)
    return {above + name.rpartition("/")[0] for above, name in places}


def _have_size(folders: Iterable[str], dataset: DatasetInfo, finished_ns: int) -> bool:
    """Tell whether folders hold what they did: no change of names, and the same size together."""
    count = size = 0
    try:
        for folder in folders:
            # A folder that was put back may have its modification time, but changed all the same.
            if os.stat(folder).st_ctime_ns >= finished_ns:  # noqa: PTH116
                return False
            with os.scandir(folder) as entries:
                for entry in entries:
                    if not entry.is_dir(follow_symlinks=False):
                        count += 1
                        size += entry.stat().st_size
    except OSError:
        return False
    return (count, size) == (dataset.written.records, dataset.record_bytes)


def _list_has_size(folder: ConfinedFolder, dataset: DatasetInfo) -> bool:
    """Tell the same of the files that the manifest lists, where others lie beside them."""
    size = 0
    for path, _, _ in manifest.read_sources(_table(folder)):
        try:
            size += os.stat(f"{folder.root}/{path}").st_size  # noqa: PTH116
        except OSError:
            return False
    return size == dataset.record_bytes
