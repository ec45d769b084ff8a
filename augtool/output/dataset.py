"""What describes an output beside its manifest: dataset.json, and the names of OUT's own files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from augtool.errors import InputError
from augtool.storage.files import clean_errors, sha256_of

__all__ = [
    "DATASET",
    "FAILURES",
    "MANIFEST",
    "OWN_FILES",
    "REPORT",
    "describe_files",
    "read_dataset",
]

MANIFEST, DATASET, FAILURES, REPORT = "manifest.csv", "dataset.json", "failures.csv", "report.html"
#: What may lie in an output beside its records.
OWN_FILES = (MANIFEST, f"{MANIFEST}.tmp", DATASET, FAILURES, REPORT)


def read_dataset(out: Path) -> dict[str, Any]:
    """Return dataset.json of a finished output.

    Raises
    ------
    InputError
        When it is not there or damaged.
    """
    path = out / DATASET
    try:
        dataset = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror}; is {out} augtool's?") from error
    except ValueError as error:
        raise InputError(f"{path}: is damaged ({error}); expand again with --overwrite") from error
    if not isinstance(dataset, dict):
        raise InputError(f"{path}: is damaged; expand again with --overwrite")
    return dataset


def describe_files(folder: Path, names: Iterable[str] | None = None) -> dict[str, dict[str, Any]]:
    """Return size and SHA-256 of files below a folder (all of them, or some), by path."""
    paths = [folder / name for name in names] if names is not None else sorted(folder.rglob("*"))
    return {path.relative_to(folder).as_posix(): _facts(path) for path in paths if path.is_file()}


def _facts(path: Path) -> dict[str, Any]:
    with clean_errors(path):
        return {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
