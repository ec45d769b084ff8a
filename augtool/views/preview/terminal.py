"""Shows an image on the terminal: kitty's protocol, iTerm2's, or sixels, chosen by environment.

The terminal is never queried, because waiting for an answer that never comes would hang a script.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping

import cv2
import numpy as np
import numpy.typing as npt

from augtool.core.geometry import Image
from augtool.images import codec

__all__ = ["PROTOCOLS", "encode", "protocol_of"]

PROTOCOLS = ("kitty", "iterm2", "sixel")
#: kitty takes base64 in pieces of at most so many characters.
_PIECE = 4096
#: Levels of each of R, G and B in a sixel palette of 6 x 6 x 6 colours.
_LEVELS = 6
_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16 - 0.5


def protocol_of(environment: Mapping[str, str]) -> str | None:
    """Return which of :data:`PROTOCOLS` a terminal speaks; None if unknown.

    None inside tmux and screen, which don't pass images through.

    >>> protocol_of({"TERM": "xterm-kitty"})
    'kitty'
    """
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    if "TMUX" in environment or "STY" in environment or term in ("", "dumb"):
        return None
    if "KITTY_WINDOW_ID" in environment or term in ("xterm-kitty", "xterm-ghostty"):
        return "kitty"
    if program in ("iTerm.app", "WezTerm", "mintty") or environment.get("LC_TERMINAL") == "iTerm2":
        return "iterm2"
    if term.startswith(("foot", "mlterm", "yaft", "contour")) or "sixel" in term:
        return "sixel"
    return None


def encode(image: Image, protocol: str) -> str:
    """Return the characters that make a terminal show an image.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), uint8, in the order B, G, R
    protocol
        One of :data:`PROTOCOLS`.
    """
    if protocol == "sixel":
        return _sixel(image)
    data = codec.encode(image, "png", 95)
    text = base64.b64encode(data).decode("ascii")
    if protocol == "iterm2":
        return f"\x1b]1337;File=inline=1;size={len(data)};preserveAspectRatio=1:{text}\a\n"
    return "".join(_kitty(text)) + "\n"


def _kitty(text: str) -> Iterator[str]:
    for start in range(0, len(text), _PIECE):
        head = "a=T,f=100," if start == 0 else ""
        more = int(start + _PIECE < len(text))
        yield f"\x1b_G{head}m={more};{text[start : start + _PIECE]}\x1b\\"


def _sixel(image: Image) -> str:
    """Return sixels: bands of six rows, in each a run of characters for every colour in it."""
    height, width = image.shape[:2]
    steps = range(_LEVELS)
    palette = "".join(
        f"#{(red * _LEVELS + green) * _LEVELS + blue};2;{red * 20};{green * 20};{blue * 20}"
        for red in steps
        for green in steps
        for blue in steps
    )
    indices = _dithered(image)
    bands = "-".join(_band(indices[top : top + 6]) for top in range(0, height, 6))
    return f'\x1bPq"1;1;{width};{height}{palette}{bands}\x1b\\\n'


def _dithered(image: Image) -> npt.NDArray[np.int64]:
    """Return the palette index of each pixel, dithered so that skies show no bands."""
    height, width = image.shape[:2]
    pattern = np.tile(_BAYER, (-(-height // 4), -(-width // 4)))[:height, :width, np.newaxis]
    scaled = cv2.cvtColor(image, cv2.COLOR_BGR2RGB) * ((_LEVELS - 1) / 255) + pattern
    red, green, blue = np.moveaxis(np.clip(np.rint(scaled), 0, _LEVELS - 1).astype(np.int64), 2, 0)
    indices: npt.NDArray[np.int64] = (red * _LEVELS + green) * _LEVELS + blue
    return indices


def _band(rows: npt.NDArray[np.int64]) -> str:
    bits = 1 << np.arange(len(rows))
    runs = []
    for colour in np.unique(rows):
        column = ((rows == colour) * bits[:, np.newaxis]).sum(axis=0)
        starts = np.flatnonzero(np.diff(column, prepend=-1))
        lengths = np.diff(starts, append=column.size)
        runs.append(
            f"#{colour}"
            + "".join(
                (f"!{length}" if length > 3 else "")
                + chr(63 + sixel) * (1 if length > 3 else length)
                for sixel, length in zip(column[starts], lengths)
            )
        )
    return "$".join(runs)
