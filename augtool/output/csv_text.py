"""Rows as CSV text, of names that may hold anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["encoded", "quoted", "to_csv"]


def to_csv(rows: Iterable[Sequence[object]]) -> bytes:
    r"""Return rows as RFC 4180 CSV with ``\n``, in UTF-8; other bytes of names are kept.

    Our own, because the standard library's writer leaves a lone carriage return unquoted, which
    its reader then takes for the end of a row.
    """
    return encoded([",".join([_text(each) for each in values]) + "\n" for values in rows])


def encoded(lines: Sequence[str]) -> bytes:
    """Return lines in UTF-8; other bytes of names are kept."""
    return "".join(lines).encode("utf-8", "surrogateescape")


def _text(value: object) -> str:
    return quoted(value) if isinstance(value, str) else repr(value)


def quoted(text: str) -> str:
    """Return a text as a cell, in quotes where it needs them."""
    if '"' in text or "," in text or "\n" in text or "\r" in text:
        return '"' + text.replace('"', '""') + '"'
    return text
