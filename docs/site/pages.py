"""MkDocs' hook: adds the pages that are made from the code, and the gallery's pictures."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).parent))

from gallery import draw, gallery_page
from reference import REFERENCE


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the reference, and the gallery with its pictures; ``AUGTOOL_GALLERY=`` skips those."""
    for path, page in REFERENCE.items():
        files.append(File.generated(config, path, content=page()))
    pictures = Path(__file__).parents[2] / "build" / "gallery"
    if os.environ.get("AUGTOOL_GALLERY", "1"):
        draw(pictures)
    for picture in sorted(pictures.glob("*.webp")):
        files.append(File.generated(config, f"gallery/{picture.name}", abs_src_path=str(picture)))
    files.append(File.generated(config, "gallery.md", content=gallery_page(pictures)))
    return files
