"""``augtool preview``, ``inspect`` and ``report``: the views."""

import contextlib
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from augtool.cli.config import read_config
from augtool.cli.console import Console
from augtool.cli.exits import exits
from augtool.cli.options import (
    AllowCode,
    ConfigFile,
    Data,
    Debug,
    FollowLinks,
    Json,
    Kind,
    Quiet,
    Seed,
    Sets,
    Timeout,
    Workers,
)
from augtool.errors import ConfigError

if TYPE_CHECKING:
    from augtool.sources import Source

__all__ = ["inspect", "preview", "report"]


def preview(
    inputs: Annotated[
        list[str], typer.Argument(metavar="IMAGE|DATA...", help="Images, or data sets.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="PNG, JPEG or WebP. Default: the terminal, or preview.png."
        ),
    ] = None,
    grid: Annotated[
        str | None, typer.Option(metavar="RxC", help="Rows x columns. Default for a photo: 3x3.")
    ] = None,
    batch: Annotated[
        bool,
        typer.Option("--batch", help="Copies of different images, as in training. Default: 4x5."),
    ] = False,
    original: Annotated[
        bool, typer.Option("--original/--no-original", help="Show originals, or only copies.")
    ] = True,
    per_transform: Annotated[
        bool,
        typer.Option("--per-transform", help="Each transform alone: low end, middle, high end."),
    ] = False,
    config: ConfigFile = None,
    sets: Sets = None,
    seed: Seed = None,
    allow_code: AllowCode = False,
    kind: Kind = None,
    follow_links: FollowLinks = False,
    timeout: Timeout = 60,
    tile: Annotated[
        int, typer.Option(min=16, max=2000, help="Largest side of each image, in pixels.")
    ] = 200,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Draw a contact sheet: originals, and exactly the copies that expand would write.

    \b
    augtool preview photo.jpg -o grid.png --grid 3x3
    augtool preview data/ --config recipe.yaml --per-transform
    augtool preview data/ -o batch.png --batch --grid 4x5

    One photo: the original and eight copies. Several photos or a data set: a row for each, or for
    a sample of each class. With --batch, one copy of each of 20 images of a data set, chosen at
    random from all classes, as training would see them. With --per-transform, a caption says how
    strong it is: 1 - SSIM (Wang et al., 2004), and the mean distance in the a*b* plane of CIELAB.
    Copies depend on the id of an image; the id of a single photo is its file name. Without -o, the
    sheet is shown on terminals that support images (kitty, iTerm2, sixel), otherwise written to
    preview.png.
    """
    console = Console(quiet=quiet, json=json)
    with exits(console, debug=debug):
        from augtool.views.preview import target as contact
        from augtool.views.preview.preview import Grid, Layout
        from augtool.views.preview.preview import preview as look
        from augtool.views.preview.subjects import Reading

        protocol = None if json or output else contact.protocol_of_stdout()
        target = contact.choose_target(output, inputs) if protocol is None else None
        seen = look(
            inputs,
            read_config(config, sets, {"seed": seed}, allow_code=allow_code),
            Layout(Grid.parse(grid) if grid else None, batch, per_transform, original),
            reading=Reading(_opener(kind, follow_links=follow_links), timeout),
        )
        for warning in seen.warnings:
            console.warning(warning)
        image, _ = seen.draw(tile)
        if target is None:
            console.data(contact.encode(image, str(protocol)))
            return
        contact.write(image, target)
        console.message(f"{target}: {image.shape[1]} x {image.shape[0]} pixels")
        if json:
            console.data({"output": str(target), "strips": seen.to_json()})


def inspect(
    data: Data,
    kind: Kind = None,
    follow_links: FollowLinks = False,
    workers: Workers = None,
    timeout: Timeout = 60,
    max_pixels: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Images larger than this count as broken; pixels of 16-bit colour count double.",
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Take stock of a data set: classes, sizes, formats, broken files, duplicates.

    \b
    augtool inspect data/
    augtool inspect data/ --json > stock.json

    Every image is decoded. Duplicates are files with the same bytes; look-alikes are different
    files whose images look the same. Nothing is written. Exit codes: 0 all files are usable;
    2 usage; 3 something is broken.
    """
    console = Console(quiet=quiet, json=json)
    with exits(console, debug=debug):
        from augtool.runtime import Limits
        from augtool.views.inspect.inspect import inspect as look
        from augtool.views.inspect.table import table

        seen = look(
            data,
            console,
            open_data=_opener(kind, follow_links=follow_links),
            limits=Limits(workers, timeout, max_pixels),
        )
        if json:
            console.data(seen.to_json())
        else:
            is_utf8 = (sys.stdout.encoding or "").lower().startswith("utf")
            console.data(table(seen, block="█" if is_utf8 else "#"))
        raise typer.Exit(seen.exit_code)


def _opener(kind: str | None, *, follow_links: bool) -> "Callable[..., Source]":
    """Return what opens a data set with the flags of a command."""
    from augtool.sources import SourceOptions, open_source

    options = SourceOptions(follow_links=True) if follow_links else SourceOptions()
    return partial(open_source, name=kind, **options)


def report(
    outs: Annotated[
        list[Path],
        typer.Argument(metavar="OUT [OUT]", help="A finished output of expand, or two to compare."),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The page. Default: OUT/report.html, or comparison.html."
        ),
    ] = None,
    title: Annotated[
        str | None, typer.Option(help="Name of the data set. Default: that of DATA, or of OUT.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="The data set, for originals that are not in OUT.")
    ] = None,
    look_alikes: Annotated[
        int, typer.Option(min=0, metavar="N", help="Originals to compare with each other.")
    ] = 1000,
    allow_code: AllowCode = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write one self-contained page that shows what is in an output, or how two differ.

    \b
    augtool report out/
    augtool report out/ -o page.html --data data/ --title "Cats and dogs"
    augtool report mild/ strong/ -o comparison.html

    Counts and sizes before and after, drawn parameters against configured ranges, the strength of
    each transform, copies that hardly differ from their originals (in all, and by transform),
    originals that look the same, samples, failures, the config, and how to reproduce it. Of two
    outputs: what differs in the config, and both side by side. Needs Jinja: pip install jinja2.
    """
    console = Console(quiet=quiet, json=json)
    with exits(console, debug=debug):
        from augtool.output.dataset import read_dataset
        from augtool.output.fetched import on_disk
        from augtool.sources import open_source
        from augtool.storage.remote.url import is_remote, shown
        from augtool.views.report.comparison import Comparison, write_comparison
        from augtool.views.report.findings import ReportOptions
        from augtool.views.report.page import Written, write_report

        if len(outs) > 2 or (len(outs) == 2 and (title or data)):
            raise ConfigError(
                "report: pass one output, or two to compare, without --title and --data"
            )
        if output is None and len(outs) == 1 and is_remote(outs[0]):
            raise ConfigError("report: pass -o FILE: a page is not put into an object store")
        with contextlib.ExitStack() as stack:
            folders = [stack.enter_context(on_disk(each)) for each in outs]
            written: Comparison | Written
            if len(outs) == 2:
                titles = shown(outs[0]), shown(outs[1])
                written = write_comparison(
                    *folders, target=output, titles=titles, allow_code=allow_code
                )
            else:
                source = None
                if data:
                    limit = read_dataset(folders[0]).config(allow_code=allow_code).max_pixels
                    source = open_source(data, max_pixels=limit)
                    title = title or Path(data).resolve().name
                options = ReportOptions(title, source, look_alikes, allow_code)
                written = write_report(folders[0], target=output, options=options)
        console.message(f"{written.path}: {written.size:,} bytes")
        if json:
            console.data(written.to_json())
