"""Fixtures that every test may use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from augtool.runtime import load_opencv

load_opencv()  # limits that count only before the first import of cv2

from tests.pictures import make_tree  # noqa: E402

# A deadline is a timed assertion: it fails where other work shares the machine. `make test` tries
# the same examples each time, so that it says something about the change; `make fuzz` tries others.
settings.register_profile(
    "augtool", deadline=None, derandomize=not os.environ.get("AUGTOOL_FUZZ"), database=None
)
settings.load_profile("augtool")

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Invoke = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def tiny_tree(tmp_path: Path) -> Path:
    """3 classes x 4 pictures, PNG, 24 x 31."""
    return make_tree(tmp_path / "data", {"cat": 4, "deer": 4, "dog": 4})


@pytest.fixture
def run_cli(tmp_path: Path) -> Run:
    """Run the command line in a process of its own, in an empty folder."""

    def run(*args: object, **options: object) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "COLUMNS": "100", "PYTHONPATH": os.getcwd()}  # noqa: PTH109
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            [sys.executable, "-m", "augtool", *map(str, args)],
            **{
                "capture_output": True,
                "text": True,
                "cwd": tmp_path,
                "env": environment,
                "timeout": 120,
                **options,
            },
        )

    return run


@pytest.fixture
def invoke_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Run the command line in this process, in an empty folder: a tenth of the time."""
    from typer.testing import CliRunner

    from augtool.cli.app import app

    monkeypatch.chdir(tmp_path)

    def invoke(*args: object, input: str | None = None) -> subprocess.CompletedProcess[str]:
        done = CliRunner().invoke(app, list(map(str, args)), input=input)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return subprocess.CompletedProcess(args, done.exit_code, done.stdout, done.stderr)

    return invoke
