"""The second half of a run: what the workers left becomes the output's files, in plan order.

Only sinks that store records together need it.  All is made below the workspace and moved into
place at the end, so that a run that is stopped here begins this half again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from augtool.core.image_spec import Form
from augtool.output.dataset import describe_files
from augtool.plan.plan import Plan
from augtool.run.chunk_results import Span, read_head
from augtool.run.workspace import Workspace
from augtool.sinks import Locate, Payload, Sink, Stored

__all__ = ["Assembled", "assemble"]


@dataclass(frozen=True, slots=True)
class Assembled:
    """Where records went (None: where their rows say), and the files that hold them."""

    locate: Locate | None = None
    files: dict[str, dict[str, Any]] = field(default_factory=dict)


def assemble(
    workspace: Workspace, sink: Sink, plan: Plan, form: Form | None, spans: Sequence[Span]
) -> Assembled:
    """Have the sink make its files, and put them into the output.

    Parameters
    ----------
    workspace
        Of the run.
    sink, plan, form
        What the run stores, and how.
    spans
        All spans of the plan, sorted.
    """
    payloads = [_payload(workspace, span) for span in spans]
    workspace.clear_assembled()
    stored = Stored(payloads, plan.listing.classes, plan.listing.has_splits, form)
    locate = sink.finish(stored, workspace.assembled)
    if locate is None:
        return Assembled()
    files = describe_files(workspace.assembled)
    workspace.publish()
    return Assembled(locate, files)


def _payload(workspace: Workspace, span: Span) -> Payload:
    with (workspace.parts / span.file_name).open("rb") as file:
        head = read_head(file)
    count = sum(sum(kinds) for kinds in head["counts"].values())
    return Payload(workspace.payloads / span.file_name, head["split"], count)
