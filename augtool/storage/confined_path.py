"""Which paths lie plainly below a folder, as texts: nothing is looked up."""

from __future__ import annotations

import os

__all__ = ["NAME_BYTES", "is_confined"]

#: The longest name of a file on common file systems.
NAME_BYTES = 255


def is_confined(path: str) -> bool:
    """Tell whether a path is plainly below a folder: relative, without ``.``, ``..`` or NUL.

    Nor may it have names that no file can have.

    >>> is_confined("cat/1.jpg"), is_confined("../x"), is_confined("/etc/passwd")
    (True, False, False)
    """
    try:
        names = os.fsencode(path).split(b"/")
    except UnicodeEncodeError:
        return False
    return all(
        name not in (b"", b".", b"..") and b"\0" not in name and len(name) <= NAME_BYTES
        for name in names
    )
