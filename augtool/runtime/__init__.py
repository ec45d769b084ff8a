"""What a process needs to know and to set before it works: OpenCV, CPUs, memory.

It imports nothing heavy, and nothing of augtool but its errors.
"""

from __future__ import annotations

from augtool.runtime.machine import (
    DEFAULT_LIMITS,
    DEFAULT_TIMEOUT_S,
    Limits,
    cpu_count,
    keep_freed_memory,
    memory_bytes,
)
from augtool.runtime.opencv import load_opencv

__all__ = [
    "DEFAULT_LIMITS",
    "DEFAULT_TIMEOUT_S",
    "Limits",
    "cpu_count",
    "keep_freed_memory",
    "load_opencv",
    "memory_bytes",
]
