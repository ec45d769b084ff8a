"""Names as they may be printed: on one line, and in the order in which they are read.

A name from a data set may hold line breaks, which would forge a line of output, escape sequences,
which steer a terminal, and bidirectional marks, which let it show a name other than it is.
"""

from __future__ import annotations

__all__ = ["printable"]

#: C0 with tab and line breaks, DEL and C1; bidirectional marks; line separators; lone surrogates.
_RANGES = (
    (0x00, 0x1F),
    (0x7F, 0x9F),
    (0x061C, 0x061C),
    (0x200E, 0x200F),
    (0x2028, 0x202E),
    (0x2066, 0x2069),
    (0xD800, 0xDFFF),
)
_ESCAPED = {
    code: chr(code).encode("unicode_escape").decode("ascii")
    for first, last in _RANGES
    for code in range(first, last + 1)
}


def printable(text: str) -> str:
    r"""Return text with what is not for printing escaped.

    >>> printable("a\nb\u202ec")
    'a\\nb\\u202ec'
    """
    return text.translate(_ESCAPED)
