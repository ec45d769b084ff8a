"""The blocks of README.md and of the pages in docs/: what a reader copies and runs."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

from tests.packed_data import cifar10_files, write_tar
from tests.pictures import make_tree, photo, picture, write

__all__ = ["ROOT", "Block", "blocks", "environment_with_augtool", "write_data"]

ROOT = Path(__file__).parents[1]


class Block(NamedTuple):
    """An indented block, "" for its language, or a fenced one; `title` names the file it shows."""

    language: str
    title: str
    text: str

    @property
    def program(self) -> str:
        """The first word."""
        return self.text.split(maxsplit=1)[0]


def blocks(page: str) -> list[Block]:
    """Return the blocks of a page in Markdown."""
    found = re.finditer(
        r"^```(\w*)(?: title=\"(.*?)\")?\n(.*?)^```$|^\n((?: {4}[^\n]*\n)+)",
        page,
        re.MULTILINE | re.DOTALL,
    )
    return [
        Block(
            each[1] or "", each[2] or "", each[3] or re.sub(r"^ +", "", each[4], flags=re.MULTILINE)
        )
        for each in found
    ]


def write_data(folder: Path) -> None:
    """Write the data that the blocks name."""
    for name in ("data", "photos"):
        make_tree(folder / name, {"cat": 1, "dog": 2}, suffix=".jpg")
        write(folder / name / "cat" / "1.jpg", photo())  # above 8 KB
    (folder / "photo.jpg").write_bytes((folder / "data" / "cat" / "1.jpg").read_bytes())
    (folder / "table.csv").write_text("file,species\ncat/1.jpg,cat\ndog/01.jpg,dog\n")
    for number in range(20):
        write(folder / "scans" / "ill" / f"patient{number}_0.png", picture(number))
    write_tar(folder / "cifar-10-python.tar.gz", "cifar-10-batches-py", cifar10_files())
    (folder / "configs").symlink_to(ROOT / "configs")


def environment_with_augtool(folder: Path) -> dict[str, str]:
    """Return an environment whose PATH has this checkout's augtool, put into a folder."""
    (folder / "bin").mkdir(exist_ok=True)
    program = folder / "bin" / "augtool"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m augtool "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    return {**os.environ, "PYTHONPATH": str(ROOT), "PATH": path}
