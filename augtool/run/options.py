"""How a run is run, apart from what it makes: workers, failures, what to do with an old OUT."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from augtool.engines import DEFAULT_TIMEOUT_S
from augtool.errors import ConfigError
from augtool.run.lineage import LineageMode
from augtool.sources import SourceOptions

__all__ = ["Options", "Shard"]


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `count` shares of a run, which are made in any order, at the same time or not.

    Parameters
    ----------
    index
        Which one, from 0.
    count
        How many there are.

    Raises
    ------
    ConfigError
        When there is no such share.
    """

    index: int
    count: int

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count:
            last = f"{self.count - 1}/{self.count}" if self.count > 0 else "n-1/n"
            raise ConfigError(
                f"--shard: got {self}; shards are numbered from 0, so expected"
                f" 0/{max(self.count, 1)} to {last}"
            )

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def has(self, chunk: int) -> bool:
        """Tell whether a chunk is in this share."""
        return chunk % self.count == self.index


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is run: what is made depends only on `kind`, `source` and `lineage` of it.

    Parameters
    ----------
    workers
        Number of processes; None for the CPUs that this process, or a cluster, may use.
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
    shard
        The share of the run to make; None for all of it.
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
    shard: Shard | None = None
    lineage: LineageMode = "refuse"
    kind: str | None = None
    source: SourceOptions = field(default_factory=SourceOptions)

    def __post_init__(self) -> None:
        if self.shard is not None and self.existing != "refuse":
            raise ConfigError(
                f"--shard: can't be combined with --{self.existing}, which needs OUT for itself;"
                " leave one of them out"
            )
