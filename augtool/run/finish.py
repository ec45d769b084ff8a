"""The end of a run: the chunk results become a manifest, and all of it is put into its place."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import Literal

from augtool.core.channel_stats import describe
from augtool.core.records import Failure
from augtool.errors import OccupiedError
from augtool.output.dataset import (
    DATASET,
    FAILURES,
    REPORT,
    DatasetInfo,
    FileFacts,
    describe_files,
)
from augtool.output.failures import failures_csv
from augtool.output.hf_metadata import write_metadata
from augtool.run.assemble import assemble
from augtool.run.chunk_results import Totals
from augtool.run.commit import commit
from augtool.run.job import Job
from augtool.run.previous import Finished
from augtool.run.report import Report
from augtool.run.result_files import add_up, find_chunk_results
from augtool.run.stamps import stamps_digest
from augtool.run.write_manifest import WrittenManifest, write_manifest
from augtool.storage.files import clean_errors

__all__ = ["complete", "report_of"]

#: A page of augtool's own is smaller.
_MOST_PAGE_BYTES = 2**25


def complete(job: Job, previous: Finished) -> Report:
    """Write what describes the output, and put all of it into its place, the manifest last."""
    workspace, folder, results = job.workspace, job.workspace.folder, job.places.results
    spans = find_chunk_results(folder, results)
    total = add_up(folder, results, spans)
    failures = sorted({*job.plan.listing.failures, *total.failures})
    whole = workspace.new_whole(job.places, is_assembled=not job.sink.one_file_per_record)
    assembled = assemble(job, whole, spans)
    _remove_failed(job, total.failures)
    written = write_manifest(job, whole, spans, assembled.resolve)
    files = {**assembled.files, **written.parts}
    if job.config.output.metadata:
        files |= _add_metadata(job, written)
    dataset = _describe(job, total, failures, written.digest, files)
    with clean_errors(written.path):
        if failures:
            folder.write(f"{whole.final}/{FAILURES}", failures_csv(failures))
        folder.write(f"{whole.final}/{DATASET}", dataset.encode())
        # Sources touched since then are looked at when the same command is given again.
        os.utime(written.path, ns=(workspace.begun_ns, workspace.begun_ns))
    commit(folder, whole, previous, dataset)
    workspace.finish()
    _warn_of_old_page(job, written.digest)
    return report_of(job, "done", dataset)


def _remove_failed(job: Job, failures: Sequence[Failure]) -> None:
    """Remove files of samples that failed: a try before that may have made some."""
    if not failures or not job.sink.one_file_per_record:
        return
    failed = {failure.source for failure in failures}
    folder, staged = job.workspace.folder, job.places.staged
    with clean_errors(job.workspace.out):
        for task in job.plan.tasks(job.plan.refs_of(failed)):
            for copy in (None, *range(task.copies)):
                folder.unlink(f"{staged}/{task.planned_path(copy)}")


def _add_metadata(job: Job, written: WrittenManifest) -> dict[str, FileFacts]:
    """Write the tables for other libraries' loaders, put them beside the records, describe them."""
    folder, whole = written.folder, written.whole
    apart, staged = f"{whole.folder}/metadata", folder.path_of(whole.staged)
    form, classes = job.config.output.metadata or "", job.plan.listing.classes
    names = write_metadata(folder.path_of(apart), written.records(), form, classes)
    with clean_errors(staged):
        for name in names:
            folder.rename(f"{apart}/{name}", f"{whole.staged}/{name}")
    return describe_files(staged, names)


def _warn_of_old_page(job: Job, digest: str) -> None:
    """Warn of a report that shows another state than this one; it names the digest of its own."""
    with contextlib.suppress(OSError, OccupiedError), job.workspace.folder.open(REPORT) as file:
        page = file.read(_MOST_PAGE_BYTES)
        if b"augtool" in page and digest.encode() not in page:
            out = job.workspace.out
            job.progress.warning(
                f"{out / REPORT}: shows an earlier state; to make it again: augtool report {out}"
            )


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
