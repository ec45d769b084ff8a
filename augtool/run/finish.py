"""The end of a run: the parts become a manifest, and the output is described; the manifest last."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from itertools import chain
from typing import Literal

from augtool.core.channel_stats import describe
from augtool.output.dataset import DATASET, FAILURES, DatasetInfo, FileFacts, describe_files
from augtool.output.hf_metadata import write_metadata
from augtool.output.manifest import columns, failures_csv, read, to_csv
from augtool.output.versions import versions
from augtool.run.assemble import assemble
from augtool.run.chunk_results import ChunkSpan, Totals, add_up, find_chunk_results, merge
from augtool.run.job import Job
from augtool.run.report import Report
from augtool.run.reuse import remove_untracked
from augtool.run.workspace import remove_empty_folders
from augtool.sinks import PathResolver
from augtool.storage.files import clean_errors, write_atomic

__all__ = ["complete", "report_of"]


def complete(job: Job) -> Report:
    """Write what describes the output, the manifest last."""
    workspace = job.workspace
    spans = find_chunk_results(workspace.parts)
    total = add_up(workspace.parts, spans)
    failures = sorted({*job.plan.listing.failures, *total.failures})
    assembled = assemble(workspace, job.sink, job.plan, job.spec, spans)
    digest = _write_manifest_beside(job, spans, assembled.resolve)
    files = assembled.files
    if job.sink.one_file_per_record:
        _remove_untracked(job)
    if job.config.output.metadata:
        names = write_metadata(workspace.out, workspace.unfinished_manifest)
        files = describe_files(workspace.out, names)
    dataset = _describe(job, total, digest, files)
    if failures:
        write_atomic(workspace.out / FAILURES, failures_csv(failures))
    else:
        (workspace.out / FAILURES).unlink(missing_ok=True)
    write_atomic(workspace.out / DATASET, dataset.encode())
    with clean_errors(workspace.manifest):
        os.sync()
        workspace.unfinished_manifest.replace(workspace.manifest)
    workspace.finish()
    return report_of(job, "done", dataset)


def _write_manifest_beside(
    job: Job, spans: Sequence[ChunkSpan], resolve: PathResolver | None
) -> str:
    """Write the manifest under its temporary name, and return its SHA-256."""
    state = hashlib.sha256()
    path = job.workspace.unfinished_manifest
    with clean_errors(path), path.open("wb") as file:
        header = to_csv([columns(job.config.photometric_columns)])
        for rows in chain([header], merge(job.workspace.parts, spans, resolve)):
            state.update(rows)
            file.write(rows)
    return state.hexdigest()


def _remove_untracked(job: Job) -> None:
    """Remove files of earlier runs that are no part of this one."""
    workspace = job.workspace
    tables = workspace.stashed_manifests()
    state = workspace.unfinished()
    has_untracked = state is not None and state.has_untracked
    if not tables and not has_untracked:
        return
    if has_untracked:
        candidates = workspace.unlisted()
    else:
        candidates = (record.path for path, _ in tables for record in read(path))
    remove_untracked(workspace.out, workspace.unfinished_manifest, candidates)
    remove_empty_folders(workspace.out)


def _describe(job: Job, total: Totals, digest: str, files: dict[str, FileFacts]) -> DatasetInfo:
    """Return what dataset.json says."""
    counts = {split: dict(sorted(total.counts[split].items())) for split in sorted(total.counts)}
    return DatasetInfo(
        settings=job.config.resolved(),
        config_digest=job.config.digest(),
        identity=job.identity,
        versions=versions(),
        classes=list(job.plan.listing.classes),
        counts=counts,
        planned=job.plan.total_records,
        missing=total.missing,
        failures=len({*job.plan.listing.failures, *total.failures}),
        statistics=describe(total.sums),
        digest=digest,
        files=files,
    )


def report_of(job: Job, status: Literal["done", "up to date"], dataset: DatasetInfo) -> Report:
    """Return the report of an output that dataset.json describes."""
    written = dataset.written
    return Report(
        status,
        job.workspace.out,
        job.plan,
        originals=written.originals,
        copies=written.copies,
        failed=dataset.failures,
        missing=dataset.missing,
        digest=dataset.digest,
    )
