"""Fixtures that every test may use."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import typer.main
from hypothesis import settings

from augtool.runtime import load_opencv

load_opencv()  # limits that count only before the first import of cv2

# Without bytecode, each process that a test starts compiles all of augtool again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

from augtool import engines  # noqa: E402
from augtool.cli.app import main  # noqa: E402
from augtool.engines.serial import SerialEngine  # noqa: E402
from tests.object_store import SECRETS, Store, started  # noqa: E402
from tests.pictures import make_tree  # noqa: E402

# A deadline is a timed assertion: it fails where other work shares the machine. `make test` tries
# the same examples each time, so that it says something about the change; `make fuzz` tries others.
settings.register_profile(
    "augtool", deadline=None, derandomize=not os.environ.get("AUGTOOL_FUZZ"), database=None
)
settings.load_profile("augtool")

# typer makes all commands anew for each call, which takes longer than many of them.
typer.main.get_command = cache(typer.main.get_command)

ROOT = Path(__file__).parents[1]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(autouse=True)
def _one_process(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process do what workers do, unless the test is marked `processes`.

    Two workers take a second to start: beside the threads of pytest-xdist they can't be forked.
    """
    if request.node.get_closest_marker("processes") is None:
        of_tests = {**engines.ENGINES, "processes": SerialEngine}
        monkeypatch.setattr(engines, "ENGINES", of_tests)
        monkeypatch.setattr(engines.alone, "ProcessEngine", SerialEngine)


@pytest.fixture
def tiny_tree(tmp_path: Path) -> Path:
    """3 classes x 4 pictures, PNG, 24 x 31."""
    return make_tree(tmp_path / "data", {"cat": 4, "deer": 4, "dog": 4})


@pytest.fixture(scope="session")
def store() -> Iterator[Store]:
    """A server of object stores."""
    for package in ("obstore", "moto", "flask_cors"):
        pytest.importorskip(package)
    yield from started()


@pytest.fixture
def run_cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process, in an empty folder."""

    def run(
        *args: object, input: str = "", check: bool = False
    ) -> subprocess.CompletedProcess[str]:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path)
            patch.setenv("COLUMNS", "100")
            patch.setattr(sys, "argv", ["augtool", *map(str, args)])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(input.encode())))
            capsys.readouterr()
            with pytest.raises(SystemExit) as stop:
                main()
        code = int(stop.value.code or 0)
        done = subprocess.CompletedProcess(args, code, *capsys.readouterr())
        if check:
            done.check_returncode()
        return done

    return run


@pytest.fixture
def spawn_cli(tmp_path: Path) -> Run:
    """Run the command line in a process of its own, for ten times the time, in an empty folder."""

    def run(*args: object, **options: object) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "COLUMNS": "100", "PYTHONPATH": str(ROOT)}
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
def run_remote(store: Store, spawn_cli: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line with the credentials of the store; none of them is ever shown."""
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)

    def run(*args: object, expected: int = 0) -> subprocess.CompletedProcess[str]:
        done = spawn_cli(*args)
        assert done.returncode == expected, done.stderr
        assert not any(secret in done.stdout + done.stderr for secret in SECRETS)
        return done

    return run
