"""One shard of a run: its share of the chunks, and all the rest of the run if it is the last one.

Any number of processes work in one OUT at the same time, on one machine or on many that share a
disk.  Nobody waits for another, and locks only save work: what makes the output right is that each
file appears whole, that all who write it write the same bytes, and that what they make lies in a
folder named by what they make it of.
"""

from __future__ import annotations

from augtool.errors import OccupiedError, OutputError
from augtool.run.chunk_results import ChunkSpan
from augtool.run.commit import finish_commit, refuse_foreign
from augtool.run.finish import complete, report_of
from augtool.run.job import Job
from augtool.run.previous import Finished, find_finished
from augtool.run.recognise import leave, report_if_up_to_date
from augtool.run.report import Report
from augtool.run.result_files import add_up, all_chunk_results, find_chunk_results
from augtool.run.work import announce, left_of, own_chunks, work
from augtool.storage.files import clean_errors

__all__ = ["run_share"]

#: How often a shard begins again that others disturb, and makes what is missing of its share.
_MOST_ROUNDS = 4
#: How long to wait for another process that removes results; one that takes longer completes.
_MOST_WAIT_S = 5.0
#: Nothing was there before: a shard neither updates nor overwrites.
_NOTHING = Finished(None)


def run_share(job: Job) -> Report:
    """Make one shard's chunks, and complete the run if all others are made by then.

    Raises
    ------
    OccupiedError
        When OUT holds something else than this run, or shards of another.
    """
    for left in reversed(range(_MOST_ROUNDS)):
        try:
            return _run_share(job, is_first=left == _MOST_ROUNDS - 1)
        except OutputError as error:
            # What this one worked in is gone when another shard has completed the run.
            is_being_completed = _is_being_completed(job)
            report = _report_if_whole(job)
            if report is not None:
                return report
            if not left or not (is_being_completed or _was_disturbed(job, error)):
                raise
    raise AssertionError("the last round has returned or raised")


def _was_disturbed(job: Job, error: OutputError) -> bool:
    """Tell whether another process of the same shard has removed a result, to make it again."""
    return isinstance(error.__cause__, FileNotFoundError) and _is_of_this_run(job)


def _run_share(job: Job, *, is_first: bool) -> Report:
    folder = job.workspace.folder
    if _is_being_completed(job):
        return _report_share(job)
    with clean_errors(job.workspace.out):
        previous = find_finished(folder)
    report = report_if_up_to_date(job, previous)
    if report is None:
        try:
            refuse_foreign(folder, job.tops(), _NOTHING)
        except OccupiedError:
            leave(job)
            raise
        _join(job)
        # It may have been completed, and its folder removed, between the look and the step.
        report = _report_if_whole(job)
    if report is not None:
        job.workspace.finish()
        return report
    done = _sound_own(job) if is_first else _own_there(job)
    if done is None:
        return _report_share(job)
    announce(job, done)
    _work_until_done(job, done)
    job.progress.finish()
    share = _report_share(job)
    return _complete_if_last(job) or share


def _work_until_done(job: Job, done: set[ChunkSpan]) -> None:
    """Make what is left; once, unless another process of the same shard removes some of it."""
    folder, results = job.workspace.folder, job.places.results
    for _ in range(_MOST_ROUNDS):
        left = list(left_of(own_chunks(job), done))
        if not left:
            return
        work(job, left, _NOTHING)
        done = set(_own(job, find_chunk_results(folder, results)))
    raise OutputError(
        f"{folder.path_of(results)}: another process removes what this one makes; wait for it, and"
        " run the same command again"
    )


def _is_being_completed(job: Job) -> bool:
    """Finish what a process left that was killed while it completed a run; tell if one is at it."""
    workspace = job.workspace
    if not workspace.is_committing:
        return False
    with workspace.completing() as is_mine, clean_errors(workspace.out):
        if is_mine:
            if finish_commit(workspace.folder):
                workspace.clear()
            return False
    return _is_of_this_run(job)


