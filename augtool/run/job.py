"""What one run consists of: the parts that the conductor has put together, checked and planned."""

from __future__ import annotations

from dataclasses import dataclass

from augtool.config.schema import Config
from augtool.core.image_spec import ImageSpec
from augtool.engines.progress import Progress
from augtool.plan.plan import Plan
from augtool.run.options import Options
from augtool.run.workspace import Workspace
from augtool.sinks import Sink
from augtool.sources import Source

__all__ = ["Job"]


@dataclass(frozen=True, slots=True)
class Job:
    """One run that holds its output's lock.

    Parameters
    ----------
    config, options
        What is made, and how.
    progress
        Is told how it goes.
    source, sink, plan
        Where records come from, where they go, and which there are.
    spec
        What all pictures are like, where the sink stores pixels.
    workspace
        The output folder.
    identity
        What tells this run from every run that would write something else.
    """

    config: Config
    options: Options
    progress: Progress
    source: Source
    sink: Sink
    plan: Plan
    spec: ImageSpec | None
    workspace: Workspace
    identity: str
