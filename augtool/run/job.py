"""What one run consists of: the parts that the conductor has put together, checked and planned."""

from __future__ import annotations

from dataclasses import dataclass

from augtool.config.schema import Config
from augtool.core.image_spec import ImageSpec
from augtool.engines import Engine, open_engine
from augtool.engines.progress import Progress
from augtool.output.versions import versions
from augtool.plan.plan import Plan
from augtool.run.options import Options
from augtool.run.records import RecordMaker
from augtool.run.reuse import render_fingerprints
from augtool.run.worker import Worker
from augtool.run.workspace import Workspace
from augtool.runtime import cpu_count
from augtool.sinks import Sink
from augtool.sources import Source

__all__ = ["Job", "engine_of", "worker_of"]


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


def engine_of(job: Job) -> Engine:
    """Return the engine that the options ask for."""
    options = job.options
    workers = options.workers or cpu_count()
    return open_engine(options.engine, workers, timeout_s=options.timeout_s)


def worker_of(job: Job) -> Worker:
    """Return what makes the records of a job, to be sent to processes."""
    fingerprints = render_fingerprints(job.config, versions())
    job.plan.renamed  # noqa: B018 - found once, before workers inherit the plan
    folder = job.workspace.folder
    records = RecordMaker(job.config, job.source, job.sink, folder, fingerprints)
    return Worker(job.config, job.source, job.sink, job.plan, folder, records, job.spec)
