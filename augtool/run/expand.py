"""The conductor: from a data set to an expanded one, in the order of docs/design.md."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from augtool.config.schema import Config
from augtool.core.image_spec import ImageSpec
from augtool.core.records import HIDDEN, TRAIN, Listing
from augtool.core.texts import numbers
from augtool.engines import open_engine
from augtool.engines.progress import NullProgress, Progress
from augtool.errors import ConfigError
from augtool.images.codec.png import require_fast
from augtool.output.hf_metadata import require_writer
from augtool.output.made_with import MadeWith
from augtool.plan.exact_duplicates import find_exact_duplicates
from augtool.plan.plan import Plan, make_plan
from augtool.plan.splits import SplitRule, split_listing
from augtool.plan.warnings import plan_warnings
from augtool.run.execute import run
from augtool.run.job import Job
from augtool.run.lineage import Lineage, copy_names_warning, trace
from augtool.run.manifest_form import with_manifest
from augtool.run.options import Options
from augtool.run.refusal import leave_nothing_if_refused
from augtool.run.report import Report
from augtool.run.spec_probe import SpecProbe
from augtool.run.workspace import Workspace
from augtool.sinks import open_sink
from augtool.sources import Source, open_source
from augtool.storage.remote.url import RemoteUrl, is_remote, shown

if TYPE_CHECKING:
    from augtool.run.store_output import StoreOutput

__all__ = ["expand"]


def expand(
    data: str | Path,
    out: str | Path,
    *,
    config: Config | None = None,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Report:
    """Expand an image-classification data set on disk.

    The same inputs and config give the same bytes in `out`, for any number of workers, interrupted
    and resumed or not.

    Parameters
    ----------
    data
        A class-per-folder tree, or a packed data set, on disk or at an ``s3://``, ``gs://`` or
        ``az://`` URL.
    out
        The output folder, or a URL; it must be new, empty, or augtool's own.
    config
        What to make; None for the defaults.
    options
        How to run; None for the defaults.
    progress
        Is told of warnings, and how the run goes on.

    Returns
    -------
    Report
        Its ``exit_code`` is what the command ends with.

    Raises
    ------
    AugtoolError
        When nothing was done, or the run could not be completed; the same call goes on later.
    """
    config, options, progress = config or Config(), options or Options(), progress or NullProgress()
    store = _store_output(out)
    folder = Path(out) if store is None else store.scratch
    _refuse_overlap(data, out)
    if (is_remote(data) or store) and config.output.originals in ("hardlink", "symlink"):
        raise ConfigError(
            f"--originals {config.output.originals}: nothing can be linked to or from an object"
            " store; pass --originals copy"
        )
    if store and options.shard is not None:
        raise ConfigError(
            "--shard: shares meet in a folder, and OUT is in an object store; choose a folder that"
            " all can reach, and run the same command into the store or copy it there at the end"
        )
    sink = open_sink(config)
    if config.output.png_encoder == "fpng":
        require_fast()
    require_writer(config.output.metadata or "")
    source = open_source(data, options.kind, max_pixels=config.max_pixels, **options.source)
    open_engine(options.engine, 1, timeout_s=options.timeout_s)
    workspace = Workspace(folder, options.shard)
    workspace.check()
    listing = source.listing(config.classes)
    _refuse_linked_overlap(listing, data, folder)
    listing = _split(trace(data, source, listing, options.lineage), config, source)
    plan = make_plan(listing, config, extension=source.extension)
    config = with_manifest(config, plan)
    spec = None
    if sink.stores_pixels:
        probe = SpecProbe(config, source, options.engine, options.timeout_s)
        spec = probe.first(plan.samples)
    sink.check(plan.listing.classes, spec)
    if hidden := listing.ignored.get(HIDDEN):
        progress.message(
            f"hidden files and folders ignored: {hidden:,} (names that begin with a dot);"
            " rename what should be used"
        )
    if options.lineage == "refuse" and (suspect := copy_names_warning(listing)):
        progress.warning(suspect)
    for warning in plan_warnings(plan, config, source):
        progress.warning(warning)
    if options.dry_run:
        where = folder if store is None else store.url
        return Report("planned", where, plan, failed=len(plan.listing.failures))
    inputs = _inputs(config, plan, source, spec)
    made_with = MadeWith.here(config, plan.file_formats())
    parts = (source, sink, plan, spec, workspace, inputs, made_with)
    job = Job(config, options, progress, *parts)
    return _run(job) if store is None else store.run(job, _run)


def _run(job: Job) -> Report:
    with leave_nothing_if_refused(job.workspace, job.state):
        return run(job)


def _split(lineage: Lineage, config: Config, source: Source) -> Listing:
    """Hold out what the config says; images with the same bytes stay together, and families do."""
    listing = lineage.listing
    if config.split is None:
        return listing
    settings = config.split
    rule = SplitRule(settings.fractions, settings.seed, settings.group)
    train = numbers(np.flatnonzero(listing.samples.in_split(TRAIN)))
    duplicates = find_exact_duplicates(source, listing.samples, train)
    together = [*duplicates, *lineage.families]
    return split_listing(listing, rule, together, by_class=source.has_files)


def _inputs(config: Config, plan: Plan, source: Source, spec: ImageSpec | None) -> str:
    """Return a digest of what records depend on beside what makes them."""
    settings = json.dumps([source.describe(), spec], sort_keys=True)
    code = [json.dumps(config.own_code)] if config.own_code else []
    parts = (config.digest(), plan.digest(), settings, *code)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _store_output(out: str | Path) -> StoreOutput | None:
    """Return what puts an output at a URL; None for one on a disk, which needs no such code."""
    if not is_remote(out):
        return None
    from augtool.run.store_output import StoreOutput  # noqa: PLC0415

    return StoreOutput(RemoteUrl.parse(os.fspath(out)))


def _refuse_overlap(data: str | Path, out: str | Path) -> None:
    """Refuse an output that would read what it writes."""
    for name, path in (("DATA", data), ("OUT", out)):
        if not os.fspath(path):
            raise ConfigError(f"{name} is an empty path; check the variable that it comes from")
    real_data, real_out = _real(data), _real(out)
    if real_data == real_out:
        raise ConfigError(f"{shown(out)}: is the data itself; choose another output folder")
    if real_data in real_out.parents:
        raise ConfigError(
            f"{shown(out)}: lies inside the data ({shown(data)}); choose a folder outside of it"
        )
    if real_out in real_data.parents:
        raise ConfigError(
            f"{shown(data)}: lies inside the output ({shown(out)}); choose another output folder"
        )


def _real(path: str | Path) -> PurePath:
    """Return a path without links, or a URL."""
    if is_remote(path):
        return PurePosixPath(str(RemoteUrl.parse(os.fspath(path))))
    return Path(os.path.realpath(path))


def _refuse_linked_overlap(listing: Listing, data: str | Path, out: Path) -> None:
    """Refuse an output that would be read through a link of the data, or a row of a table."""
    real_out = os.path.realpath(out)
    elsewhere = (*listing.linked_folders.items(), *listing.linked_files.items())
    for folder, sample_id in elsewhere:
        if _is_within(folder, real_out):
            raise ConfigError(
                f"{data}: {sample_id!r} leads into the output ({out}); remove that link or row,"
                " or choose another output folder"
            )
    for folder, sample_id in listing.linked_folders.items():
        if _is_within(real_out, folder):
            raise ConfigError(
                f"{out}: lies inside {folder}, which the link {sample_id!r} of the data ({data})"
                " leads to; choose a folder outside of it, or remove the link"
            )


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
