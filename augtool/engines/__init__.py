"""Ways to run work; a new one is a file and a line in the registry below."""

from __future__ import annotations

from collections.abc import Mapping

from augtool.engines.alone import LoneWorker
from augtool.engines.deadline import DEFAULT_TIMEOUT_S, check_timeout, item_deadline
from augtool.engines.engine import Died, Done, Engine, Function
from augtool.errors import ConfigError
from augtool.runtime.registry import Registry

__all__ = [
    "DEFAULT_TIMEOUT_S",
    "Died",
    "Done",
    "ENGINES",
    "Engine",
    "Function",
    "LoneWorker",
    "item_deadline",
    "open_engine",
    "open_near",
]

ENGINES: Mapping[str, type[Engine]] = Registry(
    __name__,
    {
        "processes": "processes.ProcessEngine",
        "serial": "serial.SerialEngine",
        "ray": "ray.RayEngine",
    },
)


def open_engine(name: str, workers: int | None, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> Engine:
    """Return the engine of a name; `timeout_s` is what an item may take, 0 for any time.

    `workers` is how many items it works on at once; None for as many as it has CPUs.

    Raises
    ------
    ConfigError
        When there is no such engine, or the time limit makes no sense.
    EngineError
        When it needs a package that is not installed.
    """
    check_timeout(timeout_s)
    if name not in ENGINES:
        raise ConfigError(f"--engine: got {name!r}; expected one of {', '.join(ENGINES)}")
    return ENGINES[name](workers, timeout_s=timeout_s)


def open_near(name: str, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> Engine:
    """Return what runs a few items beside this process, for a run with the engine of a name."""
    return open_engine("serial" if name == "serial" else "processes", 1, timeout_s=timeout_s)
