"""``augtool expand``."""

from pathlib import Path
from typing import Annotated

import typer

from augtool.cli.choices import choose_balance, choose_existing, choose_kind, choose_shard
from augtool.cli.config import read_config
from augtool.cli.console import Console
from augtool.cli.exits import exits
from augtool.cli.options import (
    AllowCode,
    ClassMode,
    ColorMode,
    ConfigFile,
    Data,
    Debug,
    Engine,
    FollowLinks,
    Format,
    Json,
    Kind,
    Label,
    Lineage,
    Metadata,
    OnError,
    Originals,
    Quiet,
    Sampling,
    Seed,
    Sets,
    Shard,
    To,
    Verbose,
    Workers,
)

__all__ = ["expand"]


def expand(
    data: Data,
    out: Annotated[
        Path, typer.Argument(help="Output folder or URL: new, empty, or augtool's own.")
    ],
    config: ConfigFile = None,
    ratio: Annotated[
        float | None, typer.Option(help="Copies per original, added to them. Default 1.5.")
    ] = None,
    total: Annotated[int | None, typer.Option(help="Copies in total, instead of a ratio.")] = None,
    per_image: Annotated[
        int | None, typer.Option(help="Copies of every image, instead of a ratio.")
    ] = None,
    balance: Annotated[
        bool, typer.Option("--balance", help="Bring every class to the size of the largest.")
    ] = False,
    balance_to: Annotated[
        str | None,
        typer.Option(
            metavar="largest|median|N", help="Bring every class to that size, with copies."
        ),
    ] = None,
    undersample: Annotated[
        bool,
        typer.Option(
            "--undersample", help="With --balance-to: leave originals out of larger classes."
        ),
    ] = False,
    sampling: Annotated[
        Sampling | None, typer.Option(help="Share copies evenly, or draw with replacement.")
    ] = None,
    seed: Seed = None,
    sets: Sets = None,
    allow_code: AllowCode = False,
    workers: Workers = None,
    shard: Shard = None,
    engine: Engine = "processes",
    timeout: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            help="Time limit for decoding an image, and for each copy; 0 for none. Not with"
            " --engine serial.",
        ),
    ] = 60,
    kind: Kind = None,
    flat: Annotated[
        bool,
        typer.Option("--flat", help="DATA is a folder of images without classes, or one image."),
    ] = False,
    follow_links: FollowLinks = False,
    files_from: Annotated[
        str | None,
        typer.Option(metavar="FILE|-", help="Use only the paths listed there, relative to DATA."),
    ] = None,
    nul: Annotated[bool, typer.Option("-0", help="Paths of --files-from end in NUL.")] = False,
    label: Annotated[Label | None, typer.Option(help="Classes of CIFAR-100. Default fine.")] = None,
    root: Annotated[
        str | None,
        typer.Option(help="Folder of the paths in a CSV table. Default: the CSV's own folder."),
    ] = None,
    path_column: Annotated[
        str | None, typer.Option(help="Column of paths in a CSV table. Default filename.")
    ] = None,
    class_column: Annotated[
        str | None,
        typer.Option(
            help="Column of classes in a CSV table (default class) or Parquet; for a CSV table also"
            " several columns, joined by commas, that hold a 1 for each label."
        ),
    ] = None,
    label_separator: Annotated[
        str | None,
        typer.Option(help="Separator of several labels in the class column, e.g. ';'."),
    ] = None,
    lineage: Annotated[
        Lineage,
        typer.Option(
            help="DATA that augtool wrote: refuse it, read only its originals, or keep its copies"
            " with their originals in every split."
        ),
    ] = Lineage.refuse,
    split: Annotated[
        list[str] | None,
        typer.Option(metavar="val=0.3", help="Hold out a part: val, test or both. Repeatable."),
    ] = None,
    split_seed: Annotated[int | None, typer.Option(help="Seed of the split.")] = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help="Regex: images whose first capture group is equal stay in one split.",
        ),
    ] = None,
    to: To = None,
    shard_size: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Maximum size of a shard, e.g. 100MB.")
    ] = None,
    shuffle: Annotated[
        bool, typer.Option("--shuffle", help="Shards and arrays: shuffle the training split.")
    ] = False,
    class_mode: Annotated[
        ClassMode | None, typer.Option(help="Labels of arrays. Default sparse.")
    ] = None,
    metadata: Annotated[
        Metadata | None,
        typer.Option(
            help="hf: metadata.csv for Hugging Face's imagefolder; hf-parquet: metadata.parquet, in"
            " which labels have names."
        ),
    ] = None,
    number_classes: Annotated[
        bool,
        typer.Option(
            "--number-classes",
            help="Put labels in front of class folders (0_dog, 1_deer), so that loaders number"
            " the classes in the same order.",
        ),
    ] = False,
    format: Annotated[Format | None, typer.Option(help="File format of copies.")] = None,
    quality: Annotated[int | None, typer.Option(help="Quality of JPEG and WebP, 1 to 100.")] = None,
    resize: Annotated[
        str | None, typer.Option(metavar="HxW", help="Size of all images, e.g. 150x150.")
    ] = None,
    crop: Annotated[
        bool,
        typer.Option("--crop", help="With --resize: crop to the centre instead of stretching."),
    ] = False,
    flatten: Annotated[
        str | None,
        typer.Option(metavar="COLOR", help="Replace alpha with white, black or #rrggbb."),
    ] = None,
    color_mode: Annotated[
        ColorMode | None, typer.Option(help="Channels of all images. Default keep.")
    ] = None,
    depth: Annotated[int | None, typer.Option(help="8: convert 16-bit images to 8 bits.")] = None,
    originals: Annotated[
        Originals | None, typer.Option(help="What to do with the originals.")
    ] = None,
    stats: Annotated[
        bool | None, typer.Option("--stats/--no-stats", help="Mean and std in dataset.json.")
    ] = None,
    max_pixels: Annotated[
        int | None,
        typer.Option(
            help="Refuse images larger than this; pixels of 16-bit colour count double. Default"
            " 64000000, so that a worker stays below 1 GB."
        ),
    ] = None,
    on_error: Annotated[
        OnError, typer.Option(help="Skip inputs that can't be used, or stop at the first.")
    ] = OnError.skip,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what another run left in OUT.")
    ] = False,
    update: Annotated[
        bool,
        typer.Option("--update", help="Bring OUT up to date, keeping files that are still right."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan; write nothing.")
    ] = False,
    checksum: Annotated[
        bool, typer.Option("--checksum", help="Compare sources by hash, not by timestamp.")
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
    interrupted: run the same command again to continue.
    """
    console = Console(quiet=quiet, verbose=verbose, json=json)
    with exits(console, debug=debug):
        from augtool.config.split import parse_split
        from augtool.run.expand import expand as run
        from augtool.run.options import Options
        from augtool.sources import SourceOptions
        from augtool.sources.file_list import read_list

        flags: dict[str, object] = {
            "ratio": ratio,
            "total": total,
            "per_image": per_image,
            "balance": choose_balance(balance, balance_to),
            "undersample": undersample or None,
            "sampling": sampling and sampling.value,
            "seed": seed,
            "max_pixels": max_pixels,
            "output.to": to,
            "output.shard_size": shard_size,
            "output.shuffle": shuffle or None,
            "output.class_mode": class_mode and class_mode.value,
            "output.metadata": metadata and metadata.value,
            "output.number_classes": number_classes or None,
            "output.format": format and format.value,
            "output.quality": quality,
            "output.resize": resize,
            "output.crop": crop or None,
            "output.flatten": flatten,
            "output.color_mode": color_mode and color_mode.value,
            "output.depth": depth,
            "output.originals": originals and originals.value,
            "output.stats": stats,
            "split.seed": split_seed,
            "split.group": group,
        }
        for text in split or ():
            flags |= parse_split(text)
        settings = SourceOptions()
        if follow_links:
            settings["follow_links"] = True
        if files_from is not None:
            settings["only"] = read_list(files_from, nul=nul)
        if label is not None:
            settings["label"] = label.value
        if root is not None:
            settings["files_root"] = root
        if path_column is not None:
            settings["path_column"] = path_column
        if class_column is not None:
            settings["class_column"] = class_column
        if label_separator is not None:
            settings["label_separator"] = label_separator
        report = run(
            data,
            out,
            config=read_config(config, sets, flags, allow_code=allow_code),
            options=Options(
                workers=workers,
                engine=engine,
                timeout_s=timeout,
                on_error=on_error.value,
                existing=choose_existing(overwrite, update),
                dry_run=dry_run,
                checksum=checksum,
                shard=choose_shard(shard),
                lineage=lineage.value,
                kind=choose_kind(kind, flat),
                source=settings,
            ),
            progress=console,
        )
        if json:
            console.data(report.to_json())
        elif dry_run:
            console.data(report.plan.describe())
        console.summary(report)
        raise typer.Exit(report.exit_code)
