"""``augtool doctor``: what is installed, and what to run where it does not work."""

import typer

from augtool.cli.console import Console
from augtool.cli.exits import exits
from augtool.cli.options import Json
from augtool.errors import ExitCode

__all__ = ["doctor", "run_doctor"]


def doctor(json: Json = False) -> None:
    """Show what is installed, which OpenCV it is, what is wrong, and the command that fixes it.

    \b
    augtool doctor
    augtool doctor --json > environment.json

    Exit codes: 0 augtool can work here; 1 it can't, and the output says why, with the command to
    run.
    """
    with exits(Console(json=json), opencv=False):
        raise typer.Exit(run_doctor(json=json))


def run_doctor(*, json: bool) -> ExitCode:
    """Print what was found, and return the exit code. It needs no package but Python."""
    from augtool.views.doctor import examine

    found = examine()
    Console().data(found.to_json() if json else found.to_text())
    return found.exit_code
