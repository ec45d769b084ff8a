"""What lies plainly below a folder."""

from __future__ import annotations

import pytest

from augtool.storage.confined import is_confined

LONG = "x" * 255


@pytest.mark.parametrize("path", ["a", "a/b.png", "..a/b..", f"a/{LONG}", "a\\..\\b", "\udcff"])
def test_relative_paths_are_confined(path: str) -> None:
    assert is_confined(path)


@pytest.mark.parametrize(
    "path",
    [
        *("", "/a", "a/", "a//b", ".", "a/./b", "..", "a/../b", "a\0b"),
        *(f"a/{LONG}x/b", "\u00e9" * 128, "\ud800"),
    ],
)
def test_paths_that_lead_out_or_name_no_file_are_not(path: str) -> None:
    assert not is_confined(path)
