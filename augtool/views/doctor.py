"""What is installed here, whether augtool can work with it, and the commands that fix it.

Each package is imported in a process of its own, so that one that is broken, or crashes, costs no
more than its own line.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from augtool import __version__
from augtool.errors import ExitCode
from augtool.runtime import cpu_count, memory_bytes
from augtool.runtime.opencv_wheels import (
    SYSTEM_LIBRARIES,
    Wheel,
    fix_opencv,
    installed_wheels,
    missing_libraries,
)
from augtool.runtime.packages import CORE, EXTRAS, pip_command, version_tuple

__all__ = ["Examination", "Imported", "Problem", "examine"]

#: Prints the version of a module, and for cv2 what the bytes of a picture depend on beside it.
_PROBE = """
import importlib, json, sys
name, *sys.path = sys.argv[1:]
module = importlib.import_module(name)
facts = {"version": getattr(module, "__version__", ""), "path": getattr(module, "__file__", "")}
if name == "cv2":
    module.setNumThreads(1)
    facts["cpu_features"] = module.getCPUFeaturesLine()
    facts["ipp"] = module.ipp.getIppVersion() if module.ipp.useIPP() else ""
print(json.dumps(facts))
"""
#: Prints what this machine makes of a small picture: as is, and with portable: true.
_HASHES = """
import json, sys
sys.path[:] = sys.argv[1:]
from augtool.runtime import load_opencv
load_opencv()
from augtool.config.schema import Config
from augtool.images.machine import FORMATS, machine_hashes
print(json.dumps([machine_hashes(Config(portable=each), FORMATS) for each in (False, True)]))
"""
_LONGEST_S = 120


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong, and what to run."""

    what: str
    fix: str


