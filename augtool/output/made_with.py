"""What bytes depend on beside inputs and config: versions, and the machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import cv2
import numpy as np

from augtool import __version__
from augtool.config.schema import Config
from augtool.images.machine import machine_hashes

__all__ = ["MadeWith"]

#: Sinks, metadata and manifests whose files name the version of a package.
_WRITERS = {"parquet": "pyarrow", "hf-parquet": "pyarrow"}


class MadeWith(NamedTuple):
    """What made an output, or what would make it here.

    Parameters
    ----------
    versions
        Of augtool, OpenCV and NumPy, and of what writes the output's files; with ``portable: true``
        OpenCV and NumPy don't count.
    machine
        From :func:`augtool.images.machine.machine_hashes`; empty for outputs of earlier versions.
    """

    versions: dict[str, str]
    machine: dict[str, str]

    @classmethod
    def here(cls, config: Config, formats: Iterable[str]) -> MadeWith:
        """Return what would make an output of some file formats in this process."""
        versions = {"augtool": __version__}
        if not config.portable:
            versions |= {"cv2": cv2.__version__, "numpy": np.__version__}
        for written in (config.output.to, config.output.metadata, config.output.manifest):
            if package := _WRITERS.get(written or ""):
                versions[package] = _installed(package)
        return cls(versions, machine_hashes(config, formats))

    @property
    def of_images(self) -> MadeWith:
        """What an image's file depends on: not what writes tables beside it."""
        tables = set(_WRITERS.values())
        versions = {name: each for name, each in self.versions.items() if name not in tables}
        return self._replace(versions=versions)

    def as_seen_by(self, other: MadeWith) -> MadeWith:
        """Return this, without formats that another does not know, and with its own beside.

        Files of one format are the same whichever others there are.
        """
        if not self.machine:
            return self
        machine = {name: self.machine.get(name, value) for name, value in other.machine.items()}
        return self._replace(machine=machine)

    def differences(self, here: MadeWith) -> str:
        """Return in words how what made an output differs from what is here, "" if not at all."""
        found = [
            f"{name} {there} there, {now} here"
            for name, there, now in _unequal(self.versions, here.versions)
        ]
        steps = [name for name, *_ in _unequal(self.machine, here.machine)]
        return "; ".join(found + ([f"other bytes of {', '.join(steps)}"] if steps else []))

    def to_json(self) -> dict[str, str]:
        """Return all of it in one object."""
        return {**self.versions, **self.machine}


def _unequal(there: dict[str, str], here: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    for name in {**there, **here}:
        if there.get(name) != here.get(name):
            yield name, there.get(name, "unknown"), here.get(name, "unknown")


def _installed(package: str) -> str:
    from importlib import metadata  # noqa: PLC0415 - takes longer than the rest of this file

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "missing"
