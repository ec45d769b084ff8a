"""Expand image-classification data sets on disk: reproducibly, on all cores.

The names below are the Python API; they are imported when they are first used, so that
``import augtool`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from augtool.config.schema import Config
    from augtool.errors import AugtoolError, ConfigError, EngineError, InputError, OutputError
    from augtool.images.arrays import Augmented, augment
    from augtool.run.expand import expand
    from augtool.run.options import Options, Shard
    from augtool.run.report import Report

__version__ = "0.1.0"

__all__ = [
    "Augmented",
    "AugtoolError",
    "Config",
    "ConfigError",
    "EngineError",
    "InputError",
    "Options",
    "OutputError",
    "Report",
    "Shard",
    "__version__",
    "augment",
    "expand",
]

_HOMES = {
    "augtool.images.arrays": ("Augmented", "augment"),
    "augtool.config.schema": ("Config",),
    "augtool.errors": ("AugtoolError", "ConfigError", "EngineError", "InputError", "OutputError"),
    "augtool.run.expand": ("expand",),
    "augtool.run.options": ("Options", "Shard"),
    "augtool.run.report": ("Report",),
}


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            value = getattr(import_module(module), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'augtool' has no attribute {name!r}")