@dataclass(frozen=True, slots=True)
class Imported:
    """How the import of a module went.

    Parameters
    ----------
    facts
        What the module says of itself; empty where the import failed.
    error
        Why it failed; empty where it did not.
    """

    facts: Mapping[str, str] = field(default_factory=dict)
    error: str = ""

    @property
    def version(self) -> str:
        """The version, as the module has it."""
        return self.facts.get("version", "")

    @property
    def is_missing(self) -> bool:
        """Whether there is no such module."""
        return self.error.startswith("No module named")


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found. `problems` keep augtool from working; `notes` do not.

    `hashes` are those of :func:`augtool.images.machine.machine_hashes`, and those with
    ``portable: true``; empty where they can't be had.
    """

    augtool: str
    python: str
    system: str
    cpus: int
    memory: int
    imports: Mapping[str, Imported]
    wheels: list[Wheel]
    missing_libraries: list[str]
    hashes: Sequence[Mapping[str, str]] = ({}, {})

    @property
    def exit_code(self) -> ExitCode:
        """Failed when something keeps augtool from working."""
        return ExitCode.FAILED if self.problems else ExitCode.DONE

    @property
    def problems(self) -> list[Problem]:
        """What keeps augtool from working, or from writing the bytes that it promises."""
        found = []
        for module, requirement in CORE.items():
            imported = self.imports[module]
            if imported.error:
                what = f"{module} can't be imported: {imported.error}"
            elif _is_older(imported.version, requirement.lowest):
                what = f"{module} {imported.version} is older than {requirement.lowest}"
            else:
                continue
            fix = f'{pip_command("install")} --upgrade "{requirement.spec}"'
            if module == "cv2":
                fix = fix_opencv(imported.error, self.wheels, self.missing_libraries)
            found.append(Problem(what, fix))
        return found

    @property
    def fix(self) -> str:
        """The one command that fixes all problems; empty where there is none."""
        upgrade = f"{pip_command('install')} --upgrade "
        fixes = dict.fromkeys(problem.fix for problem in self.problems)
        specs = [fix.removeprefix(upgrade) for fix in fixes if fix.startswith(upgrade)]
        others = [fix for fix in fixes if not fix.startswith(upgrade)]
        return " && ".join([f"{upgrade}{' '.join(specs)}"] * bool(specs) + others)

    @property
    def notes(self) -> list[Problem]:
        """What does not keep augtool from working today."""
        found = []
        is_wrong = any(problem.what.startswith("cv2 ") for problem in self.problems)
        if len(self.wheels) > 1 and not is_wrong:
            names = " and ".join(wheel.name for wheel in self.wheels)
            found.append(
                Problem(
                    f"{names} share the folder cv2, which works as it is; after uninstalling or"
                    " upgrading one of them, run the command below",
                    fix_opencv("", self.wheels, self.missing_libraries),
                )
            )
        for module, requirement in EXTRAS.items():
            imported = self.imports[module]
            if imported.error and not imported.is_missing:
                what = f"{requirement.purpose}: {module} can't be imported: {imported.error}"
            elif _is_older(imported.version, requirement.lowest):
                what = f"{requirement.purpose}: {module} is older than {requirement.lowest}"
            else:
                continue
            fix = f'{pip_command("install")} --upgrade "{requirement.spec}"'
            found.append(Problem(what, fix))
        return found

    def to_json(self) -> dict[str, Any]:
        """Return all of it as values for JSON."""
        return {
            "ok": not self.problems,
            "augtool": self.augtool,
            "python": {"version": self.python, "executable": sys.executable},
            "system": {"name": self.system, "cpus": self.cpus, "memory": self.memory},
            "imports": {
                module: {"is_extra": module in EXTRAS, **imported.facts, "error": imported.error}
                for module, imported in self.imports.items()
            },
            "hashes": {"exact": self.hashes[0], "portable": self.hashes[1]},
            "opencv_wheels": [asdict(wheel) for wheel in self.wheels],
            "system_libraries": {
                name: name not in self.missing_libraries for name in SYSTEM_LIBRARIES
            },
            "fix": self.fix,
            "problems": [asdict(each) for each in self.problems],
            "notes": [asdict(each) for each in self.notes],
        }

    def to_text(self) -> str:
        """Return all of it for a person."""
        lines = [
            f"augtool {self.augtool}, Python {self.python} ({sys.executable})",
            f"{self.system}, {self.cpus} CPUs and {self.memory / 2**30:.1f} GiB for augtool",
            "",
        ]
        for module, imported in self.imports.items():
            said = imported.version or ("missing" if imported.is_missing else "broken")
            wanted = ""
            if module in EXTRAS:
                wanted = EXTRAS[module].purpose
                wanted += f" (pip install {EXTRAS[module].name})" if imported.is_missing else ""
            lines.append(f"{module:<12}{said:<10}{wanted}".rstrip())
        cv2 = self.imports["cv2"].facts
        if cv2:
            lines += [
                "",
                "the bytes of images depend on",
                f"  OpenCV        {cv2['version']}",
                f"  CPU features  {cv2['cpu_features']}",
                f"  IPP           {cv2['ipp'] or 'off'}",
                "hashes of what this machine makes of a small picture",
                f"  as it is      {_listed(self.hashes[0])}",
                f"  portable      {_listed(self.hashes[1])}",
            ]
        lines += ["", "cv2 is from"]
        for wheel in self.wheels:
            state = "" if wheel.is_whole else " (in cv2 its files are missing, or another's)"
            lines.append(f"  {wheel.name} {wheel.version}{state}")
        if not self.wheels:
            lines.append(f"  {cv2.get('path', 'nowhere')}")
        if self.missing_libraries and not all(wheel.is_headless for wheel in self.wheels):
            lines.append(f"  system libraries that are missing: {' '.join(self.missing_libraries)}")
        for each in self.notes:
            lines += ["", f"note: {each.what}", f"  {each.fix}"]
        lines += ["", *(f"problem: {each.what}" for each in self.problems)]
        lines.append(f"run: {self.fix}" if self.problems else "augtool can work here")
        return "\n".join(lines)


def _listed(hashes: Mapping[str, str]) -> str:
    return " ".join(f"{name} {digest}" for name, digest in hashes.items()) or "not known"


def _is_older(version: str, lowest: str) -> bool:
    """Tell whether a version is too old; one that says nothing is not."""
    return bool(version) and version_tuple(version) < version_tuple(lowest)


def examine() -> Examination:
    """Return what is installed here and how it is."""
    return Examination(
        augtool=__version__,
        python=platform.python_version(),
        system=f"{platform.platform()}",
        cpus=cpu_count(),
        memory=memory_bytes(),
        imports={module: _import_alone(module) for module in (*CORE, *EXTRAS)},
        wheels=installed_wheels(),
        missing_libraries=missing_libraries(),
        hashes=_hashes_alone(),
    )


def _import_alone(module: str) -> Imported:
    """Import a module in a process of its own, with the path of this one."""
    try:
        done = _run_alone(_PROBE, module)
    except subprocess.TimeoutExpired:
        return Imported(error=f"its import takes longer than {_LONGEST_S} s")
    if done.returncode == 0:
        return Imported(json.loads(done.stdout.splitlines()[-1]))
    if done.returncode < 0:
        return Imported(error=f"its import crashes (signal {-done.returncode})")
    *_, last = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return Imported(error=last.partition(": ")[2] or last)


def _hashes_alone() -> Sequence[Mapping[str, str]]:
    """Return the hashes of this machine; what keeps them from being had is a problem anyway."""
    try:
        done = _run_alone(_HASHES)
        exact, portable = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return ({}, {})
    return (exact, portable)


def _run_alone(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, with the path of this one."""
    command = [sys.executable, "-c", code, *arguments, *sys.path]
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=_LONGEST_S
    )
