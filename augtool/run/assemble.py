"""The second half of a run: what the workers left becomes the output's files, in plan order.

Only sinks that store records together need it.  All is made in the workspace, so that a run that is
stopped here begins this half again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from augtool.output.dataset import FileFacts, describe_files
from augtool.run.chunk_results import ChunkSpan
from augtool.run.job import Job
from augtool.run.places import Whole
from augtool.run.result_files import read_summary
from augtool.sinks import ChunkOutputs, PathResolver, Payload

__all__ = ["Assembled", "assemble"]


class Assembled(NamedTuple):
    """Where records went (None: where their rows say), and the files that hold them."""

    resolve: PathResolver | None
    files: dict[str, FileFacts]


def assemble(job: Job, whole: Whole, spans: Sequence[ChunkSpan]) -> Assembled:
    """Have the sink make its files of what the workers left.

    Parameters
    ----------
    job
        The run.
    whole
        Where its files are put.
    spans
        All spans of the plan, sorted.
    """
    if job.sink.one_file_per_record:
        return Assembled(None, {})
    payloads = [_payload(job, span) for span in spans]
    listing = job.plan.listing
    outputs = ChunkOutputs(
        payloads, listing.classes, listing.has_splits, job.spec, listing.split_folders
    )
    staged = job.workspace.folder.path_of(whole.staged)
    resolve = job.sink.finish(outputs, staged)
    return Assembled(resolve, describe_files(staged))


def _payload(job: Job, span: ChunkSpan) -> Payload:
    folder, places = job.workspace.folder, job.places
    summary = read_summary(folder, f"{places.results}/{span.file_name}")
    path = folder.path_of(places.chunks.payload(span.file_name, summary.payload))
    return Payload(path, summary.split, summary.records)
