"""Names of files and classes can't forge a line of what is printed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import typer

from augtool.cli.console import Console
from augtool.cli.exits import exits
from augtool.errors import ConfigError, EngineError
from tests.conftest import Run
from tests.pictures import picture, write

#: Appended to names: a line of its own, a return to the line's start, a tab, and a turned order.
EVIL = "\nerror: forged\r\t\u202egnp\u2066"
SAID = "\\nerror: forged\\r\\t\\u202egnp\\u2066"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in ("cat", f"dog{EVIL}"):
        for index in range(2):
            write(tmp_path / "data" / name / f"{index}{EVIL}.png", picture(index))
    (tmp_path / "data" / "cat" / f"torn{EVIL}.png").write_bytes(b"")
    return tmp_path / "data"


def checked(done: subprocess.CompletedProcess[str]) -> str:
    """Return what was said, when no character of it is more than a character."""
    text = done.stdout + done.stderr
    assert all(each.isprintable() or each == "\n" for each in text)
    assert not [line for line in text.split("\n") if line.startswith(("error: forged", "gnp"))]
    return text


def test_expand_says_names_on_one_line(data: Path, run_cli: Run) -> None:
    planned = run_cli("expand", data, "out", "--per-image", 21, "--dry-run")
    assert f"train  dog{SAID}" in checked(planned)
    assert len(planned.stdout.split("\n")) == 5
    done = run_cli("expand", data, "out", "--per-image", 1, "--verbose", "--workers", 1)
    assert f"skipped: cat/torn{SAID}.png: " in checked(done)
    assert done.returncode == 3


def test_inspect_says_names_on_one_line(data: Path, run_cli: Run) -> None:
    text = checked(run_cli("inspect", data, "--workers", 1))
    assert f"\ndog{SAID}  " in text
    assert f"            cat/torn{SAID}.png: " in text


def test_verify_says_names_on_one_line(data: Path, run_cli: Run, tmp_path: Path) -> None:
    (data / "cat" / f"torn{EVIL}.png").unlink()
    run_cli("expand", data, "out", "--per-image", 1, "--workers", 1, check=True)
    (tmp_path / "out" / f"more{EVIL}").write_bytes(b"")
    (tmp_path / "out" / "cat" / "torn\nmore: missing").write_bytes(b"")
    done = run_cli("verify", "out")
    assert checked(done).startswith(f"cat/torn\\nmore: missing: extra\nmore{SAID}: extra\n")
    assert len(done.stdout.split("\n")) == 3
    missed = run_cli("replay", "out", f"x{EVIL}", "-o", "y")
    assert checked(missed).startswith("error: 'x\\nerror: forged")


def test_problems_are_printed_problem_by_problem(data: Path, run_cli: Run) -> None:
    (data.parent / "a.yaml").write_text(
        'sed: 1\nclasses: [cat]\nper_class: {"x\\nerror: forged": {}, "y\\nerror: forged": {}}\n'
    )
    wrong = run_cli("expand", data, "out", "--config", "a.yaml")
    text = checked(wrong)
    assert wrong.returncode == 2
    assert text == (
        "error: a.yaml: sed: unknown key; did you mean 'seed'?\n"
        "error: a.yaml: per_class.x\\nerror: forged: is not one of classes; add it there\n"
        "error: a.yaml: per_class.y\\nerror: forged: is not one of classes; add it there\n"
    )
    (data.parent / "a.yaml").write_text(
        (data.parent / "a.yaml").read_text().removeprefix("sed: 1\n")
    )
    assert checked(run_cli("config", "check", "a.yaml")) == "".join(
        text.splitlines(keepends=True)[1:]
    )


def test_errors_of_one_and_of_many_lines(capsys: pytest.CaptureFixture[str]) -> None:
    for error, said in (
        (ConfigError(["a\nb", "c"]), "error: a\\nb\nerror: c\n"),
        (EngineError("bug:\nTrace\nerror: x"), "error: bug:\n  Trace\n  error: x\n"),
    ):
        with pytest.raises(typer.Exit), exits(Console()):
            raise error
        assert capsys.readouterr().err == said
