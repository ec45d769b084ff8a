"""The second half of a run: what the workers left becomes the output's files, in plan order.

Only sinks that store records together need it.  All is made below the workspace and moved into
place at the end, so that a run that is stopped here begins this half again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from augtool.core.image_spec import ImageSpec
from augtool.output.dataset import FileFacts, describe_files
from augtool.plan.plan import Plan
from augtool.run.chunk_results import ChunkSpan, read_summary
from augtool.run.workspace import Workspace
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
    payloads = [_payload(workspace, span) for span in spans]
    workspace.clear_assembled()
    outputs = ChunkOutputs(payloads, plan.listing.classes, plan.listing.has_splits, spec)
    resolve = sink.finish(outputs, workspace.assembled)
    if resolve is None:
        return Assembled()
    files = describe_files(workspace.assembled)
    workspace.install()
    return Assembled(resolve, files)


def _payload(workspace: Workspace, span: ChunkSpan) -> Payload:
    summary = read_summary(workspace.parts / span.file_name)
    return Payload(workspace.payloads / span.file_name, summary.split, summary.records)
