"""What a name can't do to a terminal or a log."""

from __future__ import annotations

import unicodedata

from augtool.core.printable import printable


def test_a_name_stays_on_its_line_and_in_its_order() -> None:
    for code in range(0x110000):
        character = chr(code)
        is_control = unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        is_mark = unicodedata.bidirectional(character) in (
            *("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"),
        ) or character in ("\u061c", "\u200e", "\u200f")
        said = printable(character)
        if is_control or is_mark:
            assert said.isascii()
            assert said.isprintable()
            assert said.encode().decode("unicode_escape") == character
        else:
            assert said == character


def test_other_text_stays_as_it_is() -> None:
    for name in ("caf\u00e9 [red].png", "\u05d0\u05d1.jpg", "=1+1", "a\\nb", ""):
        assert printable(name) == name
