"""The second half of a run: what the workers left becomes the output's files, in plan order.

Only sinks that store records together need it.  All is made in the workspace, so that a run that is
stopped here begins this half again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from augtool.core.image_spec import ImageSpec
from augtool.output.dataset import FileFacts, describe_files
from augtool.output.pending import STAGED
from augtool.plan.plan import Plan
from augtool.run.chunk_results import ChunkSpan
from augtool.run.result_files import read_summary
from augtool.run.workspace import PAYLOADS, RESULTS, Workspace
from augtool.sinks import ChunkOutputs, PathResolver, Payload, Sink

__all__ = ["Assembled", "assemble"]


@dataclass(frozen=True, slots=True)
class Assembled:
    """Where records went (None: where their rows say), and the files that hold them."""

    resolve: PathResolver | None = None
    files: dict[str, FileFacts] = field(default_factory=dict)


def assemble(
    workspace: Workspace, sink: Sink, plan: Plan, spec: ImageSpec | None, spans: Sequence[ChunkSpan]
) -> Assembled:
    """Have the sink make its files, and put them into the output.

    Parameters
    ----------
    workspace
        Of the run.
    sink, plan, spec
        What the run stores, and how.
    spans
        All spans of the plan, sorted.
    """
    if sink.one_file_per_record:
        return Assembled()
    payloads = [_payload(workspace, span) for span in spans]
    listing = plan.listing
    outputs = ChunkOutputs(
        payloads, listing.classes, listing.has_splits, spec, listing.split_folders
    )
    staged = workspace.empty_folder(STAGED)
    resolve = sink.finish(outputs, staged)
    return Assembled(resolve, describe_files(staged))


def _payload(workspace: Workspace, span: ChunkSpan) -> Payload:
    summary = read_summary(workspace.folder, f"{RESULTS}/{span.file_name}")
    path = workspace.folder.path_of(f"{PAYLOADS}/{span.file_name}")
    return Payload(path, summary.split, summary.records)
