"""The command line, for tests that take its results apart at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Run

Call = Callable[..., "tuple[int, str, str]"]


@pytest.fixture
def call(run_cli: Run) -> Call:
    """Run the command line in this process, and return exit code, stdout and stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        done = run_cli(*arguments)
        return done.returncode, done.stdout, done.stderr

    return run
