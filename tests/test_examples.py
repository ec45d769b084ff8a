from __future__ import annotations

from pathlib import Path

from augtool.images import codec

DOCS = Path(__file__).parent.parent / "docs"


def test_the_picture_of_the_readme_is_there_and_small() -> None:
    data = (DOCS / "preview.jpg").read_bytes()
    assert len(data) < 200_000
    assert codec.probe(data, 10**7).size.width == 940
