"""One run: recognises a finished one, takes over an unfinished one, and has the rest made."""

from __future__ import annotations

from augtool.errors import OccupiedError
from augtool.run.chunk_results import ChunkSpan
from augtool.run.commit import finish_commit, refuse_foreign
from augtool.run.finish import complete
from augtool.run.job import Job
from augtool.run.previous import find_finished
from augtool.run.recognise import leave, report_if_up_to_date, require_confined
from augtool.run.report import Report
from augtool.run.result_files import all_chunk_results, find_chunk_results
from augtool.run.share import run_share
from augtool.run.work import announce, left_of, own_chunks, work
from augtool.storage.files import clean_errors

__all__ = ["run"]


def run(job: Job) -> Report:
    """Do what is still to be done: all of it, or one shard's share."""
    if not job.workspace.has_locks:
        job.progress.warning(
            f"{job.workspace.out}: the file system has no locks, so nothing keeps another augtool"
            " out; start no other command there meanwhile, except for shards of this one"
        )
    return _run_alone(job) if job.options.shard is None else run_share(job)


def _run_alone(job: Job) -> Report:
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
    try:
        refuse_foreign(workspace.folder, job.tops(), previous)
    except OccupiedError:
        leave(job)
        raise
    done = _take_over(job)
    announce(job, done)
    work(job, left_of(own_chunks(job), done), previous)
    job.progress.finish()
    return complete(job, previous)


def _take_over(job: Job) -> set[ChunkSpan]:
    """Make the workspace ready for this run, and return which spans of it are done already."""
    workspace = job.workspace
    unfinished = workspace.unfinished()
    if unfinished is not None and unfinished.identity == job.identity:
        results = job.places.results
        done = job.soundness.sound(find_chunk_results(workspace.folder, results))
        with clean_errors(workspace.out):
            for span in set(all_chunk_results(workspace.folder, results)) - done:
                workspace.folder.unlink(f"{results}/{span.file_name}")
            workspace.empty_folder(job.places.scratch)
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
    workspace.begin(job.state, job.places)
    return set()
