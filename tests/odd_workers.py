"""augtool with workers that are slow, or that one picture kills; they can be sent to any machine.

python -c 'from tests.odd_workers import main; main()' SlowWorker expand data out ...
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import fields

from augtool.cli import app
from augtool.plan.task import TaskRef
from augtool.run import work
from augtool.run.chunk_results import ChunkSummary
from augtool.run.job import Job
from augtool.run.worker import Worker

__all__ = ["DeadlyWorker", "SlowWorker", "main"]


class SlowWorker(Worker):
    """Takes a while for each sample."""

    def __call__(self, refs: Sequence[TaskRef]) -> list[ChunkSummary]:
        time.sleep(0.1 * len(refs))
        return super().__call__(refs)


class DeadlyWorker(Worker):
    """Dies of cat/01.png."""

    def __call__(self, refs: Sequence[TaskRef]) -> list[ChunkSummary]:
        if any(task.sample.id == "cat/01.png" for task in self.plan.tasks(refs)):
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().__call__(refs)


def main() -> None:
    """Run the command line with the kind of worker that comes first."""
    kind = {each.__name__: each for each in (SlowWorker, DeadlyWorker)}[sys.argv.pop(1)]
    worker_of = work.worker_of

    def odd_worker_of(job: Job) -> Worker:
        plain = worker_of(job)
        return kind(*(getattr(plain, each.name) for each in fields(plain)))

    work.worker_of = odd_worker_of
    app.main()
