"""Recognises a finished run in the output as this one, or says in words what differs."""

from __future__ import annotations

from collections.abc import Sequence

from augtool.core.records import Failure
from augtool.engines import Died
from augtool.errors import InputError, OccupiedError, ShapeMismatchError
from augtool.output.dataset import DATASET, FAILURES, DatasetInfo
from augtool.output.failures import failures_csv, read_failures
from augtool.plan.task import TaskRef
from augtool.run.finish import report_of
from augtool.run.job import Job, engine_of, worker_of
from augtool.run.previous import Finished, listed_paths
from augtool.run.report import Report
from augtool.run.up_to_date import changes_since, missing_file, missing_record

__all__ = ["leave", "report_if_up_to_date", "require_confined"]


def report_if_up_to_date(job: Job, previous: Finished) -> Report | None:
    """Return the report of a finished run that is this one.

    Raises
    ------
    OccupiedError
        When it is another one, or damaged, and nothing was said about what to do with it.
    """
    dataset, mode = previous.dataset, job.options.existing
    if dataset is None and not previous.damage:
        return None
    change: str | None = previous.damage
    if dataset is not None:
        change = _change_since(job, dataset)
        if change is None and job.options.shard is None and _failures_differ(job, dataset):
            return None  # what failed is tried again, always
        if change is None:
            return report_of(job, "up to date", dataset)
    if mode == "refuse":
        leave(job)
        raise OccupiedError(
            f"{job.workspace.out}: holds a finished run that differs ({change});"
            " pass --update to bring it up to date, --overwrite to start afresh,"
            " or choose another output folder"
        )
    return None


def leave(job: Job) -> None:
    """Remove the workspace, unless there is work in it that its own command can go on with."""
    if job.workspace.unfinished() is None and job.workspace.is_alone():
        job.workspace.finish()


def _change_since(job: Job, dataset: DatasetInfo) -> str | None:
    """Return in words what is not as this run would leave it, None for nothing."""
    if dataset.identity != job.identity:
        elsewhere = job.elsewhere(dataset)
        return f"made elsewhere: {elsewhere}" if elsewhere else "inputs, config or version differ"
    if not _is_of(job, dataset):
        return f"{DATASET} was changed after the run"
    folder, options = job.workspace.folder, job.options
    # An update makes right whatever is wrong, so it looks at every byte.
    thoroughly = options.existing == "update"
    change = missing_file(folder, dataset, checksum=thoroughly)
    if job.sink.one_file_per_record:
        change = change or missing_record(folder, job.plan, dataset, checksum=thoroughly)
    failed = {failure.source for failure in _noted_failures(job) or ()}
    return change or changes_since(job, folder, dataset, failed, checksum=options.checksum)


def _is_of(job: Job, dataset: DatasetInfo) -> bool:
    """Tell whether dataset.json says of this run what is known without any work."""
    config = job.config
    said = (dataset.settings, dataset.config_digest, dataset.made_with, dataset.own_code)
    is_same = said == (config.resolved(), config.digest(), job.made_with, config.own_code)
    names, planned = list(job.plan.listing.classes), job.plan.total_records
    return is_same and (dataset.classes, dataset.planned) == (names, planned)


def require_confined(job: Job, dataset: DatasetInfo) -> None:
    """Refuse a manifest that names what does not lie in the output, whatever its digest."""
    try:
        for _ in listed_paths(job.workspace.folder, dataset):
            pass
    except InputError as error:
        leave(job)
        raise OccupiedError(
            f"{job.workspace.out}: {error}; augtool did not write that, and touches nothing here:"
            " choose another output folder"
        ) from error


def _noted_failures(job: Job) -> list[Failure] | None:
    """Return what failures.csv of a finished run lists; None where it is damaged."""
    try:
        return read_failures(job.workspace.folder.read(FAILURES))
    except FileNotFoundError:
        return []
    except (OSError, InputError, OccupiedError):
        return None


def _failures_differ(job: Job, dataset: DatasetInfo) -> bool:
    """Try what failed again, and tell whether failures.csv would not be as it is."""
    workspace = job.workspace
    unfinished = workspace.unfinished()
    if unfinished is not None and unfinished.identity == job.identity:
        return True  # such a try found something, and was interrupted
    noted = _noted_failures(job) if dataset.failures else []
    if noted is None or (dataset.failures and not noted):
        return True
    names = {failure.source for failure in noted}
    refs = job.plan.refs_of(names) if names else []
    failures = {*job.plan.listing.failures, *(_try_again(job, refs) if refs else ())}
    there = workspace.folder.read(FAILURES) if noted else b""
    return there != (failures_csv(failures) if failures else b"")


def _try_again(job: Job, refs: Sequence[TaskRef]) -> list[Failure]:
    """Make tasks in the workspace, and return what failed; nothing of it stays."""
    workspace = job.workspace
    workspace.begin(job.state, job.places)
    failures = []
    try:
        for outcome in engine_of(job).run(worker_of(job), ([ref] for ref in refs)):
            if isinstance(outcome, Died):
                sample = job.plan.samples[outcome.item.sample_index]
                failures.append(Failure(sample.id, "decode", outcome.reason))
            else:
                failures += [failure for each in outcome.value for failure in each.failures]
    except ShapeMismatchError:
        workspace.finish()
        raise
    workspace.clear()
    return failures
