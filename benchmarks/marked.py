"""Put what was generated between two comments of a page, so that nobody types it."""

from __future__ import annotations

from pathlib import Path


class MarksError(ValueError):
    """A page lacks the comments."""


def write_between(page: Path, name: str, content: str) -> None:
    """Replace what stands between ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->``.

    Raises
    ------
    MarksError
        When the page has no such comments.
    """
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    text = page.read_text(encoding="utf-8")
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise MarksError(f"{page}: has no {begin.strip()} ... {end.strip()}")
    page.write_text(f"{before}{begin}{content}{end}{after}", encoding="utf-8")
