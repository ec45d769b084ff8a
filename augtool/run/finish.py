"""The end of a run: the chunk results become a manifest, and all of it is put into its place."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Literal

from augtool.core.channel_stats import describe
from augtool.core.records import Failure
from augtool.errors import OccupiedError
from augtool.output.dataset import (
    DATASET,
    FAILURES,
    MANIFEST,
    REPORT,
    DatasetInfo,
    FileFacts,
    describe_files,
)
from augtool.output.failures import failures_csv
from augtool.output.hf_metadata import write_metadata
from augtool.output.manifest import columns, to_csv
from augtool.output.pending import FINAL, STAGED
from augtool.run.assemble import assemble
from augtool.run.chunk_results import ChunkSpan, Totals
from augtool.run.commit import commit
from augtool.run.job import Job
from augtool.run.previous import Finished
from augtool.run.report import Report
from augtool.run.result_files import add_up, find_chunk_results, merge
from augtool.run.stamps import stamps_digest
from augtool.run.workspace import RESULTS
from augtool.sinks import PathResolver
from augtool.storage.files import clean_errors

__all__ = ["complete", "report_of"]

#: A page of augtool's own is smaller.
_MOST_PAGE_BYTES = 2**25


def complete(job: Job, previous: Finished) -> Report:
    """Write what describes the output, and put all of it into its place, the manifest last."""
    workspace, folder = job.workspace, job.workspace.folder
    spans = find_chunk_results(folder, RESULTS)
    total = add_up(folder, RESULTS, spans)
    failures = sorted({*job.plan.listing.failures, *total.failures})
    assembled = assemble(workspace, job.sink, job.plan, job.spec, spans)
    final = workspace.empty_folder(FINAL)
    digest = _write_manifest(job, spans, assembled.resolve, final / MANIFEST)
    files = assembled.files
    if job.config.output.metadata:
        staged = folder.path_of(STAGED)
        form, classes = job.config.output.metadata, job.plan.listing.classes
        written = write_metadata(staged, final / MANIFEST, form, classes)
        files = describe_files(staged, written)
    dataset = _describe(job, total, failures, digest, files)
    with clean_errors(final):
        if failures:
            folder.write(f"{FINAL}/{FAILURES}", failures_csv(failures))
        folder.write(f"{FINAL}/{DATASET}", dataset.encode())
        # Sources touched since then are looked at when the same command is given again.
        os.utime(final / MANIFEST, ns=(workspace.begun_ns, workspace.begun_ns))
    commit(folder, previous, dataset)
    workspace.finish()
    _warn_of_old_page(job, digest)
    return report_of(job, "done", dataset)


def _warn_of_old_page(job: Job, digest: str) -> None:
    """Warn of a report that shows another state than this one; it names the digest of its own."""
    with contextlib.suppress(OSError, OccupiedError), job.workspace.folder.open(REPORT) as file:
        page = file.read(_MOST_PAGE_BYTES)
        if b"augtool" in page and digest.encode() not in page:
            out = job.workspace.out
            job.progress.warning(
                f"{out / REPORT}: shows an earlier state; to make it again: augtool report {out}"
            )


def _write_manifest(
    job: Job, spans: Sequence[ChunkSpan], resolve: PathResolver | None, path: Path
) -> str:
    """Write the manifest, and return its SHA-256."""
    state = hashlib.sha256()
    header = to_csv([columns(job.config.photometric_columns)])
    merged = merge(job.workspace.folder, RESULTS, spans, resolve)
    with clean_errors(path), path.open("wb") as file:
        for rows in chain([header], merged):
            state.update(rows)
            file.write(rows)
    return state.hexdigest()


def _describe(
    job: Job,
    total: Totals,
    failures: Sequence[Failure],
    digest: str,
    files: dict[str, FileFacts],
) -> DatasetInfo:
    """Return what dataset.json says."""
    counts = {split: dict(sorted(total.counts[split].items())) for split in sorted(total.counts)}
    return DatasetInfo(
        settings=job.config.resolved(),
        config_digest=job.config.digest(),
        identity=job.identity,
        made_with=job.made_with,
        classes=list(job.plan.listing.classes),
        counts=counts,
        planned=job.plan.total_records,
        missing=total.missing,
        failures=len(failures),
        statistics=describe(total.sums),
        digest=digest,
        record_bytes=total.stored_bytes if job.sink.one_file_per_record else 0,
        left_out=job.plan.left_out,
        stamps=stamps_digest(job.source, job.plan.samples, {each.source for each in failures}),
        loader_order=_loader_order(job),
        files=files,
        own_code=job.config.own_code,
    )


def _loader_order(job: Job) -> list[str]:
    """Return the classes as loaders of a tree number them; none where labels agree with that."""
    order = job.plan.loader_order()
    is_other = job.sink.one_file_per_record and order != list(job.plan.listing.classes)
    return order if is_other else []


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
