"""The end of a run: the parts become a manifest, and the output is described; the manifest last."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from itertools import chain
from typing import Any, Literal

from augtool.core.channel_stats import describe
from augtool.core.records import Failure
from augtool.output.dataset import DATASET, FAILURES, describe_files
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
    if job.sink.keeps_files:
        _remove_untracked(job)
    if job.config.output.metadata:
        names = write_metadata(workspace.out, workspace.unfinished_manifest)
        files = describe_files(workspace.out, names)
    dataset = _dataset(job, total, failures, digest)
    if files:
        dataset["files"] = files
    if failures:
        write_atomic(workspace.out / FAILURES, failures_csv(failures))
    else:
        (workspace.out / FAILURES).unlink(missing_ok=True)
    write_atomic(workspace.out / DATASET, _json_bytes(dataset))
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
    tables = workspace.earlier_tables()
    state = workspace.unfinished() or {}
    if not tables and not state.get("has_untracked"):
        return
    if state.get("has_untracked"):
        candidates = workspace.unlisted()
    else:
        candidates = (record.path for path, _ in tables for record in read(path))
    remove_untracked(workspace.out, workspace.unfinished_manifest, candidates)
    remove_empty_folders(workspace.out)


def _dataset(job: Job, total: Totals, failures: Sequence[Failure], digest: str) -> dict[str, Any]:
    """Return what dataset.json says."""
    counts = {
        split: {
            name: {"original": originals, "augmented": copies}
            for name, (originals, copies) in sorted(of_split.items())
        }
        for split, of_split in sorted(total.counts.items())
    }
    return {
        "config": job.config.resolved(),
        "config_digest": job.config.digest(),
        "identity": job.identity,
        "versions": versions(),
        "classes": list(job.plan.listing.classes),
        "counts": counts,
        "planned": job.plan.total_records,
        "missing": total.missing,
        "failures": len(failures),
        **describe(total.sums),
        "digest": digest,
    }


def report_of(job: Job, status: Literal["done", "up to date"], dataset: dict[str, Any]) -> Report:
    """Return the report of an output that dataset.json describes."""
    each = [kinds for split in dataset["counts"].values() for kinds in split.values()]
    return Report(
        status,
        job.workspace.out,
        job.plan,
        originals=sum(kinds["original"] for kinds in each),
        copies=sum(kinds["augmented"] for kinds in each),
        failed=dataset["failures"],
        missing=dataset["missing"],
        digest=dataset["digest"],
    )


def _json_bytes(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=True) + "\n").encode()
