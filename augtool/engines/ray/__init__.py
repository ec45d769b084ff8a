"""Ray: as many workers as a cluster has CPUs, on however many machines."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any, ClassVar

from augtool.engines.deadline import DEFAULT_TIMEOUT_S
from augtool.engines.engine import Function, Item, Outcomes, Result
from augtool.engines.ray.actor import Actor, PackedFunction
from augtool.engines.ray.cluster import cluster, require_ray
from augtool.engines.ray.crew import Crew

__all__ = ["RayEngine"]


class RayEngine:
    """Runs the function on the cluster of RAY_ADDRESS, or on one that it starts here.

    Raises
    ------
    EngineError
        When Ray is not installed.
    """

    name: ClassVar[str] = "ray"

    def __init__(self, workers: int | None = None, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        require_ray()
        self.workers, self.timeout_s = workers, timeout_s

    def run(
        self, function: Function[Item, Result], chunks: Iterable[Sequence[Item]]
    ) -> Outcomes[Item, Result]:
        """Yield results as they arrive; Ray is not started where there are no chunks."""
        chunks = iter(chunks)
        first = list(islice(chunks, 1))
        if not first:
            return
        packed = PackedFunction(function)
        with cluster(self.workers, packed.size) as here:
            head = [*first, *islice(chunks, (self.workers or here.cpus) - 1)]
            kind = here.ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(Actor)
            stored = here.ray.put(packed)

            def start() -> Any:
                return kind.remote(stored, self.timeout_s, os.getcwd())  # noqa: PTH109

            yield from Crew(here, start, len(head)).run(chain(head, chunks))
