"""Describe the machine that a benchmark runs on; no measuring here."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

VERSIONS = """
import importlib.metadata as m, platform, sys
parts = [f"Python {platform.python_version()}"]
for name in sys.argv[1:]:
    try:
        parts.append(f"{name} {m.version(name)}")
    except m.PackageNotFoundError:
        pass
print(", ".join(parts))
"""


def usable_cpus() -> int:
    """Return how many CPUs this process may use: affinity and cgroup v2 quota."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(count or 1, _quota_cpus()))


def _quota_cpus() -> int:
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return max(1, int(quota) // int(period))
    except (OSError, ValueError):  # no such file, or "max": no limit
        return os.cpu_count() or 1


def cpu_model() -> str:
    """Return the processor's name as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def load_average() -> float:
    """Return how many processes wanted a CPU during the last minute, on average."""
    return os.getloadavg()[0]


def header(
    pythons: Mapping[str, Path], packages: tuple[str, ...], extent: Mapping[str, str]
) -> dict[str, str]:
    """Return what a reader must know to judge numbers; `extent` says how much was measured."""
    return {
        "date": date.today().isoformat(),
        "command": shlex.join(["python", *sys.argv]),
        "machine": f"{cpu_model()}, {usable_cpus()} usable CPUs",
        "system": platform.platform(),
        "load before": f"{load_average():.2f}",
        **extent,
        **{f"environment {name}": versions(python, packages) for name, python in pythons.items()},
    }


def versions(python: Path, packages: tuple[str, ...]) -> str:
    """Return the versions of `python` and of those `packages` that it has, as one line."""
    command = [str(python), "-c", VERSIONS, *packages]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
