"""One is said in the singular, and articles fit."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Call
from tests.pictures import make_tree


def test_one_is_said_in_the_singular(call: Call, tmp_path: Path) -> None:
    make_tree(tmp_path / "data", {"cat": 1})
    run = ("expand", "data", "out", "--per-image", 1, "--engine", "serial")
    made = "1 original + 1 copy = 2 files"
    assert call(*run)[2] == f"{made}\nout: {made}\n"
    assert call("verify", "out", "--workers", 1)[2] == (
        "2 files checked, 0 differences from the manifest\n"
    )
    (tmp_path / "out" / "cat" / "00.png").write_bytes(b"x")
    checked = call("verify", "out", "--workers", 1)
    assert checked[2] == "2 files checked, 1 difference from the manifest\n"
    told = call("inspect", "data", "--workers", 1)[1]
    assert told.startswith("1 image in 1 class (train 1), 0 broken\n")
    alone = call("expand", "data", "alone", "--per-image", 0, "--engine", "serial")
    assert alone[2] == "1 original + 0 copies = 1 file\nalone: 1 original + 0 copies = 1 file\n"


def test_what_a_data_set_is_not_is_said_with_its_article(call: Call, tmp_path: Path) -> None:
    make_tree(tmp_path / "data", {"cat": 1})
    for kind, said in (("idx", "an idx"), ("npz", "an npz"), ("cifar", "a cifar")):
        errors = call("inspect", "data", "--from", kind)[2]
        assert f"'data' does not look like {said} data set; " in errors
