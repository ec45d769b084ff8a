"""Ways to run work; a new one is a file and a line in the registry below."""

from __future__ import annotations

from augtool.engines.engine import Died, Done, Engine, Function
from augtool.engines.processes import ProcessEngine
from augtool.engines.serial import SerialEngine
from augtool.errors import ConfigError

__all__ = ["ENGINES", "Died", "Done", "Engine", "Function", "open_engine"]

ENGINES: dict[str, type[Engine]] = {kind.name: kind for kind in (ProcessEngine, SerialEngine)}


def open_engine(name: str, workers: int) -> Engine:
    """Return the engine of a name.

    Raises
    ------
    ConfigError
        When there is no such engine.
    """
    if name not in ENGINES:
        raise ConfigError(f"--engine: got {name!r}; expected one of {', '.join(ENGINES)}")
    return ENGINES[name](workers)
