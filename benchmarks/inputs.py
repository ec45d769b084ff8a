"""Lay out the input folders: pictures made in code, or taken from a folder of real ones.

A finished folder carries a stamp beside it and is used again by later runs.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

MAKER = Path(__file__).resolve().parent / "pictures.py"
JPEG_SUFFIXES = {".jpg", ".jpeg"}


class InputsError(ValueError):
    """The folder given with --data holds nothing to work on."""


def made_pictures(kind: str, count: int, *, folder: Path, python: Path) -> Path:
    """Return a folder with `count` made pictures, after making them if need be.

    Parameters
    ----------
    kind : str
        A key of `pictures.KINDS`.
    count : int
        Number of pictures.
    folder : Path
        Where such folders live.
    python : Path
        An interpreter that has numpy and cv2.
    """
    root, stamp = folder / f"{kind}-{count}", folder / f"{kind}-{count}.txt"
    recipe = MAKER.read_text(encoding="utf-8")
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == recipe:
        return root
    shutil.rmtree(root, ignore_errors=True)
    command = [str(python), str(MAKER), "--kind", kind, "--count", str(count), "--out", str(root)]
    subprocess.run(command, check=True)
    stamp.write_text(recipe, encoding="utf-8")
    return root


def real_pictures(data: Path, count: int, *, root: Path) -> Path:
    """Fill the folder `root` with `count` JPEG files taken from the class folders of `data`.

    Where `data` has fewer, its files come again under further names; where it has more,
    they are taken at even distances. A `root` that exists is left as it is. Nothing in
    `data` is changed.

    Raises
    ------
    InputsError
        When no JPEG file is found below `data`.
    """
    found = sorted(p for p in data.glob("*/*") if p.suffix.lower() in JPEG_SUFFIXES)
    if not found:
        msg = f"no JPEG files in '{data}'; expected one folder per class, e.g. {data}/cat/1.jpg"
        raise InputsError(msg)
    if root.is_dir():
        return root
    taken = min(count, len(found))
    for number in range(count):
        source = found[number % taken * len(found) // taken]
        target = root / source.parent.name / f"{source.stem}_{number:06d}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return root


def read_all(root: Path) -> int:
    """Read every file below `root` once, into the page cache; return their bytes."""
    return sum(len(path.read_bytes()) for path in root.rglob("*") if path.is_file())
