"""What is made from the help: completion in shells, the manual page, the schema for editors."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer.main

from augtool.cli.app import app
from augtool.engines import ENGINES
from augtool.errors import ExitCode
from augtool.sinks import SINKS
from augtool.sources import SOURCES
from tests.cli.conftest import Call


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["ex"], ["expand"]),
        (["expand", "--fo"], ["--follow-links", "--format"]),
        (["expand", "--format", ""], ["keep", "png", "jpg", "webp"]),
        (["expand", "--to", ""], list(SINKS)),
        (["expand", "--from", ""], list(SOURCES)),
        (["inspect", "--from", "c"], ["cifar", "csv"]),
        (["expand", "--engine", ""], list(ENGINES)),
    ],
)
def test_shells_are_offered_what_can_be_written(
    call: Call, monkeypatch: pytest.MonkeyPatch, words: list[str], offered: list[str]
) -> None:
    monkeypatch.setenv("_AUGTOOL_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", " ".join(["augtool", *words]))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    code, output, errors = call()
    assert (code, errors) == (0, "")
    assert set(offered) <= set(output.split())
    assert all(each.startswith(words[-1]) for each in output.split())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_the_script_for_shells_calls_augtool(
    call: Call, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    monkeypatch.setenv("_AUGTOOL_COMPLETE", f"source_{shell}")
    code, output, _ = call()
    assert code == 0
    assert f"complete_{shell}" in output


def test_the_manual_page_has_every_command_option_and_exit_code(call: Call) -> None:
    code, page, errors = call("--show-man")
    assert (code, errors) == (0, "")
    plain = page.replace("\\-", "-")

    def check(command: Any, path: str) -> None:
        assert path in plain
        for option in command.params:
            assert all(name in plain for name in option.opts if name.startswith("-"))
        for name, below in getattr(command, "commands", {}).items():
            check(below, f"{path} {name}")

    check(typer.main.get_command(app), "augtool")
    assert re.findall(r"^\.TP\n(\d+)$", page, re.MULTILINE) == [str(int(each)) for each in ExitCode]
    macros = {line[:3].rstrip() for line in page.splitlines() if line[:1] in (".", "'")}
    assert macros <= {".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".nf", ".fi"}


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
def test_groff_finds_nothing_wrong_with_the_manual_page(call: Call) -> None:
    page = call("--show-man")[1]
    done = subprocess.run(
        ["groff", "-ww", "-man", "-Tutf8"], input=page, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "augtool expand data/ out/ --ratio 1.5" in done.stdout


def test_the_schema_lists_what_can_be_written(call: Call) -> None:
    schema = json.loads(call("config", "schema")[1])
    output = schema["$defs"]["OutputSettings"]["properties"]
    assert output["to"]["enum"] == list(SINKS)
    listed = {
        name: [value for form in field.get("anyOf", [field]) for value in form.get("enum", [])]
        for name, field in output.items()
    }
    assert {name for name, values in listed.items() if values} >= {
        *("to", "format", "png_encoder", "originals", "class_mode", "flatten")
    }
    sizes = [form for form in output["resize"]["anyOf"] if form["type"] == "string"]
    assert re.search(sizes[0]["pattern"], "150x150")
    assert not re.search(sizes[0]["pattern"], "150")


def test_the_starter_names_a_schema_that_it_says_how_to_make(call: Call, tmp_path: Path) -> None:
    starter = call("config", "init")[1]
    modeline = re.search(r"^# yaml-language-server: \$schema=(\S+)$", starter, re.MULTILINE)
    assert modeline is not None
    assert f"augtool config schema > {modeline[1]}\n" in starter
    (tmp_path / "recipe.yaml").write_text(starter)
    assert call("config", "check", "recipe.yaml")[0] == 0
