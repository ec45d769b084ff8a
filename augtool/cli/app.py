"""The command line as a whole: its commands, and ``--version``.

Everything heavy is imported inside the commands, so that ``--help`` costs no more than typer.
"""

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from augtool import __version__
from augtool.cli.check import replay, verify
from augtool.cli.config import config_app
from augtool.cli.console import Console
from augtool.cli.doctor import doctor, run_doctor
from augtool.cli.exits import say_missing
from augtool.cli.expand import expand
from augtool.cli.look import inspect, preview, report
from augtool.cli.options import PLAIN
from augtool.cli.streams import StandardStreams
from augtool.errors import ExitCode

__all__ = ["app", "main"]

app = typer.Typer(
    help="""Expand image-classification data sets on disk, reproducibly, on all cores.

    \b
    augtool expand data/ out/ --ratio 1.5
    augtool expand data/ out/ --config recipe.yaml --workers 8
    """,
    no_args_is_help=True,
    **PLAIN,
)
for command in (expand, verify, replay, preview, inspect, report, doctor):
    app.command()(command)
app.add_typer(config_app, name="config")


def _print_version(value: bool) -> None:
    if value:
        sys.stdout.write(f"augtool {__version__}\n")
        raise typer.Exit


def _print_manual(context: typer.Context, value: bool) -> None:
    if value:
        from augtool.cli.manual import manual_page

        sys.stdout.write(manual_page(context, __version__))
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            "-V",
            callback=_print_version,
            is_eager=True,
            help="Print the version and exit.",
        ),
    ] = False,
    manual: Annotated[
        bool,
        typer.Option(
            "--show-man",
            callback=_print_manual,
            is_eager=True,
            help="Print the manual page, for man.",
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line."""
    atexit.register(gc.freeze)  # else the end looks for cycles in all that was imported, twice
    # Plugins of pydantic watch what it validates; to look for some, it reads all that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    streams = StandardStreams()
    try:
        code = app(prog_name="augtool", standalone_mode=False)
    except SystemExit as stop:
        code = stop.code
    except _usage_error() as error:
        from augtool.cli.usage import say_usage_error

        code = say_usage_error(error, sys.argv[1:])
    except ImportError as error:
        code = _unparsed(error, sys.argv[1:])
    sys.exit(streams.exit_code(code))


def _usage_error() -> type[Exception]:
    """Return the base of the parser's own errors; newer versions of typer carry click's."""
    base: type[Exception] = typer.BadParameter.__mro__[1]
    return base


def _unparsed(error: ImportError, arguments: Sequence[str]) -> ExitCode:
    """Return the exit code where the package is missing that typer reads flags with: pydantic."""
    is_json = "--json" in arguments
    console = Console(json=is_json)
    if arguments[:1] == ["doctor"]:
        return run_doctor(json=is_json)
    if not say_missing(console, error):
        raise error
    console.failed(ExitCode.FAILED)
    return ExitCode.FAILED
