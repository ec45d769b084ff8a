"""Build a virtual environment for each rival, once.

An environment is made again when its requirements change; augtool's is brought up to
date when the checkout changes. Runs nothing but `venv` and `pip`.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]

REQUIREMENTS: dict[str, tuple[str, ...]] = {
    # A path is installed as it is; the other entries are pip requirements.
    "augtool": (str(CHECKOUT), "fpng"),
    "albumentations": ("albumentations==2.0.8", "opencv-python-headless>=5"),
    "torchvision": ("torch==2.14.1", "torchvision==0.29.1", "numpy"),
    # Keras needs a backend to be imported, even its numpy one imports jax;
    # jax is the smallest. ImageDataGenerator itself uses numpy, scipy and Pillow.
    "keras": ("keras>=3", "jax", "pillow", "scipy"),
    "augmentor": ("Augmentor==0.2.12", "pillow", "numpy"),
    "ray": (f"{CHECKOUT}[ray]", "fpng"),
}

# What the header of a report names, where installed.
REPORTED = (
    *("augtool", "opencv-python", "opencv-python-headless", "numpy", "fpng"),
    *("albumentations", "torch", "torchvision", "keras", "jax", "Augmentor", "pillow", "scipy"),
    "ray",
)

STAMP = "benchmark-requirements.txt"


class BuildError(RuntimeError):
    """An environment could not be built; the text ends with what pip said."""


def build(name: str, folder: Path) -> Path:
    """Return the interpreter of environment `name`, after building it if need be.

    Parameters
    ----------
    name : str
        A key of `REQUIREMENTS`.
    folder : Path
        Where the environments live, one sub-folder each.

    Returns
    -------
    Path
        The environment's `python`.

    Raises
    ------
    BuildError
        When venv or pip fails.
    """
    home = folder / name
    python = home / "bin" / "python"
    stamp = home / STAMP
    wanted = _stamp_text(name)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    sys.stderr.write(f"building the environment of {name} in {home}\n")
    shutil.rmtree(home, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    _run([sys.executable, "-m", "venv", str(home)])
    _run([str(python), "-m", "pip", "install", "--quiet", *REQUIREMENTS[name]])
    stamp.write_text(wanted, encoding="utf-8")
    return python


def _stamp_text(name: str) -> str:
    lines = [sys.version, *REQUIREMENTS[name]]
    if any(each.startswith(str(CHECKOUT)) for each in REQUIREMENTS[name]):
        lines.append(_checkout_digest())
    return "\n".join(lines) + "\n"


def _checkout_digest() -> str:
    """Return a hash over what pip would install from the checkout."""
    digest = hashlib.sha256()
    sources = [CHECKOUT / "pyproject.toml", *(CHECKOUT / "augtool").rglob("*.py")]
    for path in sorted(sources):
        if path.is_file():
            digest.update(str(path.relative_to(CHECKOUT)).encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        said = (done.stdout + done.stderr)[-2000:]
        msg = f"{' '.join(command)}: exit code {done.returncode}\n{said}"
        raise BuildError(msg)
