"""The command line: parse, call, print, exit. It has no rules of its own.

Everything heavy is imported inside the commands, so that ``--help`` costs no more than typer.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, Literal

import typer

from augtool.cli.console import Console, printable
from augtool.errors import AugtoolError, ConfigError

__all__ = ["app", "main"]

_PLAIN: dict[str, Any] = {
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
    "add_completion": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}
app = typer.Typer(
    help="""Expand image-classification data sets on disk, reproducibly, on all cores.

    \b
    augtool expand data/ out/ --ratio 1.5
    augtool expand data/ out/ --config recipe.yaml --workers 8
    """,
    no_args_is_help=True,
    **_PLAIN,
)
config_app = typer.Typer(
    help="""Write, check and describe configs.

    \b
    augtool config init > recipe.yaml
    augtool config check recipe.yaml
    """,
    no_args_is_help=True,
    **_PLAIN,
)
app.add_typer(config_app, name="config")


class Sampling(str, Enum):
    """How copies are shared among the images of a class."""

    stratified = "stratified"
    bootstrap = "bootstrap"


class Format(str, Enum):
    """File format of what is written."""

    keep = "keep"
    png = "png"
    jpg = "jpg"
    webp = "webp"


class Label(str, Enum):
    """Which of CIFAR-100's two sets of classes."""

    fine = "fine"
    coarse = "coarse"


class Originals(str, Enum):
    """What becomes of the originals."""

    copy = "copy"
    hardlink = "hardlink"
    symlink = "symlink"
    omit = "omit"


class ClassMode(str, Enum):
    """Labels of arrays."""

    sparse = "sparse"
    categorical = "categorical"
    binary = "binary"


class Metadata(str, Enum):
    """A table for another library's loader."""

    hf = "hf"


class OnError(str, Enum):
    """What an input that can't be used does."""

    skip = "skip"
    fail = "fail"


