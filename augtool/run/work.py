"""The work of a run: an engine makes what is left of the plan, and each result is reported."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import groupby, islice
from pathlib import Path

from augtool.config.schema import Config
from augtool.core.counted import counted
from augtool.core.records import HIDDEN, Failure
from augtool.engines import Died
from augtool.errors import InputError, ShapeMismatchError, StoppedError
from augtool.output import manifest
from augtool.output.manifest_rows import rows_csv
from augtool.plan.task import TaskRef, TaskRefs
from augtool.run.chunk_results import ChunkSpan, ChunkSummary
from augtool.run.job import Job, engine_of, worker_of
from augtool.run.previous import Finished
from augtool.run.result_files import add_up, find_chunk_results
from augtool.run.reuse import PreviousManifest, render_fingerprints
from augtool.run.spec_probe import SpecProbe
from augtool.sinks import sink_kind
from augtool.storage.files import clean_errors
from augtool.storage.which_manifest import is_index, manifest_in

__all__ = ["announce", "left_of", "own_chunks", "work"]

#: Rows of an earlier manifest to hold at once.
_ROWS = 2**12


def announce(job: Job, done: set[ChunkSpan]) -> None:
    """Say what is planned, and how much of it is made already; stop if that has a failure."""
    totals = add_up(job.workspace.folder, job.places.results, done)
    made, total, shard = totals.records + totals.missing, job.plan.total_records, job.options.shard
    job.progress.message(job.plan.arithmetic())
    if shard is not None:
        total = sum(map(job.plan.records_of, own_chunks(job)))
        job.progress.message(f"shard {shard}: {counted(total, 'file')} of them")
    if made:
        job.progress.message(f"resuming: {counted(made, 'file')} of them made already")
    ignored = {name: n for name, n in job.plan.listing.ignored.items() if name != HIDDEN}
    if ignored:
        kinds = ", ".join(f"{name} {count:,}" for name, count in ignored.items())
        job.progress.detail(f"ignored, not images: {kinds}")
    job.progress.start(total, made)
    _stop_at(job, job.plan.listing.failures)


def work(job: Job, left: Iterable[Sequence[TaskRef]], previous: Finished) -> None:
    """Have the engine make some runs of neighbouring tasks."""
    worker = worker_of(job)
    chunks = _with_previous(job, left, _previous_rows(job, previous))
    try:
        with closing(engine_of(job).run(worker, chunks)) as outcomes:
            for outcome in outcomes:
                if isinstance(outcome, Died):
                    if worker.is_made(outcome.item):  # by a worker that could not tell any more
                        continue
                    sample = job.plan.samples[outcome.item.sample_index]
                    failure = Failure(sample.id, "decode", outcome.reason)
                    _report(job, worker.fail(outcome.item, failure))
                else:
                    for summary in outcome.value:
                        _report(job, summary)
    except ShapeMismatchError as error:
        # No command could go on with what there is: see augtool/run/refusal.py.
        raise (_first_mismatch(job) or error) from error


def _first_mismatch(job: Job) -> ShapeMismatchError | None:
    """Return the error of the first picture that is unlike the others, whoever found one."""
    if job.spec is None:
        return None
    left = left_of(own_chunks(job), find_chunk_results(job.workspace.folder, job.places.results))
    samples = (job.plan.samples[ref.sample_index] for refs in left for ref in refs)
    looking = SpecProbe(job.config, job.source, job.options.engine, job.options.timeout_s)
    return looking.first_mismatch(samples, job.spec)


def _report(job: Job, summary: ChunkSummary) -> None:
    """Report what a chunk's result holds, and stop at its first failure if told to."""
    _stop_at(job, summary.failures)
    for failure in summary.failures:
        job.progress.detail(f"skipped: {failure.source}: {failure.reason}")
    job.progress.advance(summary.records + summary.missing)


def _stop_at(job: Job, failures: Sequence[Failure]) -> None:
    """Stop at the first failure, if there is one and the run was told to."""
    if failures and job.options.on_error == "fail":
        source, stage, reason = failures[0]
        raise StoppedError(
            f"{source}: {reason} (stage: {stage}); fix it and run the command again,"
            " or leave out --on-error fail"
        )


def _previous_rows(job: Job, previous: Finished) -> PreviousManifest | None:
    """Return the rows of a finished run whose files may stay."""
    is_kept = job.options.existing != "overwrite" and job.sink.one_file_per_record
    if previous.dataset is None or not is_kept:
        return None
    try:
        config = previous.dataset.config(allow_code=job.config.own_code.keys())
        if not sink_kind(config.output.to).one_file_per_record:
            return None
        made_with = previous.dataset.made_with.as_seen_by(job.made_with)
        fingerprints = render_fingerprints(config, made_with)
    except InputError:  # another version's: nothing of it can be compared
        return None
    return PreviousManifest(_as_csv(job, config), fingerprints)


def _as_csv(job: Job, config: Config) -> Path:
    """Return the manifest of the finished run, whose config that is, as CSV: to jump about in.

    A row of a part can't be read without the others of its row group.
    """
    folder = job.workspace.folder
    table = folder.path_of(manifest_in(folder.stat))
    if not is_index(table):
        return table
    copy = f"{job.places.scratch}/previous.csv"
    names, records = config.photometric_columns, manifest.read(table)
    with clean_errors(folder.path_of(copy)), os.fdopen(folder.create(copy), "wb") as file:
        file.write(manifest.to_csv([manifest.columns(names)]))
        while some := list(islice(records, _ROWS)):
            file.write(rows_csv(some, [record.path for record in some], names))
    return folder.path_of(copy)


def _with_previous(
    job: Job, chunks: Iterable[Sequence[TaskRef]], rows: PreviousManifest | None
) -> Iterator[Sequence[TaskRef]]:
    """Give each task what a finished run had for its source."""
    plan = job.plan

    def previous(ref: TaskRef, rows: PreviousManifest) -> TaskRef:
        sample = plan.samples[ref.sample_index]
        return ref._replace(previous=rows.find(sample.id, plan.listing.classes[sample.label]))

    for refs in chunks:
        yield refs if rows is None else [previous(ref, rows) for ref in refs]


def own_chunks(job: Job) -> Iterator[TaskRefs]:
    """Yield the chunks that this process is to make: all, or those of its shard."""
    shard = job.options.shard
    return (refs for refs in job.plan.chunks() if shard is None or shard.has(refs[0].chunk))


def left_of(
    chunks: Iterable[Sequence[TaskRef]], done: Iterable[ChunkSpan]
) -> Iterator[Sequence[TaskRef]]:
    """Yield what is left of the chunks, as runs of neighbouring tasks."""
    done_positions: dict[int, set[int]] = {}
    for span in done:
        covered = range(span.position, span.position + span.length)
        done_positions.setdefault(span.chunk, set()).update(covered)
    for refs in chunks:
        finished = done_positions.get(refs[0].chunk)
        if finished is None:
            yield refs
            continue
        for is_done, run in groupby(refs, lambda ref: ref.position in finished):  # noqa: B023
            if not is_done:
                yield list(run)
