"""Which OpenCV wheels this environment has, and the one command that makes cv2 work in it.

The wheels (``opencv-python``, ``-headless``, ``-contrib-...``) all install one folder, ``cv2``: the
one that came last has its files there, and uninstalling any takes files of the others along.  Those
that are not headless need libraries of the system.  All of this is read from what the installer
noted, so that it can be told where cv2 can't be imported.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata

from augtool.runtime.packages import CORE, pip_command, version_tuple

__all__ = [
    "SYSTEM_LIBRARIES",
    "Wheel",
    "fix_opencv",
    "installed_wheels",
    "missing_libraries",
]

_LOWEST = CORE["cv2"].lowest
#: What wheels that are not headless load from the system, and Debian's package of it.
SYSTEM_LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxcb.so.1": "libxcb1",
}


@dataclass(frozen=True, slots=True)
class Wheel:
    """An installed distribution that has a folder ``cv2``.

    Parameters
    ----------
    name
        Its name on PyPI.
    version
        Its version, such as 5.0.0.93.
    is_whole
        Whether all its files lie there as it installed them.
    """

    name: str
    version: str
    is_whole: bool = True

    @property
    def is_headless(self) -> bool:
        """Whether it loads no libraries of the system for windows."""
        return "headless" in self.name

    @property
    def is_contrib(self) -> bool:
        """Whether it has the extra modules, and so is more than the others."""
        return "contrib" in self.name

    @property
    def is_recent(self) -> bool:
        """Whether augtool works with its version."""
        return version_tuple(self.version) >= version_tuple(_LOWEST)


def installed_wheels() -> list[Wheel]:
    """Return the wheels that have a folder ``cv2``, sorted by name."""
    wheels = {}
    for distribution in metadata.distributions():
        name = (distribution.metadata["Name"] or "").lower().replace("_", "-")
        if "opencv" in name and name not in wheels:  # the first on the path is the one that counts
            files = [each for each in distribution.files or () if each.parts[:1] == ("cv2",)]
            if files:
                is_whole = all(map(_is_as_installed, files))
                wheels[name] = Wheel(name, distribution.version, is_whole)
    return [wheels[name] for name in sorted(wheels)]


def _is_as_installed(file: metadata.PackagePath) -> bool:
    """Tell by its size whether a file is still the one of its wheel."""
    if file.size is None:  # bytecode
        return True
    try:
        return os.stat(str(file.locate())).st_size == file.size  # noqa: PTH116
    except OSError:
        return False


def missing_libraries() -> list[str]:
    """Return which of the system's libraries can't be loaded; only Linux wheels need them."""
    if sys.platform != "linux":
        return []
    missing = []
    for name in SYSTEM_LIBRARIES:
        try:
            ctypes.CDLL(name)
        except OSError:
            missing.append(name)
    return missing


def fix_opencv(
    problem: str, wheels: Sequence[Wheel] | None = None, missing: Sequence[str] | None = None
) -> str:
    """Return the command that makes cv2 work in this environment.

    Parameters
    ----------
    problem
        What the import said.
    wheels
        What is installed; None to look.
    missing
        Libraries of the system that can't be loaded; None to look.
    """
    wheels = installed_wheels() if wheels is None else wheels
    missing = missing_libraries() if missing is None else missing
    if importlib.util.find_spec("numpy") is None:
        return f'{pip_command("install")} "{CORE["numpy"].spec}"'
    if "numpy" in problem:
        return f"{pip_command('reinstall')} numpy"
    library = re.search(r"(\S+\.so[.\d]*): cannot open shared object file", problem)
    if library and all(wheel.is_headless for wheel in wheels) and wheels:
        package = SYSTEM_LIBRARIES.get(library[1], f"the package that has {library[1]}")
        return f"apt-get install {package}"
    return _install(wheels, needs_headless=bool(library or missing))


def _install(wheels: Sequence[Wheel], *, needs_headless: bool) -> str:
    """Return the command that leaves a whole ``cv2`` that loads here, and changes little else."""
    loadable = [wheel for wheel in wheels if wheel.is_headless or not needs_headless]
    is_contrib = any(wheel.is_contrib for wheel in wheels)
    if not loadable:
        kind = "opencv-contrib-python" if is_contrib else "opencv-python"
        kind += "-headless" if needs_headless else ""
        recent = [wheel for wheel in wheels if wheel.is_recent]
        # The same version gives the same pixels.
        bound = f"{kind}=={recent[0].version}" if recent else f'"{kind}>={_LOWEST}"'
        command = f"{pip_command('install')} {bound}"
        names = " ".join(wheel.name for wheel in wheels)
        return f"{pip_command('uninstall')} {names} && {command}" if wheels else command
    best = max(
        loadable,
        key=lambda each: (each.is_recent, each.is_contrib, not each.is_headless, each.version),
    )
    if not best.is_recent:
        return f'{pip_command("install")} --upgrade "{best.name}>={_LOWEST}"'
    return f"{pip_command('reinstall')} {best.name}=={best.version}"
