"""One run: recognises a finished one, takes over an unfinished one, and has the rest made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from augtool.core.records import Failure
from augtool.engines import Died, open_engine
from augtool.errors import InputError, OccupiedError, ShapeMismatchError, StoppedError
from augtool.output.dataset import read_dataset
from augtool.output.manifest import columns, to_csv
from augtool.output.versions import versions
from augtool.plan.plan import Task
from augtool.run.chunk_results import ChunkSpan, ChunkSummary, add_up, find_chunk_results, merge
from augtool.run.finish import complete, report_of
from augtool.run.image_specs import SpecProbe
from augtool.run.job import Job
from augtool.run.report import Report
from augtool.run.reuse import PreviousManifest, render_fingerprints
from augtool.run.up_to_date import changes_since, fresh_spans, missing_file, missing_record
from augtool.run.worker import Worker
from augtool.run.workspace import RunState
from augtool.runtime import cpu_count

__all__ = ["run"]


def run(job: Job) -> Report:
    """Do what is still to be done."""
    if job.workspace.manifest.exists():
        job.workspace.discard_state()  # it was killed when it was whole already
    finished = _if_up_to_date(job)
    if finished is not None:
        job.workspace.finish()
        return finished
    done = _take_over(job)
    fingerprints = render_fingerprints(job.config, versions())
    _begin(job, fingerprints)
    _work(job, done, fingerprints)
    job.progress.finish()
    return complete(job)


def _if_up_to_date(job: Job) -> Report | None:
    """Return the report of a finished run that is this one."""
    if not job.workspace.manifest.exists() or job.options.existing == "overwrite":
        return None
    dataset = read_dataset(job.workspace.out)
    change: str | None = "inputs, config or version differ"
    if dataset.identity == job.identity:
        out, plan, options = job.workspace.out, job.plan, job.options
        change = missing_file(out, dataset)
        if job.sink.one_file_per_record:
            change = change or missing_record(out, plan, dataset)
        change = change or changes_since(out, plan, job.source, checksum=options.checksum)
    if change is None:
        return report_of(job, "up to date", dataset)
    if job.options.existing == "refuse":
        job.workspace.finish()
        raise OccupiedError(
            f"{job.workspace.out}: holds a finished run that differs ({change});"
            " pass --update to bring it up to date, --overwrite to start afresh,"
            " or choose another output folder"
        )
    return None


def _take_over(job: Job) -> set[ChunkSpan]:
    """Make the output ready for this run, and return which spans of it are done already."""
    workspace = job.workspace
    unfinished = workspace.unfinished()
    if unfinished is not None and unfinished.identity == job.identity:
        spans = find_chunk_results(workspace.parts)
        fresh = fresh_spans(workspace.parts, spans, job.plan.chunks(), job.source)
        # What failed is tried again: it may have been fixed, with an old modification time.
        fresh -= {span for span in fresh if add_up(workspace.parts, [span]).failures}
        for span in set(spans) - fresh:
            (workspace.parts / span.file_name).unlink()
        workspace.clear_scratch()
        return fresh
    if unfinished is not None and job.options.existing == "refuse":
        raise OccupiedError(
            f"{workspace.out}: holds an unfinished run of other inputs or another config;"
            " run the command of that run to complete it, pass --overwrite to start afresh,"
            " or choose another output folder"
        )
    if job.options.existing == "overwrite" or not job.sink.one_file_per_record:
        workspace.clear_output()
    elif unfinished is not None:
        rows = merge(workspace.parts, find_chunk_results(workspace.parts))
        table = b"".join([to_csv([unfinished.columns]), *rows])
        workspace.stash_manifest(table, unfinished.fingerprints)
    elif workspace.manifest.exists():
        workspace.remove_shared_files()
        workspace.stash_manifest(workspace.manifest, _fingerprints_of_finished(workspace.out))
    workspace.clear_parts()
    workspace.clear_scratch()
    return set()


def _begin(job: Job, fingerprints: dict[str, str]) -> None:
    """Note what this run is, for whoever finds it unfinished."""
    before = job.workspace.unfinished()
    # An interrupted run may have left files that no chunk result lists.
    has_untracked = before is not None and (before.identity != job.identity or before.has_untracked)
    names = list(columns(job.config.photometric_columns))
    job.workspace.begin(RunState(job.identity, fingerprints, names, has_untracked))


def _work(job: Job, done: set[ChunkSpan], fingerprints: dict[str, str]) -> None:
    """Have the engine make every span that is not done."""
    worker = Worker(
        job.config,
        job.source,
        job.sink,
        job.workspace.out,
        job.workspace.parts,
        job.workspace.payloads,
        job.workspace.scratch,
        fingerprints,
        job.spec,
    )
    tables = [PreviousManifest(*table) for table in job.workspace.stashed_manifests()]
    so_far = add_up(job.workspace.parts, done)
    _announce(job, so_far.records + so_far.missing)
    _stop_at(job, job.plan.listing.failures)
    left = _left(job.plan.chunks(), done)
    options = job.options
    workers = options.workers or cpu_count()
    engine = open_engine(options.engine, workers, timeout_s=options.timeout_s)
    try:
        for outcome in engine.run(worker, _with_previous(left, tables)):
            if isinstance(outcome, Died):
                failure = Failure(outcome.item.sample.id, "decode", outcome.reason)
                summary = worker.fail(outcome.item, failure)
            else:
                summary = outcome.value
            _report(job, summary)
    except ShapeMismatchError as error:
        raise _first_mismatch(job) or error from error


def _first_mismatch(job: Job) -> ShapeMismatchError | None:
    """Return the error of the first picture that is unlike the others, whoever found one."""
    if job.spec is None:
        return None
    left = _left(job.plan.chunks(), set(find_chunk_results(job.workspace.parts)))
    samples = (task.sample for tasks in left for task in tasks)
    looking = SpecProbe(job.config, job.source, job.options.engine, job.options.timeout_s)
    return looking.first_mismatch(samples, job.spec)


def _announce(job: Job, done: int) -> None:
    """Say what is planned, and how much of it an earlier run has made."""
    job.progress.message(job.plan.arithmetic())
    if done:
        job.progress.message(f"resuming: {done:,} files are there already")
    if ignored := job.plan.listing.ignored:
        kinds = ", ".join(f"{name} {count:,}" for name, count in ignored.items())
        job.progress.detail(f"ignored, not images: {kinds}")
    job.progress.start(job.plan.total_records, done)


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


def _fingerprints_of_finished(out: Path) -> dict[str, str]:
    """Return a finished output's fingerprints; none that match where its config is not known."""
    try:
        dataset = read_dataset(out)
        return render_fingerprints(dataset.config(), dataset.versions)
    except InputError:
        return {"": "unknown"}


def _with_previous(
    chunks: Iterable[Sequence[Task]], tables: Sequence[PreviousManifest]
) -> Iterator[Sequence[Task]]:
    """Give each task what the latest earlier run had for its source."""
    for tasks in chunks:
        yield [_task_with_previous(task, tables) for task in tasks] if tables else tasks


def _task_with_previous(task: Task, tables: Sequence[PreviousManifest]) -> Task:
    found = (table.find(task.sample.id, task.class_name) for table in tables)
    previous = tuple(each for each in found if each is not None)
    return task._replace(previous=previous) if previous else task


def _left(chunks: Iterable[Sequence[Task]], done: set[ChunkSpan]) -> Iterator[Sequence[Task]]:
    """Yield what is left of the chunks, as runs of neighbouring tasks."""
    done_positions: dict[int, set[int]] = {}
    for span in done:
        covered = range(span.position, span.position + span.length)
        done_positions.setdefault(span.chunk, set()).update(covered)
    for tasks in chunks:
        finished = done_positions.get(tasks[0].chunk, set())
        for is_done, run in groupby(tasks, lambda task: task.position in finished):  # noqa: B023
            if not is_done:
                yield list(run)
