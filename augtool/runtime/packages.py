"""The packages that augtool uses, and how this environment installs one.

pyproject.toml says the same to installers; a test holds the two together.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CORE", "EXTRAS", "Requirement", "fix_import", "pip_command", "version_tuple"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package that augtool imports.

    Parameters
    ----------
    name
        Its name on PyPI.
    lowest
        The oldest version that augtool works with.
    purpose
        What needs it, if augtool works without.
    below
        The first version that augtool is not for; "" where none is known.
    """

    name: str
    lowest: str
    purpose: str = ""
    below: str = ""

    @property
    def spec(self) -> str:
        """The requirement as installers take it."""
        return f"{self.name}>={self.lowest}" + (f",<{self.below}" if self.below else "")


#: By the name that it is imported under.
CORE = {
    # 5.0 made the linear warp exact; 4.x gives other pixels, but for portable: true from 4.13 on.
    "cv2": Requirement("opencv-python", "5.0"),
    "numpy": Requirement("numpy", "2.0"),
    "pydantic": Requirement("pydantic", "2.1"),
    "yaml": Requirement("pyyaml", "6.0"),
    "simplejpeg": Requirement("simplejpeg", "1.8"),
    "tqdm": Requirement("tqdm", "4.40"),
    "typer": Requirement("typer", "0.22"),
}
EXTRAS = {
    "fpng": Requirement("fpng", "0.1", "output.png_encoder: fpng"),
    "jinja2": Requirement("jinja2", "3.0", "augtool report"),
    "obstore": Requirement("obstore", "0.11", "s3://, gs:// and az:// URLs"),
    "pyarrow": Requirement("pyarrow", "16", "--to parquet, large manifests"),
    "ray": Requirement("ray", "2.60", "--engine ray", below="3"),
}


def fix_import(error: ImportError) -> str | None:
    """Return the command that installs what an import misses; None if augtool does not use it."""
    requirement = {**CORE, **EXTRAS}.get((error.name or "").partition(".")[0])
    return f'{pip_command("install")} "{requirement.spec}"' if requirement else None


def version_tuple(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, to compare it.

    >>> version_tuple("4.13.0.92") < version_tuple("5.0")
    True
    """
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def pip_command(what: str) -> str:
    """Return how this environment's installer is called: "install", "reinstall" or "uninstall"."""
    if importlib.util.find_spec("pip") is None:
        with_uv = {"install": "install", "reinstall": "install --reinstall --no-deps"}
        python = f"--python {_quoted(sys.executable)}"
        return f"uv pip {with_uv.get(what, what)} {python}"
    with_pip = {"reinstall": "install --force-reinstall --no-deps", "uninstall": "uninstall -y"}
    beside = shutil.which("pip")
    is_ours = beside is not None and Path(beside).parent == Path(sys.executable).parent
    pip = "pip" if is_ours else f"{_quoted(sys.executable)} -m pip"
    return f"{pip} {with_pip.get(what, what)}"


def _quoted(path: str) -> str:
    """Return a path as a word that every shell takes."""
    return path if re.fullmatch(r"[\w./:\\~+-]+", path) else f'"{path}"'