Data = Annotated[
    str,
    typer.Argument(help="The data set: a folder of class folders, CIFAR, IDX, .npz or .csv."),
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", help="YAML file; see `augtool config init`.")
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", help="Override a key: --set transforms.rotation_range=30. Repeatable."),
]
Seed = Annotated[int | None, typer.Option(help="Same seed, same pictures. Default 0.")]
Kind = Annotated[str | None, typer.Option("--from", help="Kind of data set; default: detected.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say errors only.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say every failure at once.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Workers = Annotated[
    int | None,
    typer.Option(min=1, max=1024, help="Processes; default: the CPUs that augtool may use."),
]


def _print_version(value: bool) -> None:
    if value:
        from importlib.metadata import PackageNotFoundError, version

        try:
            sys.stdout.write(f"augtool {version('augtool')}\n")
        except PackageNotFoundError:
            sys.stdout.write("augtool (not installed)\n")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


@app.command()
def expand(
    data: Data,
    out: Annotated[Path, typer.Argument(help="Output folder: new, empty, or augtool's own.")],
    config: ConfigFile = None,
    ratio: Annotated[
        float | None, typer.Option(help="Copies per original, added to them. Default 1.5.")
    ] = None,
    total: Annotated[int | None, typer.Option(help="Copies in all, instead of a ratio.")] = None,
    per_image: Annotated[
        int | None, typer.Option(help="Copies of every image, instead of a ratio.")
    ] = None,
    balance: Annotated[
        bool, typer.Option("--balance", help="End every class at the size of the largest.")
    ] = False,
    sampling: Annotated[
        Sampling | None, typer.Option(help="Share copies evenly, or draw with replacement.")
    ] = None,
    seed: Seed = None,
    sets: Sets = None,
    workers: Workers = None,
    engine: Annotated[str, typer.Option(help="processes or serial.")] = "processes",
    kind: Kind = None,
    follow_links: Annotated[
        bool, typer.Option("--follow-links", help="Read links that lead out of DATA.")
    ] = False,
    files_from: Annotated[
        str | None,
        typer.Option(metavar="FILE|-", help="Take only the paths listed there, relative to DATA."),
    ] = None,
    nul: Annotated[bool, typer.Option("-0", help="Paths of --files-from end in NUL.")] = False,
    label: Annotated[Label | None, typer.Option(help="Classes of CIFAR-100. Default fine.")] = None,
    root: Annotated[
        str | None, typer.Option(help="What paths of a CSV table are relative to; default: it.")
    ] = None,
    path_column: Annotated[
        str | None, typer.Option(help="Column of a CSV table with paths. Default filename.")
    ] = None,
    class_column: Annotated[
        str | None, typer.Option(help="Column of a CSV table with classes. Default class.")
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option(metavar="val=0.3", help="Hold a part out; val, test or both. Repeatable."),
    ] = None,
    split_seed: Annotated[int | None, typer.Option(help="Chooses who is held out.")] = None,
    group: Annotated[
        str | None,
        typer.Option(metavar="REGEX", help="Its first group on the path stays in one split."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(help="tree (default), webdataset, npz, npy, tfrecord or parquet."),
    ] = None,
    shard_size: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Most bytes in a shard, e.g. 100MB.")
    ] = None,
    shuffle: Annotated[
        bool, typer.Option("--shuffle", help="Shards and arrays: mix the training split.")
    ] = False,
    class_mode: Annotated[
        ClassMode | None, typer.Option(help="Labels of arrays: sparse by default.")
    ] = None,
    metadata: Annotated[
        Metadata | None, typer.Option(help="hf: metadata.csv for Hugging Face's imagefolder.")
    ] = None,
    format: Annotated[Format | None, typer.Option(help="File format of copies.")] = None,
    quality: Annotated[int | None, typer.Option(help="Of JPEG and WebP, 1 to 100.")] = None,
    resize: Annotated[
        str | None, typer.Option(metavar="HxW", help="Size of all pictures, e.g. 150x150.")
    ] = None,
    crop: Annotated[
        bool, typer.Option("--crop", help="With --resize: centre crop, do not stretch.")
    ] = False,
    flatten: Annotated[
        str | None, typer.Option(metavar="COLOR", help="Lay alpha on white, black or #rrggbb.")
    ] = None,
    depth: Annotated[int | None, typer.Option(help="8: turn 16-bit pictures into 8 bits.")] = None,
    originals: Annotated[
        Originals | None, typer.Option(help="What becomes of the originals.")
    ] = None,
    stats: Annotated[
        bool | None, typer.Option("--stats/--no-stats", help="Mean and std in dataset.json.")
    ] = None,
    max_pixels: Annotated[
        int | None, typer.Option(help="Refuse pictures that claim more. Default 200000000.")
    ] = None,
    on_error: Annotated[
        OnError, typer.Option(help="Skip inputs that can't be used, or stop at the first.")
    ] = OnError.skip,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what another run left in OUT.")
    ] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Bring OUT up to date, keeping what is still right.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan; write nothing.")
    ] = False,
    checksum: Annotated[
        bool, typer.Option("--checksum", help="Compare sources by hash, not by time.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Write augmented copies of a data set, and a manifest that explains every file.

    \b
    augtool expand data/ out/ --ratio 1.5
    augtool expand data/ out/ --balance --resize 150x150 --format png --dry-run

    Exit codes: 0 done; 1 failed; 2 usage or config; 3 done, but some inputs were skipped (see
    failures.csv); 4 OUT is in use or holds something else; 5 could not write; 130 and 143
    interrupted: the same command goes on.
    """
    console = Console(quiet=quiet, verbose=verbose)
    with _exits(console, debug=debug):
        from augtool.runtime import load_opencv

        load_opencv()
        from augtool.config.split import parse_split
        from augtool.run.expand import expand as run
        from augtool.run.report import Options
        from augtool.sources.file_list import read_list

        flags = {
            "ratio": ratio,
            "total": total,
            "per_image": per_image,
            "balance": balance or None,
            "sampling": sampling and sampling.value,
            "seed": seed,
            "max_pixels": max_pixels,
            "output.to": to,
            "output.shard_size": shard_size,
            "output.shuffle": shuffle or None,
            "output.class_mode": class_mode and class_mode.value,
            "output.metadata": metadata and metadata.value,
            "output.format": format and format.value,
            "output.quality": quality,
            "output.resize": resize,
            "output.crop": crop or None,
            "output.flatten": flatten,
            "output.depth": depth,
            "output.originals": originals and originals.value,
            "output.stats": stats,
            "split.seed": split_seed,
            "split.group": group,
        }
        for text in split or ():
            flags |= parse_split(text)
        settings = {
            "follow_links": follow_links or None,
            "only": read_list(files_from, nul=nul) if files_from is not None else None,
            "label": label and label.value,
            "files_root": root,
            "path_column": path_column,
            "class_column": class_column,
        }
        report = run(
            data,
            out,
            config=_config(config, sets, flags),
            options=Options(
                workers=workers,
                engine=engine,
                on_error=on_error.value,
                existing=_existing(overwrite, update),
                dry_run=dry_run,
                checksum=checksum,
                kind=kind,
                source={name: value for name, value in settings.items() if value is not None},
            ),
            listener=console,
        )
        if json:
            console.data(report.to_json())
        elif dry_run:
            console.data(report.plan.describe())
        console.summary(report)
        raise typer.Exit(report.exit_code)


@app.command()
def verify(
    out: Annotated[Path, typer.Argument(help="A finished output.")],
    replay: Annotated[
        str, typer.Option(metavar="N|all", help="Make N copies again and compare them.")
    ] = "0",
    data: Annotated[
        Path | None, typer.Option(help="The data set; default: originals in OUT.")
    ] = None,
    workers: Workers = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check every file of an output against its manifest; exit 6 when something differs.

    \b
    augtool verify out/
    augtool verify out/ --replay 100 --data data/
    """
    console = Console(quiet=quiet)
    with _exits(console):
        from augtool.runtime import load_opencv

        load_opencv()
        from augtool.output.verify import count_of
        from augtool.output.verify import verify as run

        if replay != "all" and not replay.isdecimal():
            raise ConfigError(f"--replay: got {replay!r}; expected a whole number, or all")
        count: int | Literal["all"] = "all" if replay == "all" else int(replay)
        console.counting(count_of(out), 0, "file")
        verdict = run(out, replay=count, data=data, workers=workers, progress=console.progressed)
        console.close()
        if json:
            console.data(verdict.to_json())
        else:
            for finding in verdict.findings:
                console.data(printable(str(finding)))
        console.verdict(verdict)
        raise typer.Exit(verdict.exit_code)


@app.command()
def replay(
    out: Annotated[Path, typer.Argument(help="A finished output.")],
    path: Annotated[str, typer.Argument(help="A path of its manifest.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write the file.")],
    data: Annotated[
        Path | None, typer.Option(help="The data set; default: originals in OUT.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Make one file again from its manifest row; exit 6 when its bytes are others.

    \b
    augtool replay out/ cat/1__aug0.jpg -o again.jpg
    augtool replay out/ cat/1__aug0.jpg -o again.jpg --data data/
    """
    console = Console(quiet=quiet)
    with _exits(console):
        from augtool.runtime import load_opencv

        load_opencv()
        from augtool.output.replay import replay as make
        from augtool.storage.files import write_atomic

        made, is_same = make(out, path, data=data)
        write_atomic(output, made)
        if not is_same:
            console.say(f"{output}: differs from {out}/{path}; compare with: augtool verify {out}")
        raise typer.Exit(0 if is_same else 6)


@app.command()
def preview(
    inputs: Annotated[
        list[str], typer.Argument(metavar="IMAGE|DATA...", help="Pictures, or data sets.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="PNG, JPEG or WebP. Default: shown, or preview.png."),
    ] = None,
    grid: Annotated[
        str | None, typer.Option(metavar="RxC", help="Rows x columns. Default for a photo: 3x3.")
    ] = None,
    per_transform: Annotated[
        bool,
        typer.Option("--per-transform", help="Each transform alone: low end, middle, high end."),
    ] = False,
    config: ConfigFile = None,
    sets: Sets = None,
    seed: Seed = None,
    kind: Kind = None,
    tile: Annotated[
        int, typer.Option(min=16, max=2000, help="Largest side of each picture, in pixels.")
    ] = 200,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Draw a contact sheet: originals, and the very copies that expand would write.

    \b
    augtool preview photo.jpg -o grid.png --grid 3x3
    augtool preview data/ --config recipe.yaml --per-transform

    A photo: the original and eight copies. Several photos or a data set: a row for each, or for a
    sample of each class. Copies are those of the ids that a data set's pictures have; the id of a
    photo given alone is its file name. Without -o the sheet is shown on a terminal that can
    (kitty, iTerm2, sixel), else written to preview.png.
    """
    console = Console(quiet=quiet)
    with _exits(console, debug=debug):
        from augtool.runtime import load_opencv

        load_opencv()
        from augtool.views.preview import output as contact
        from augtool.views.preview.preview import Grid
        from augtool.views.preview.preview import preview as look

        protocol = None if json or output else contact.protocol_of_stdout()
        target = contact.choose_target(output, inputs) if protocol is None else None
        seen = look(
            inputs,
            _config(config, sets, {"seed": seed}),
            grid=Grid.parse(grid) if grid else None,
            per_transform=per_transform,
            kind=kind,
        )
        for warning in seen.warnings:
            console.warn(warning)
        image, _ = seen.draw(tile)
        if target is None:
            console.data(contact.encode(image, str(protocol)))
            return
        contact.write(image, target)
        console.say(f"{target}: {image.shape[1]} x {image.shape[0]} pixels")
        if json:
            console.data({"output": str(target), "strips": seen.to_json()})


@app.command()
def inspect(
    data: Data,
    kind: Kind = None,
    workers: Workers = None,
    max_pixels: Annotated[
        int | None, typer.Option(min=1, help="Pictures that claim more are broken.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Take stock of a data set: classes, sizes, formats, broken files, duplicates.

    \b
    augtool inspect data/
    augtool inspect data/ --json > stock.json

    Every picture is decoded. Duplicates are files with the same bytes; look-alikes are different
    files whose pictures look the same. Nothing is written. Exit codes: 0 all can be used; 2 usage;
    3 something is broken.
    """
    console = Console(quiet=quiet)
    with _exits(console, debug=debug):
        from augtool.runtime import load_opencv

        load_opencv()
        from augtool.views.inspect.inspect import inspect as look
        from augtool.views.inspect.table import table

        seen = look(data, console, kind=kind, workers=workers, max_pixels=max_pixels)
        if json:
            console.data(seen.to_json())
        else:
            is_utf8 = (sys.stdout.encoding or "").lower().startswith("utf")
            console.data(printable(table(seen, block="█" if is_utf8 else "#")))
        raise typer.Exit(seen.exit_code)


@app.command()
def report(
    out: Annotated[Path, typer.Argument(help="A finished output of expand.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The page. Default: OUT/report.html.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="The data set, for originals that are not in OUT.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write one self-contained page that shows what an output holds.

    \b
    augtool report out/
    augtool report out/ -o page.html --data data/

    Counts before and after, what was drawn against what was asked, copies that hardly differ from
    their originals, samples, failures, the config, and how to make it again. Needs Jinja:
    pip install 'augtool[report]'.
    """
    console = Console(quiet=quiet)
    with _exits(console, debug=debug):
        from augtool.runtime import load_opencv

        load_opencv()
        from augtool.sources import open_source
        from augtool.views.report.page import write_report

        written = write_report(out, target=output, source=open_source(data) if data else None)
        console.say(f"{written.path}: {written.size:,} bytes")
        if json:
            console.data(written.to_json())


@config_app.command("init")
def config_init() -> None:
    """Print a commented config with the defaults.

    \b
    augtool config init > recipe.yaml
    """
    with _exits(Console()):
        Console().data(Path(__file__).parents[1].joinpath("config/starter.yaml").read_text("utf-8"))


@config_app.command("check")
def config_check(
    file: Annotated[Path, typer.Argument(help="The YAML file.")],
    sets: Sets = None,
    json: Json = False,
) -> None:
    """Check a config and print it with all defaults filled in; exit 2 when it is wrong.

    \b
    augtool config check recipe.yaml
    augtool config check recipe.yaml --set seed=7 --json
    """
    console = Console()
    with _exits(console):
        from augtool.runtime import load_opencv

        load_opencv()
        from augtool.sinks import open_sink

        checked = _config(file, sets, {})
        open_sink(checked)
        resolved = checked.resolved()
        if json:
            console.data(resolved)
        else:
            import yaml

            console.data(yaml.safe_dump(resolved, sort_keys=False, default_flow_style=None))


@config_app.command("schema")
def config_schema() -> None:
    """Print the JSON Schema of configs, for editors.

    \b
    augtool config schema > augtool.schema.json
    """
    console = Console()
    with _exits(console):
        from augtool.runtime import load_opencv

        load_opencv()
        from augtool.config.schema import schema

        console.data(schema())


def _config(file: Path | None, sets: list[str] | None, flags: dict[str, Any]) -> Any:
    """Return the config: flags beat ``--set``, which beats the file."""
    from augtool.config.schema import load, parse_override

    overrides = dict(parse_override(text) for text in sets or ())
    overrides |= {key: value for key, value in flags.items() if value is not None}
    return load(file, overrides)


def _existing(overwrite: bool, update: bool) -> Literal["refuse", "overwrite", "update"]:
    if overwrite and update:
        raise ConfigError("--overwrite: --update is given too; keep one of them")
    return "overwrite" if overwrite else "update" if update else "refuse"


class _Terminated(BaseException):
    """SIGTERM came."""


@contextlib.contextmanager
def _exits(console: Console, *, debug: bool = False) -> Iterator[None]:
    """Turn what ends a command into words and its exit code."""
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    except AugtoolError as error:
        console.close()
        if debug:
            raise
        console.error(str(error))
        raise typer.Exit(error.exit_code) from error
    except (KeyboardInterrupt, _Terminated) as stop:
        # A second signal ends the process at once, whatever this one still does.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        console.close()
        console.say("interrupted; give the same command again to go on")
        raise typer.Exit(130 if isinstance(stop, KeyboardInterrupt) else 143) from stop
    except BrokenPipeError:
        # Nobody reads standard output any more; what was asked for is done.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    finally:
        signal.signal(signal.SIGTERM, previous)


def _terminate(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a handler's form
    raise _Terminated


def main() -> None:
    """Run the command line."""
    app(prog_name="augtool")
