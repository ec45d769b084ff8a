"""A script that calls expand needs no guard, however it was started."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from augtool.engines import open_engine
from augtool.engines.main_module import without_main
from augtool.errors import EngineError
from tests.pictures import make_tree

pytestmark = pytest.mark.processes

#: A thread that runs makes workers spawn instead of fork.
SCRIPT = """
import threading
threading.Thread(target=threading.Event().wait, daemon=True).start()

from augtool import Config, Options, expand

report = expand("data", "out", config=Config(per_image=1), options=Options(workers=2))
print(report.files)
"""


@pytest.mark.parametrize("arguments", [["script.py"], ["-"]], ids=["file", "standard input"])
def test_a_script_without_a_guard_runs_once(tmp_path: Path, arguments: list[str]) -> None:
    make_tree(tmp_path / "data", {"cat": 2})
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, *arguments],
        input=SCRIPT,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "4\n"), done.stderr


def test_a_main_module_that_defines_the_function_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    main = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)

    def function() -> None:
        """Do nothing."""

    with without_main(function):
        assert main.__spec__ is not None
        assert main.__spec__.name == "__main__"
    assert main.__spec__ is None
    function.__module__ = "__main__"
    with without_main(function):
        assert main.__spec__ is None


def test_a_process_that_may_not_start_workers_says_what_to_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Such as a worker of multiprocessing.Pool."""
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)  # type: ignore[attr-defined]
    with pytest.raises(EngineError, match="--engine serial"):
        next(open_engine("processes", 1).run(len, iter([[1]])))
