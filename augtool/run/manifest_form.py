"""Decides in which form a run writes its manifest, before the work."""

from __future__ import annotations

from augtool.config.schema import Config
from augtool.core.texts import is_utf8
from augtool.errors import ConfigError
from augtool.plan.plan import Plan
from augtool.runtime.arrow import import_pyarrow
from augtool.sinks import sink_kind
from augtool.storage.which_manifest import PARTS, lies_among_parts

__all__ = ["MOST_CSV_ROWS", "with_manifest"]

#: Of larger plans, ``auto`` makes a manifest in Parquet.
MOST_CSV_ROWS = 10_000_000


def with_manifest(config: Config, plan: Plan) -> Config:
    """Return the config with the form that ``auto`` stands for, so that nobody has to ask again.

    It depends on config and plan alone. A tree whose class folders are at its top keeps
    manifest.csv, whatever its size: loaders would take the folder of the parts for a class.

    Raises
    ------
    ConfigError
        When a manifest in Parquet can't be written here, or of this plan.
    """
    form, why = config.output.manifest, "output.manifest"
    if form == "auto":
        is_large = plan.total_records > MOST_CSV_ROWS
        is_tree = sink_kind(config.output.to).one_file_per_record
        form = "csv" if not is_large or (is_tree and plan.has_classes_at_top) else "parquet"
        why = f"output.manifest: of more than {MOST_CSV_ROWS:,} files it is in Parquet"
    if form == "parquet":
        import_pyarrow(f"{why}: a manifest in Parquet", "or pass --set output.manifest=csv")
        _require_fit(plan)
    output = config.output.model_copy(update={"manifest": form})
    return config.model_copy(update={"output": output})


def _require_fit(plan: Plan) -> None:
    """Refuse names that Parquet can't hold, or that would lie among the manifest's parts."""
    samples, rest = plan.samples, "or pass --set output.manifest=csv"
    groups = [group.prefix for group, _ in samples.used_groups()]
    for text in (*plan.listing.classes, *groups, samples.names.first_not_utf8() or ""):
        if not is_utf8(text):
            raise ConfigError(
                f"output.manifest: Parquet holds UTF-8, and {text!r} is not; rename it, {rest}"
            )
    if any(not folder for folder in plan.folders) and samples.names.may_contain(f"{PARTS}/"):
        name = next(filter(lies_among_parts, samples.names), None)
        if name is not None:
            raise ConfigError(
                f"output.manifest: {name!r} would lie among the parts of the manifest; rename its"
                f" folder, {rest}"
            )
