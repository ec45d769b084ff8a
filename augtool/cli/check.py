"""``augtool verify`` and ``augtool replay``: check an output against its manifest."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from augtool.cli.console import Console
from augtool.cli.exits import exits
from augtool.cli.options import AllowCode, Json, MaxPixels, Quiet, Timeout, Workers
from augtool.core.printable import printable
from augtool.errors import ConfigError, ExitCode

__all__ = ["replay", "verify"]


def verify(
    out: Annotated[Path, typer.Argument(help="A finished output.")],
    replay: Annotated[
        str, typer.Option(metavar="N|all", help="Remake N copies and compare them.")
    ] = "0",
    data: Annotated[
        Path | None, typer.Option(help="The data set. Default: originals in OUT.")
    ] = None,
    workers: Workers = None,
    timeout: Timeout = 60,
    max_pixels: MaxPixels = None,
    allow_code: AllowCode = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check every file of an output against its manifest; exit 6 when something differs.

    \b
    augtool verify out/
    augtool verify out/ --replay 100 --data data/
    """
    console = Console(quiet=quiet, json=json)
    with exits(console):
        from augtool.output.verify import verify as run
        from augtool.runtime import Limits

        if replay != "all" and not replay.isdecimal():
            raise ConfigError(f"--replay: got {replay!r}; expected an integer, or all")
        count: int | Literal["all"] = "all" if replay == "all" else int(replay)
        verdict = run(
            out,
            replay=count,
            data=data,
            limits=Limits(workers, timeout, max_pixels, allow_code),
            progress=console,
        )
        if json:
            console.data(verdict.to_json())
        else:
            for finding in verdict.findings:
                console.data(printable(str(finding)))
        console.verdict(verdict)
        raise typer.Exit(verdict.exit_code)


def replay(
    out: Annotated[Path, typer.Argument(help="A finished output.")],
    path: Annotated[str, typer.Argument(help="A path of its manifest.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write the file.")],
    data: Annotated[
        Path | None, typer.Option(help="The data set. Default: originals in OUT.")
    ] = None,
    timeout: Timeout = 60,
    max_pixels: MaxPixels = None,
    allow_code: AllowCode = False,
    quiet: Quiet = False,
) -> None:
    """Remake one file from its manifest row; exit 6 when its bytes differ.

    \b
    augtool replay out/ cat/1__aug0.jpg -o again.jpg
    augtool replay out/ cat/1__aug0.jpg -o again.jpg --data data/
    """
    console = Console(quiet=quiet)
    with exits(console):
        from augtool.output.dataset import read_dataset
        from augtool.output.fetched import on_disk
        from augtool.output.replay import replay as make
        from augtool.runtime import Limits
        from augtool.storage.files import write_target
        from augtool.storage.remote.url import shown

        with on_disk(out) as folder:
            limits = Limits(None, timeout, max_pixels, allow_code)
            made, is_same = make(folder, path, data=data, limits=limits)
            differences = ""
            if not is_same:
                differences = read_dataset(folder).differences_here(allow_code=allow_code)
        write_target(output, made)
        if not is_same:
            why = f", which was made elsewhere ({differences})" if differences else ""
            console.message(
                f"{output}: differs from {shown(out)}/{path}{why}; compare with: augtool verify"
                f" {shown(out)}"
            )
        raise typer.Exit(ExitCode.DONE if is_same else ExitCode.DIFFERENT)
