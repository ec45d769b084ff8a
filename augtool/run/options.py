"""How a run is run, apart from what it makes: workers, failures, what to do with an old OUT."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from augtool.engines import DEFAULT_TIMEOUT_S
from augtool.run.lineage import LineageMode
from augtool.sources import SourceOptions

__all__ = ["Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is run: what is made depends only on `kind`, `source` and `lineage` of it.

    Parameters
    ----------
    workers
        Number of processes; None for the CPUs that this process may use.
    engine
        A name of :data:`augtool.engines.ENGINES`.
    timeout_s
        Seconds that decoding an image may take, and making each of its copies; 0 for any time. An
        image that takes longer can't be used. The serial engine, and Windows, have no limit.
    on_error
        What an input that can't be used does: ``skip`` notes it, ``fail`` stops the run.
    existing
        What to do with an output of other inputs or another config: ``refuse`` it, ``overwrite``
        it, or ``update`` it, keeping every file that is still right.
    dry_run
        Plan only; nothing is made.
    checksum
        Compare sources by their SHA-256, not by their modification times.
    lineage
        What to do with copies that an earlier run made: ``refuse`` them, read only the
        ``originals``, or keep them ``grouped`` with their originals in every split.
    kind
        Name of the source; None to detect it.
    source
        Settings of the source, such as ``{"follow_links": True}``.
    """

    workers: int | None = None
    engine: str = "processes"
    timeout_s: float = DEFAULT_TIMEOUT_S
    on_error: Literal["skip", "fail"] = "skip"
    existing: Literal["refuse", "overwrite", "update"] = "refuse"
    dry_run: bool = False
    checksum: bool = False
    lineage: LineageMode = "refuse"
    kind: str | None = None
    source: SourceOptions = field(default_factory=SourceOptions)
