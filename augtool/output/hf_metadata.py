"""`metadata.csv` for Hugging Face's imagefolder: what the manifest says, beside the pictures.

``load_dataset("imagefolder", data_dir="out")`` then has the columns below for every picture. The
library takes the label from this table, not from the folders, once a table is there.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from augtool.output import manifest
from augtool.output.manifest import to_csv
from augtool.storage.files import clean_errors

__all__ = ["write_metadata"]

_NAME = "metadata.csv"
_COLUMNS = ("file_name", "label", "class", "kind", "source", "copy")


def write_metadata(out: Path, rows: Path) -> list[str]:
    """Write a table into each split's folder, or into `out` where there are no splits.

    Parameters
    ----------
    out
        The folder that becomes the output.
    rows
        Its manifest.

    Returns
    -------
    list of str
        The tables' paths below `out`.
    """
    with contextlib.ExitStack() as stack:
        tables = {}
        for record in manifest.read(rows):
            folder, _, below = record.path.partition("/")
            is_split = folder == record.split and "/" in below
            name = f"{folder}/{_NAME}" if is_split else _NAME
            if name not in tables:
                stack.enter_context(clean_errors(out / name))
                (out / name).parent.mkdir(parents=True, exist_ok=True)
                tables[name] = stack.enter_context((out / name).open("wb"))
                tables[name].write(to_csv([_COLUMNS]))
            values = (
                below if is_split else record.path,
                record.label,
                record.class_name,
                record.kind,
                record.source,
                "" if record.copy is None else record.copy,
            )
            tables[name].write(to_csv([values]))
    return sorted(tables)
