"""The index of a manifest in parts: manifest.json, which says what lies in the folder beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from augtool.errors import InputError
from augtool.output.manifest_columns import REPAIR, Kind, leading_kinds
from augtool.storage.confined import ConfinedFolder
from augtool.storage.files import open_regular
from augtool.storage.json_fields import JsonFields, sealed_bytes
from augtool.storage.which_manifest import PARTS, is_part

__all__ = ["Index", "OpenPart", "Part", "opener_beside", "read_index"]

#: Opens a part by its path below the output, ``manifest/part-...``, without following links.
OpenPart = Callable[[str], BinaryIO]

_FORMAT = "augtool manifest 1"
_MOST_BYTES = 2**26
_MOST_COLUMNS = 1000


class Part(NamedTuple):
    """A file of rows: its name, how many it has, and its SHA-256."""

    name: str
    rows: int
    sha256: str

    @property
    def path(self) -> str:
        """Where it lies below the output."""
        return f"{PARTS}/{self.name}"

    @staticmethod
    def name_of(number: int, sha256: str) -> str:
        """Return the name of a part; names sort as their rows do."""
        return f"part-{number:05d}-{sha256[:16]}.parquet"


class Index(NamedTuple):
    """What manifest.json says: what each column holds, in their order, and the parts in theirs."""

    columns: dict[str, Kind]
    parts: list[Part]

    @classmethod
    def parse(cls, data: bytes) -> Index:
        """Return what a file's bytes say.

        Raises
        ------
        ValueError
            When they are torn, or not augtool's, or name what lies elsewhere.
        """
        fields = JsonFields.parse(data)
        if fields.get("format", str) != _FORMAT:
            raise ValueError(f"its format is not {_FORMAT!r}")
        columns = fields.mapping("columns", str)
        leading = leading_kinds()
        if list(columns.items())[: len(leading)] != list(leading.items()):
            raise ValueError("its first columns are not known")
        kinds = set(list(columns.values())[len(leading) :])
        if len(columns) > _MOST_COLUMNS or not kinds <= {"int64", "double"}:
            raise ValueError("its columns are not those of transforms")
        parts = [
            Part(name, each.get("rows", int), each.get("sha256", str))
            for name, each in fields.fields("parts").objects().items()
        ]
        for part in parts:
            if not is_part(part.name) or part.rows < 0:
                raise ValueError(f"{part.name!r:.80} is no part of a manifest")
        return cls(columns, parts)  # type: ignore[arg-type]  # looked at above

    def encode(self) -> bytes:
        """Return the file's bytes."""
        return sealed_bytes(
            {
                "format": _FORMAT,
                "columns": self.columns,
                "rows": sum(part.rows for part in self.parts),
                "parts": {
                    part.name: {"rows": part.rows, "sha256": part.sha256} for part in self.parts
                },
            }
        )


def read_index(path: Path) -> Index:
    """Return an index.

    Raises
    ------
    InputError
        When it can't be read, or is not augtool's.
    """
    try:
        with open_regular(path) as file:
            return Index.parse(file.read(_MOST_BYTES))
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path}: is no augtool manifest ({error}); {REPAIR}") from error


def opener_beside(path: Path) -> OpenPart:
    """Return what opens the parts of an index that lies in its place."""
    return ConfinedFolder(path.parent).open
