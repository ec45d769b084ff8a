"""One run: recognises a finished one, takes over an unfinished one, and has the rest made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from augtool.core.counted import counted
from augtool.core.records import HIDDEN, Failure
from augtool.engines import Died
from augtool.errors import InputError, OccupiedError, ShapeMismatchError, StoppedError
from augtool.output.dataset import MANIFEST
from augtool.output.manifest import columns
from augtool.plan.task import TaskRef
from augtool.run.chunk_results import ChunkSpan, ChunkSummary
from augtool.run.commit import finish_commit, refuse_foreign
from augtool.run.finish import complete
from augtool.run.job import Job, engine_of, worker_of
from augtool.run.previous import Finished, find_finished
from augtool.run.recognise import leave, report_if_up_to_date, require_confined
from augtool.run.report import Report
from augtool.run.result_files import add_up, find_chunk_results
from augtool.run.reuse import PreviousManifest, render_fingerprints
from augtool.run.spec_probe import SpecProbe
from augtool.run.up_to_date import sound_spans
from augtool.run.workspace import RESULTS
from augtool.sinks import sink_kind
from augtool.storage.files import clean_errors

__all__ = ["run"]


def run(job: Job) -> Report:
    """Do what is still to be done."""
    workspace = job.workspace
    with clean_errors(workspace.out):
        if finish_commit(workspace.folder):
            workspace.clear()
        previous = find_finished(workspace.folder)
    if job.options.existing != "overwrite":
        report = report_if_up_to_date(job, previous)
        if report is not None:
            workspace.finish()
            return report
    if previous.dataset is not None:
        require_confined(job, previous.dataset)
    tops = job.plan.tops() if job.sink.one_file_per_record else []
    try:
        refuse_foreign(workspace.folder, tops, previous)
    except OccupiedError:
        leave(job)
        raise
    done = _take_over(job)
    _work(job, done, previous)
    job.progress.finish()
    return complete(job, previous)


def _take_over(job: Job) -> set[ChunkSpan]:
    """Make the workspace ready for this run, and return which spans of it are done already."""
    workspace = job.workspace
    unfinished = workspace.unfinished()
    done: set[ChunkSpan] = set()
    if unfinished is not None and unfinished.identity == job.identity:
        spans = find_chunk_results(workspace.folder, RESULTS)
        names = columns(job.config.photometric_columns)
        done = sound_spans(workspace.folder, names, spans, job.plan, job.source)
        with clean_errors(workspace.out):
            for span in set(spans) - done:
                workspace.folder.unlink(f"{RESULTS}/{span.file_name}")
        return done
    if unfinished is not None and job.options.existing == "refuse":
        if elsewhere := job.elsewhere(unfinished):
            raise OccupiedError(
                f"{workspace.out}: holds this run unfinished, begun elsewhere ({elsewhere});"
                " complete it there, pass --overwrite to start afresh, or choose another output"
                " folder"
            )
        raise OccupiedError(
            f"{workspace.out}: holds an unfinished run of other inputs or another config;"
            " run the command of that run to complete it, pass --overwrite to start afresh,"
            " or choose another output folder"
        )
    workspace.clear()
    workspace.begin(job.state)
    return done


def _work(job: Job, done: set[ChunkSpan], previous: Finished) -> None:
    """Have the engine make every span that is not done."""
    worker = worker_of(job)
    so_far = add_up(job.workspace.folder, RESULTS, done)
    _announce(job, so_far.records + so_far.missing)
    _stop_at(job, job.plan.listing.failures)
    left = _left(job.plan.chunks(), done)
    engine = engine_of(job)
    try:
        for outcome in engine.run(worker, _with_previous(job, left, _previous_rows(job, previous))):
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
        refusal = _first_mismatch(job) or error
        job.workspace.finish()  # no command could go on with it, so nothing of it stays
        raise refusal from error


def _first_mismatch(job: Job) -> ShapeMismatchError | None:
    """Return the error of the first picture that is unlike the others, whoever found one."""
    if job.spec is None:
        return None
    left = _left(job.plan.chunks(), set(find_chunk_results(job.workspace.folder, RESULTS)))
    samples = (job.plan.samples[ref.sample_index] for refs in left for ref in refs)
    looking = SpecProbe(job.config, job.source, job.options.engine, job.options.timeout_s)
    return looking.first_mismatch(samples, job.spec)


def _announce(job: Job, done: int) -> None:
    """Say what is planned, and how much of it an earlier run has made."""
    job.progress.message(job.plan.arithmetic())
    if done:
        job.progress.message(f"resuming: {counted(done, 'file')} of them made already")
    ignored = {name: n for name, n in job.plan.listing.ignored.items() if name != HIDDEN}
    if ignored:
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
    return PreviousManifest(job.workspace.folder.path_of(MANIFEST), fingerprints)


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


def _left(chunks: Iterable[Sequence[TaskRef]], done: set[ChunkSpan]) -> Iterator[Sequence[TaskRef]]:
    """Yield what is left of the chunks, as runs of neighbouring tasks."""
    done_positions: dict[int, set[int]] = {}
    for span in done:
        covered = range(span.position, span.position + span.length)
        done_positions.setdefault(span.chunk, set()).update(covered)
    for refs in chunks:
        finished = done_positions.get(refs[0].chunk, set())
        for is_done, run in groupby(refs, lambda ref: ref.position in finished):  # noqa: B023
            if not is_done:
                yield list(run)