def _is_of_this_run(job: Job) -> bool:
    unfinished = job.workspace.unfinished()
    return unfinished is not None and unfinished.identity == job.identity


def _join(job: Job) -> None:
    """Begin the run, or take part in it where another shard has begun it."""
    out = job.workspace.out
    noted = job.workspace.join(job.state, job.places)
    if noted is None:
        raise OccupiedError(
            f"{out}: what it says of the run there is damaged; run the same command without --shard"
        )
    if noted.identity != job.identity:
        elsewhere = job.elsewhere(noted)
        what = (
            f"this run, begun elsewhere ({elsewhere})"
            if elsewhere
            else "an unfinished run of other inputs, another config or another version"
        )
        raise OccupiedError(
            f"{out}: holds {what}; run the command of that run to complete it, or choose another"
            " output folder"
        )


def _own(job: Job, spans: list[ChunkSpan]) -> list[ChunkSpan]:
    shard = job.options.shard
    return [span for span in spans if shard is None or shard.has(span.chunk)]


def _sound_own(job: Job) -> set[ChunkSpan] | None:
    """Return the spans of this shard that are done; its others are removed, to be made again.

    None where another process completes the run with what there is.
    """
    workspace, results = job.workspace, job.places.results
    sound = job.soundness.sound(_own(job, find_chunk_results(workspace.folder, results)))
    stale = set(_own(job, all_chunk_results(workspace.folder, results))) - sound
    if not stale:
        return sound
    with workspace.completing(wait_s=_MOST_WAIT_S) as is_mine, clean_errors(workspace.out):
        if not is_mine:
            return None
        for span in stale:
            workspace.folder.unlink(f"{results}/{span.file_name}")
    return sound


def _own_there(job: Job) -> set[ChunkSpan]:
    """Return the same where all was looked at before, and nothing is to be removed again."""
    spans = find_chunk_results(job.workspace.folder, job.places.results)
    return job.soundness.all_there(_own(job, spans))


def _report_share(job: Job) -> Report:
    """Return what this shard has made; failures that the listing has are whoever completes'."""
    folder, results = job.workspace.folder, job.places.results
    total = add_up(folder, results, _own(job, find_chunk_results(folder, results)))
    return Report(
        "shard",
        job.workspace.out,
        job.plan,
        originals=total.originals,
        copies=total.records - total.originals,
        failed=len(set(total.failures)),
        missing=total.missing,
        shard=str(job.options.shard),
    )


def _complete_if_last(job: Job) -> Report | None:
    """Complete the run if all of it is made, and nobody else does."""
    workspace = job.workspace
    if _spans_if_all_made(job) is None:
        return None
    with workspace.completing() as is_mine:
        if not is_mine:
            return None
        report = _report_if_whole(job)
        spans = _spans_if_all_made(job)  # another may have removed some, to make them again
        if report is not None or spans is None or not _is_of_this_run(job):
            return report
        doubtful = set(spans) - job.soundness.all_there(spans)
        if doubtful:
            job.progress.warning(
                f"{workspace.out}: all shards are done, but the sources or files of"
                f" {len(doubtful):,} of {len(spans):,} chunks have changed since; run the same"
                " command without --shard"
            )
            return None
        return complete(job, _NOTHING)


def _spans_if_all_made(job: Job) -> list[ChunkSpan] | None:
    spans = find_chunk_results(job.workspace.folder, job.places.results)
    is_left = next(left_of(job.plan.chunks(), spans), None) is not None
    return None if is_left else spans


def _report_if_whole(job: Job) -> Report | None:
    """Return the report of the whole run if another process has completed it."""
    workspace = job.workspace
    workspace.folder.close()  # what is open may be what was removed
    with clean_errors(workspace.out):
        dataset = find_finished(workspace.folder).dataset
    if dataset is None or dataset.identity != job.identity:
        return None
    job.progress.finish()
    workspace.finish()  # of what was made here in vain
    return report_of(job, "up to date", dataset)
