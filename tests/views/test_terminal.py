from __future__ import annotations

import base64
import re

import cv2
import numpy as np
import pytest

from augtool.views.preview.terminal import encode, protocol_of
from tests.pictures import picture


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "iterm2"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "iterm2"),
        ({"TERM": "foot"}, "sixel"),
        ({"TERM": "xterm-256color"}, None),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/tmux"}, None),
        ({"TERM": "dumb", "TERM_PROGRAM": "iTerm.app"}, None),
        ({}, None),
    ],
)
def test_terminals_are_told_by_environment(
    environment: dict[str, str], expected: str | None
) -> None:
    assert protocol_of(environment) == expected


def decoded(text: str) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), cv2.IMREAD_UNCHANGED)
    assert image is not None
    return image


def test_kitty_gets_the_png_in_pieces() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 70, 3), np.uint8)
    pieces = re.findall(r"\x1b_G(.*?);(.*?)\x1b\\", encode(noise, "kitty"))
    assert [head for head, _ in pieces] == ["a=T,f=100,m=1", *["m=1"] * (len(pieces) - 2), "m=0"]
    assert max(len(piece) for _, piece in pieces) == 4096
    assert np.array_equal(decoded("".join(piece for _, piece in pieces)), noise)


def test_iterm2_gets_the_png_and_its_size() -> None:
    found = re.fullmatch(
        r"\x1b\]1337;File=inline=1;size=(\d+);preserveAspectRatio=1:(.*)\a\n",
        encode(picture(), "iterm2"),
    )
    assert found is not None
    assert int(found[1]) == len(base64.b64decode(found[2]))
    assert np.array_equal(decoded(found[2]), picture())


def draw_sixels(text: str, height: int, width: int) -> np.ndarray:
    """Return the palette's R, G, B (0 to 100) at each pixel, by the letter of the standard."""
    palette: dict[int, tuple[int, ...]] = {}
    canvas = np.full((height, width, 3), -1)
    body = text.removeprefix("\x1bP").removesuffix("\x1b\\\n").partition("q")[2]
    x = top = colour = 0
    pattern = r'"[\d;]+|#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)([?-~])|([?-~])|([$-])'
    for found in re.finditer(pattern, body):
        number, red, green, blue, chosen, times, repeated, single, move = found.groups()
        if number:
            palette[int(number)] = (int(red), int(green), int(blue))
        elif chosen:
            colour = int(chosen)
        elif move:
            x, top = 0, top + 6 * (move == "-")
        for _ in range(int(times or 1) if repeated or single else 0):
            for row in range(6):
                if (ord(repeated or single) - 63) >> row & 1:
                    canvas[top + row, x] = palette[colour]
            x += 1
    return canvas


def test_sixels_draw_every_pixel_near_its_colour() -> None:
    image = picture(height=20, width=37)
    drawn = draw_sixels(encode(image, "sixel"), 20, 37)
    assert drawn.min() >= 0
    assert np.abs(drawn * 2.55 - image[..., ::-1]).max() <= 51  # one step of the palette
    assert np.abs(drawn.mean(axis=(0, 1)) * 2.55 - image[..., ::-1].mean(axis=(0, 1))).max() < 3
