"""Names as they may be printed: on one line, and in the order in which they are read.

A name from a data set may hold line breaks, which would forge a line of output, escape sequences,
which steer a terminal, and bidirectional marks, which let it show a name other than it is.
"""

from __future__ import annotations

import re

__all__ = ["printable"]

#: C0 with tab and line breaks, DEL and C1; bidirectional marks; line separators; lone surrogates.
_HIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""Return text with what is not for printing escaped.

    >>> printable("a\nb\u202ec")
    'a\\nb\\u202ec'
    """
    return _HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
