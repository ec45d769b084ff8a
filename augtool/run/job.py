"""What one run consists of: the parts that the conductor has put together, checked and planned."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from augtool.config.schema import Config
from augtool.core.image_spec import ImageSpec
from augtool.engines import Engine, open_engine
from augtool.engines.progress import Progress
from augtool.output.dataset import DatasetInfo
from augtool.output.made_with import MadeWith
from augtool.output.manifest import columns
from augtool.plan.plan import Plan
from augtool.run.options import Options
from augtool.run.places import WorkPlaces
from augtool.run.records import RecordMaker
from augtool.run.reuse import render_fingerprints
from augtool.run.soundness import Soundness
from augtool.run.worker import Worker
from augtool.run.workspace import RunState, Workspace
from augtool.sinks import Sink
from augtool.sources import Source
from augtool.storage.confined import ConfinedFolder
from augtool.storage.which_manifest import CSV, INDEX, PARTS, is_index

__all__ = ["Job", "engine_of", "worker_of"]


class Job(NamedTuple):
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
    inputs
        SHA-256 of what records depend on beside what makes them: config, plan and source.
    made_with
        What makes them here.
    """

    config: Config
    options: Options
    progress: Progress
    source: Source
    sink: Sink
    plan: Plan
    spec: ImageSpec | None
    workspace: Workspace
    inputs: str
    made_with: MadeWith

    @property
    def state(self) -> RunState:
        """What tells this run from every run that would write something else."""
        return RunState(self.identity, self.made_with)

    @property
    def identity(self) -> str:
        """SHA-256 of the same."""
        return self.identity_with(self.made_with)

    def identity_with(self, made_with: MadeWith) -> str:
        """Return the identity that this run has where it is made with other things."""
        text = json.dumps([self.inputs, made_with], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def elsewhere(self, other: RunState | DatasetInfo) -> str:
        """Return in words how this very run was made elsewhere, "" where it was another run."""
        if self.identity_with(other.made_with) != other.identity:
            return ""
        hint = "set portable: true for the same bytes on any machine"
        if self.config.portable:
            hint = "please report it with the output of augtool doctor"
        return f"{other.made_with.differences(self.made_with)}; {hint}"

    @property
    def places(self) -> WorkPlaces:
        """Where in the output the run works."""
        return WorkPlaces(self.identity, is_shared=not self.workspace.is_exclusive)

    @property
    def manifest(self) -> str:
        """Name of the manifest that it writes."""
        return INDEX if self.config.output.manifest == "parquet" else CSV

    def tops(self) -> list[str]:
        """Return the folders that it makes at the top of the output, as far as they are known."""
        tops = self.plan.tops() if self.sink.one_file_per_record else []
        return tops + ([PARTS] if is_index(self.manifest) else [])

    @property
    def soundness(self) -> Soundness:
        """What tells which results of the run can be believed."""
        names = columns(self.config.photometric_columns)
        folder = self.workspace.folder
        return Soundness(folder, self.places, names, self.plan, self.source)


def engine_of(job: Job) -> Engine:
    """Return the engine that the options ask for."""
    options = job.options
    return open_engine(options.engine, options.workers, timeout_s=options.timeout_s)


def worker_of(job: Job) -> Worker:
    """Return what makes the records of a job, to be sent to processes."""
    fingerprints = render_fingerprints(job.config, job.made_with)
    job.plan.renamed  # noqa: B018 - found once, before workers inherit the plan
    places = job.places
    # Where the run's own folder is gone, another process has completed or cleared the run.
    folder = ConfinedFolder(job.workspace.out, standing=places.root)
    records = RecordMaker(job.config, job.source, job.sink, folder, fingerprints)
    parts = (job.config, job.source, job.sink, job.plan, folder, places, records)
    return Worker(*parts, job.spec, job.config.own_code, job.made_with)
