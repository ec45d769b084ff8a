"""Numbers of things, as they are said."""

from __future__ import annotations

__all__ = ["counted"]


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, in the singular for one.

    >>> counted(1, "file"), counted(2000, "file"), counted(0, "class", "classes")
    ('1 file', '2,000 files', '0 classes')
    """
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
