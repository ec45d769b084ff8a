"""The README's blocks run as they are written, in order, in a fresh folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.blocks import ROOT, Block, blocks, environment_with_augtool, write_data

README = (ROOT / "README.md").read_text()
#: Blocks of these are about the clone, or about what is installed.
AROUND = ("make", "pip")


def _blocks() -> list[Block]:
    return blocks(README)


def _commands(*programs: str) -> list[str]:
    return [each.text for each in _blocks() if not each.language and each.program in programs]


def test_every_block_runs_in_order_in_a_fresh_folder(tmp_path: Path) -> None:
    """All but those that install; `test_the_blocks_that_install_do` runs them."""
    write_data(tmp_path)
    environment = environment_with_augtool(tmp_path)
    program = tmp_path / "bin" / "augtool"
    listed = []
    for block in _blocks():
        command: list[str | Path] = ["bash", "-euo", "pipefail", "-c", block.text]
        if block.language == "python":
            (tmp_path / "block.py").write_text(block.text)
            command = [sys.executable, "block.py"]
        elif block.language == "yaml":
            (tmp_path / "recipe.yaml").write_text(block.text)
            command = [program, "config", "check", "recipe.yaml"]
        elif block.program.startswith("out/"):
            listed += [line.split()[0] for line in block.text.splitlines()]
            continue
        elif block.program in AROUND:
            continue
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (block.text, done.stderr)
        assert "Traceback" not in done.stderr
    assert len(listed) == 6
    for name in listed:
        assert (tmp_path / name).exists() == (name != "out/failures.csv"), name


def test_the_blocks_are_what_the_test_above_takes_them_for() -> None:
    indented = [block for block in _blocks() if not block.language]
    assert {each.program for each in indented} == {*AROUND, "augtool", "out/cat/1.jpg"}
    assert [each.language for each in _blocks() if each.language] == ["yaml", "python"]
    outputs = re.findall(r"augtool expand \S+ (\S+)", "".join(_commands("augtool")))
    assert len(outputs) == len({*outputs}) >= 5


def test_make_targets_and_extras_of_the_readme_exist() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for block in _commands("make"):
        for line in block.splitlines():
            assert {*line.split()[1:]} <= {*targets}, line
    project = (ROOT / "pyproject.toml").read_text()
    extras = re.findall(r"\.\[([\w,]+)\]", README)
    assert extras
    for extra in extras:
        assert re.search(rf"^{extra} = \[", project, re.MULTILINE), extra


@pytest.mark.slow
def test_the_blocks_that_install_do(tmp_path: Path) -> None:
    """In a clone of what is committed, and an empty environment; needs a package index."""
    clone, environment = tmp_path / "clone", tmp_path / "environment"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    variables["PATH"] = f"{environment / 'bin'}:{os.environ['PATH']}"
    last = ["pip install '.[report]'", "augtool expand demo/data out && augtool report out"]
    for block in [*_commands(*AROUND), *last]:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=clone,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (block, done.stdout, done.stderr)
    assert (clone / "out" / "report.html").is_file()


def test_the_yaml_holds_the_defaults() -> None:
    from augtool.config.schema import Config

    block = next(each.text for each in _blocks() if each.language == "yaml")
    assert Config.model_validate(yaml.safe_load(block)).resolved() == Config().resolved()
