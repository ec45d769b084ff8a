"""The conductor: from a data set to an expanded one, in the order of docs/design.md."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from augtool.config.schema import Config
from augtool.core.image_spec import ImageSpec
from augtool.core.records import HIDDEN, TRAIN, Listing
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
from augtool.run.options import Options
from augtool.run.refusal import leave_nothing_if_refused
from augtool.run.report import Report
from augtool.run.spec_probe import SpecProbe
from augtool.run.workspace import Workspace
from augtool.sinks import open_sink
from augtool.sources import Source, open_source
from augtool.storage.remote.url import RemoteUrl, is_remote

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
        The output folder; it must be new, empty, or augtool's own.
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
    if is_remote(out):
        raise ConfigError(
            f"{RemoteUrl.parse(os.fspath(out))}: OUT must be a folder on disk; copy it to the store"
            " when it is whole"
        )
    is_local = not is_remote(data)
    if is_local:
        _refuse_overlap(Path(data), Path(out))
    elif config.output.originals in ("hardlink", "symlink"):
        raise ConfigError(
            f"--originals {config.output.originals}: DATA is in an object store, and there is"
            " nothing to link to; pass --originals copy"
        )
    sink = open_sink(config)
    if config.output.png_encoder == "fpng":
        require_fast()
    require_writer(config.output.metadata or "")
    source = open_source(data, options.kind, max_pixels=config.max_pixels, **options.source)
    open_engine(options.engine, 1, timeout_s=options.timeout_s)
    workspace = Workspace(Path(out))
    workspace.check()
    listing = source.listing(config.classes)
    if is_local:
        _refuse_linked_overlap(listing, Path(data), Path(out))
    listing = _split(trace(data, source, listing, options.lineage), config, source)
    plan = make_plan(listing, config, extension=source.extension)
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
        return Report("planned", workspace.out, plan, failed=len(plan.listing.failures))
    inputs = _inputs(config, plan, source, spec)
    made_with = MadeWith.here(config, plan.file_formats())
    parts = (source, sink, plan, spec, workspace, inputs, made_with)
    job = Job(config, options, progress, *parts)
    with leave_nothing_if_refused(workspace, job.state):
        return run(job)


def _split(lineage: Lineage, config: Config, source: Source) -> Listing:
    """Hold out what the config says; images with the same bytes stay together, and families do."""
    listing = lineage.listing
    if config.split is None:
        return listing
    settings = config.split
    rule = SplitRule(settings.fractions, settings.seed, settings.group)
    train = (index for index, each in enumerate(listing.samples) if each.split == TRAIN)
    duplicates = find_exact_duplicates(source, listing.samples, train)
    together = [*duplicates, *lineage.families]
    return split_listing(listing, rule, together, by_class=source.has_files)


def _inputs(config: Config, plan: Plan, source: Source, spec: ImageSpec | None) -> str:
    """Return a digest of what records depend on beside what makes them."""
    settings = json.dumps([source.describe(), spec], sort_keys=True)
    parts = (config.digest(), plan.digest(), settings)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _refuse_overlap(data: Path, out: Path) -> None:
    """Refuse an output that would read what it writes."""
    real_data, real_out = Path(os.path.realpath(data)), Path(os.path.realpath(out))
    if real_data == real_out:
        raise ConfigError(f"{out}: is the data itself; choose another output folder")
    if real_data in real_out.parents:
        raise ConfigError(f"{out}: lies inside the data ({data}); choose a folder outside of it")
    if real_out in real_data.parents:
        raise ConfigError(f"{data}: lies inside the output ({out}); choose another output folder")


def _refuse_linked_overlap(listing: Listing, data: Path, out: Path) -> None:
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
