"""A record: one written file, as its manifest row tells it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from augtool.core.geometry import Affine
from augtool.core.pipeline import GEOMETRY_COLUMNS, Params

__all__ = ["AUGMENTED", "MATRIX_COLUMNS", "ORIGINAL", "Record"]

ORIGINAL, AUGMENTED = "original", "augmented"
MATRIX_COLUMNS = ("m00", "m01", "m02", "m10", "m11", "m12")


class Record(NamedTuple):
    """One written file: where it is, where it came from, and what was done to it.

    `copy`, `matrix` and `params` are None for originals. A tuple: one is made for each file.
    """

    path: str
    split: str
    class_name: str
    label: int
    source: str
    copy: int | None
    width: int
    height: int
    sha256: str
    source_sha256: str
    matrix: Affine | None = None
    params: Params | None = None

    @property
    def kind(self) -> str:
        """Return original or augmented."""
        return ORIGINAL if self.copy is None else AUGMENTED

    def facts(self, photometric: Sequence[str]) -> dict[str, Any]:
        """Return the manifest row by column, without the path and what is empty.

        `photometric` are the columns of the level changes that are on.
        """
        drawn = self.params or {}
        named: dict[str, Any] = {
            "split": self.split,
            "class": self.class_name,
            "label": self.label,
            "kind": self.kind,
            "source": self.source,
            "copy": self.copy,
            "width": self.width,
            "height": self.height,
            "sha256": self.sha256,
            "source_sha256": self.source_sha256,
            **dict(zip(MATRIX_COLUMNS, self.matrix or ())),
            **{name: drawn.get(name) for name in (*GEOMETRY_COLUMNS, *photometric)},
        }
        return {name: value for name, value in named.items() if value not in (None, "")}
