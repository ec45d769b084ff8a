"""Writers of records; a new one is a file and a line in the registry below."""

from __future__ import annotations

import difflib

from augtool.config import Config
from augtool.errors import ConfigError
from augtool.sinks.sink import ChunkWriter, Entry, Sink
from augtool.sinks.tree import TreeSink

__all__ = ["SINKS", "ChunkWriter", "Entry", "Sink", "open_sink"]

SINKS: dict[str, type[Sink]] = {kind.name: kind for kind in (TreeSink,)}


def open_sink(config: Config) -> Sink:
    """Return the sink that the config names.

    Raises
    ------
    ConfigError
        When there is no such sink, or it can't do what the config asks.
    """
    name = config.output.to
    if name not in SINKS:
        near = difflib.get_close_matches(name, SINKS, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(SINKS)}"
        raise ConfigError(f"output.to: got {name!r}; {hint}")
    return SINKS[name](config)
