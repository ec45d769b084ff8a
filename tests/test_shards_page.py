"""The snippets of docs/shards.md run, with the variables that Slurm, Kubernetes and CI set."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from augtool import Options, expand
from augtool.cli.app import app
from tests.pictures import contents, make_tree

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "shards.md").read_text()
#: The page has eight shards.
FEWER = {
    "--array=0-7": "--array=0-2",
    "--array=1-8": "--array=1-3",
    "/8": "/3",
    "seq 0 7": "seq 0 2",
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def fewer(text: str) -> str:
    """Return a snippet for three shards in place of eight."""
    for many, few in FEWER.items():
        text = text.replace(many, few)
    return text


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with data, and what the plain command makes of them."""
    data = make_tree(tmp_path / "data", {"cat": 3, "dog": 4}, height=6, width=5)
    expand(data, tmp_path / "fresh", options=Options(engine="serial"))
    return tmp_path


#: Notes how it is called, and ends as it is told to.
SHIM = """#!/bin/sh
for each in "$@"; do printf '%s\\0' "$each" >> "$CALLS"; done
printf '\\n' >> "$CALLS"
exit "${CODE:-0}"
"""


def call(script: str, folder: Path, program: str, **variables: object) -> None:
    """Run a script where `augtool` is a program of our own."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / "augtool").write_text(program)
    (folder / "bin" / "augtool").chmod(0o755)
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": path}
    environment |= {name: str(value) for name, value in variables.items()}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, (script, done.stdout, done.stderr)


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run what a script calls in this process, where that takes a tenth of the time."""

    def run(script: str, folder: Path, **variables: object) -> int:
        call(script, folder, SHIM, CALLS=folder / "calls", **variables)
        (line,) = (folder / "calls").read_text().splitlines()
        (folder / "calls").unlink()
        monkeypatch.chdir(folder)
        arguments = [*line.split("\0")[:-1], "--engine", "serial"]
        return CliRunner().invoke(app, arguments).exit_code

    return run


@pytest.mark.parametrize("script", blocks("bash"), ids=["from 0", "from 1"])
def test_the_slurm_arrays(work: Path, shell: Callable[..., int], script: str) -> None:
    script = fewer(script)
    first, last = re.findall(r"--array=(\d+)-(\d+)$", script, re.MULTILINE)[0]
    for task in reversed(range(int(first), int(last) + 1)):
        assert shell(script, work, SLURM_ARRAY_TASK_ID=task) == 0
    assert contents(work / "out") == contents(work / "fresh")


def test_the_job_that_follows_is_the_plain_command(work: Path, shell: Callable[..., int]) -> None:
    (follower,) = re.findall(r"^    sbatch .*--wrap '(.*)'$", PAGE, re.MULTILINE)
    shell(fewer(blocks("bash")[0]), work, SLURM_ARRAY_TASK_ID=1)
    assert shell(follower, work) == 0
    assert contents(work / "out") == contents(work / "fresh")


def test_the_kubernetes_job(work: Path, shell: Callable[..., int]) -> None:
    job = yaml.safe_load(fewer(blocks("yaml")[0]).replace("/work/", f"{work}/"))
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["sh", "-c"]
    count = int(re.findall(r'INDEX/(\d+)"', container["args"][0])[0])
    assert yaml.safe_load(blocks("yaml")[0])["spec"]["completions"] == 8
    for index in range(count):
        assert shell(container["args"][0], work, JOB_COMPLETION_INDEX=index, CODE=3) == 0
    assert contents(work / "out") == contents(work / "fresh")


def test_gnu_parallel(work: Path) -> None:
    if shutil.which("parallel") is None:
        pytest.skip("needs GNU parallel")
    (command,) = re.findall(r"^    (seq .*)$", PAGE, re.MULTILINE)
    program = f'#!/bin/sh\nexec "{sys.executable}" -m augtool "$@" --engine serial\n'
    call(fewer(command), work, program, PARALLEL_HOME=work)
    assert contents(work / "out") == contents(work / "fresh")


def test_the_ci_matrix(work: Path, shell: Callable[..., int]) -> None:
    """Each job has a checkout with other times; artifacts have no empty folders."""
    jobs = yaml.safe_load(blocks("yaml")[1])["jobs"]
    shards = jobs["shard"]["strategy"]["matrix"]["shard"]
    (command,) = [step["run"] for step in jobs["shard"]["steps"] if "run" in step]
    assert command.endswith(f"/{len(shards)}")
    for shard in shards:
        own = work / f"job{shard}"
        shutil.copytree(work / "data", own / "data", copy_function=shutil.copyfile)
        assert shell(command.replace("${{ matrix.shard }}", str(shard)), own) == 0
        for name, data in contents(own / "out").items():
            (work / "out" / name).parent.mkdir(parents=True, exist_ok=True)
            (work / "out" / name).write_bytes(data)
    (command,) = [step["run"] for step in jobs["whole"]["steps"] if "run" in step]
    assert shell(command, work) == 0
    assert contents(work / "out") == contents(work / "fresh")
