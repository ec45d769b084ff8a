"""The conductor: from a data set to an expanded one, in the order of DESIGN's walk."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from augtool.assembly import Forms, assemble, describe_files
from augtool.codec.png import require_fast
from augtool.config import Config
from augtool.core.form import Form
from augtool.engines import Died, open_engine
from augtool.errors import ConfigError, OccupiedError, StoppedError, UnequalError
from augtool.files import clean_errors, write_atomic
from augtool.freshness import changes_since, fresh_spans, missing_file
from augtool.hints import hints
from augtool.manifest import columns, failures_csv, read, to_csv
from augtool.metadata import write_metadata
from augtool.parts import Span, Tally, find_parts, merge, tally
from augtool.plan import Plan, Task, make_plan
from augtool.previous import PreviousTable, looks_of, remove_leftovers
from augtool.report import Listener, Options, Report, Silence
from augtool.runtime import cpu_count
from augtool.sinks import Locate, Sink, open_sink
from augtool.sources import TRAIN, Failure, Listing, Source, open_source
from augtool.splits import SplitRule, split_listing
from augtool.stats import describe
from augtool.twins import find_twins
from augtool.versions import versions
from augtool.worker import Worker
from augtool.workspace import DATASET, FAILURES, Workspace, read_dataset, remove_empty_folders

__all__ = ["expand"]


def expand(
    data: str | Path,
    out: str | Path,
    *,
    config: Config | None = None,
    options: Options | None = None,
    listener: Listener | None = None,
) -> Report:
    """Expand an image-classification data set on disk.

    The same inputs and config give the same bytes in `out`, for any number of workers, interrupted
    and resumed or not.

    Parameters
    ----------
    data
        A class-per-folder tree, or a packed data set.
    out
        The output folder; it must be new, empty, or augtool's own.
    config
        What to make; None for the defaults.
    options
        How to run; None for the defaults.
    listener
        Is told of warnings and progress.

    Returns
    -------
    Report
        Its ``exit_code`` is what the command ends with.

    Raises
    ------
    AugtoolError
        When nothing was done, or the run could not be completed; the same call goes on later.
    """
    config, options, listener = config or Config(), options or Options(), listener or Silence()
    _refuse_overlap(Path(data), Path(out))
    sink = open_sink(config)
    if config.output.png_encoder == "fpng":
        require_fast()
    source = open_source(data, options.kind, **options.source)
    open_engine(options.engine, 1)
    workspace = Workspace(Path(out))
    workspace.check()
    listing = _split(source.listing(config.classes), config, source)
    plan = make_plan(listing, config, extension=source.extension)
    form = None
    if sink.stores_pixels:
        form = Forms(config, source, options.engine).first(plan.samples)
    sink.check(plan.listing.classes, form)
    for hint in hints(plan, config, source):
        listener.warn(hint)
    if options.dry_run:
        return Report("planned", workspace.out, plan, failed=len(plan.listing.failures))
    with workspace:
        identity = _identity(config, plan, source, form)
        return _Run(config, options, listener, source, sink, plan, form, workspace, identity).run()


def _split(listing: Listing, config: Config, source: Source) -> Listing:
    """Hold out what the config says; pictures with the same bytes stay together."""
    if config.split is None:
        return listing
    settings = config.split
    rule = SplitRule(settings.fractions, settings.seed, settings.group)
    train = (index for index, each in enumerate(listing.samples) if each.split == TRAIN)
    twins = find_twins(source, listing.samples, train)
    return split_listing(listing, rule, twins, by_class=source.has_files)


def _identity(config: Config, plan: Plan, source: Source, form: Form | None) -> str:
    """Return what tells this run from every run that would write something else."""
    settings = json.dumps([source.describe(), form], sort_keys=True)
    parts = (config.digest(), plan.digest(), settings, json.dumps(versions()))
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


@dataclass(frozen=True, slots=True)
class _Run:
    """One run that holds its output's lock."""

    config: Config
    options: Options
    listener: Listener
    source: Source
    sink: Sink
    plan: Plan
    form: Form | None
    workspace: Workspace
    identity: str

    def run(self) -> Report:
        """Do what is still to be done."""
        finished = self._if_up_to_date()
        if finished is not None:
            self.workspace.finish()
            return finished
        done = self._take_over()
        self._begin()
        self._work(done)
        self.listener.finishing()
        return self._complete()

    def _if_up_to_date(self) -> Report | None:
        """Return the report of a finished run that is this one."""
        if not self.workspace.manifest.exists() or self.options.existing == "overwrite":
            return None
        dataset = read_dataset(self.workspace.out)
        change: str | None = "inputs, config or version differ"
        if dataset.get("identity") == self.identity:
            change = missing_file(self.workspace.out, dataset) or changes_since(
                self.workspace.out, self.plan, self.source, checksum=self.options.checksum
            )
        if change is None:
            return self._report("up to date", dataset)
        if self.options.existing == "refuse":
            self.workspace.finish()
            raise OccupiedError(
                f"{self.workspace.out}: holds a finished run that differs ({change});"
                " give --update to bring it up to date, --overwrite to start afresh,"
                " or choose another output folder"
            )
        return None

    def _take_over(self) -> set[Span]:
        """Make the output ready for this run, and return which spans of it are done already."""
        workspace = self.workspace
        unfinished = workspace.unfinished()
        if unfinished is not None and unfinished["identity"] == self.identity:
            spans = find_parts(workspace.parts)
            fresh = fresh_spans(workspace.parts, spans, self.plan.chunks(), self.source)
            for span in set(spans) - fresh:
                (workspace.parts / span.file_name).unlink()
            workspace.clear_scratch()
            return fresh
        if unfinished is not None and self.options.existing == "refuse":
            raise OccupiedError(
                f"{workspace.out}: holds an unfinished run of other inputs or another config;"
                " give the command of that run to complete it, --overwrite to start afresh,"
                " or choose another output folder"
            )
        if self.options.existing == "overwrite" or not self.sink.keeps_files:
            workspace.clear_output()
        elif unfinished is not None:
            rows = merge(workspace.parts, find_parts(workspace.parts))
            table = b"".join([to_csv([unfinished["columns"]]), *rows])
            workspace.set_aside(table, unfinished["looks"])
        elif workspace.manifest.exists():
            workspace.remove_joint_files()
            workspace.set_aside(workspace.manifest, _looks_of_finished(workspace.out))
        workspace.clear_parts()
        workspace.clear_scratch()
        return set()

    def _begin(self) -> None:
        """Note what this run is, for whoever finds it unfinished."""
        before = self.workspace.unfinished()
        self.workspace.begin(
            {
                "identity": self.identity,
                "looks": looks_of(self.config, versions()),
                "columns": columns(self.config.photometric_columns),
                # An interrupted run may have left files that no part lists.
                "sweep": before is not None and (self._is_other(before) or before["sweep"]),
            }
        )

    def _is_other(self, state: dict[str, Any]) -> bool:
        return bool(state["identity"] != self.identity)

    def _work(self, done: set[Span]) -> None:
        """Have the engine make every span that is not done."""
        worker = Worker(
            self.config,
            self.source,
            self.sink,
            self.workspace.out,
            self.workspace.parts,
            self.workspace.payloads,
            self.workspace.scratch,
            looks_of(self.config, versions()),
            self.form,
        )
        tables = [PreviousTable(*table) for table in self.workspace.earlier_tables()]
        so_far = tally(self.workspace.parts, done)
        self.listener.planned(self.plan, so_far.originals + so_far.copies + so_far.missing)
        left = _left(self.plan.chunks(), done)
        engine = open_engine(self.options.engine, self.options.workers or cpu_count())
        try:
            for outcome in engine.run(worker, _with_earlier(left, tables)):
                if isinstance(outcome, Died):
                    failure = Failure(outcome.item.sample.id, "decode", outcome.reason)
                    head = worker.fail(outcome.item, failure)
                else:
                    head = outcome.value
                self._heed(head)
        except UnequalError as error:
            raise self._first_unequal() or error from error

    def _first_unequal(self) -> UnequalError | None:
        """Return the error of the first picture that is unlike the others, whoever found one."""
        if self.form is None:
            return None
        left = _left(self.plan.chunks(), set(find_parts(self.workspace.parts)))
        samples = (task.sample for tasks in left for task in tasks)
        looking = Forms(self.config, self.source, self.options.engine)
        return looking.first_unlike(samples, self.form)

    def _heed(self, head: dict[str, Any]) -> None:
        """Report what a part holds, and stop at its first failure if told to."""
        for source, stage, reason in head["failures"]:
            if self.options.on_error == "fail":
                raise StoppedError(
                    f"{source}: {reason} (stage: {stage}); mend it and give the command again,"
                    " or leave out --on-error fail"
                )
            self.listener.failed(Failure(source, stage, reason))
        made = sum(sum(each) for each in head["counts"].values())
        self.listener.progressed(made + head["missing"])

    def _complete(self) -> Report:
        """Write what describes the output, the manifest last."""
        workspace = self.workspace
        spans = find_parts(workspace.parts)
        total = tally(workspace.parts, spans)
        failures = sorted({*self.plan.listing.failures, *total.failures})
        assembled = assemble(workspace, self.sink, self.plan, self.form, spans)
        digest = self._write_manifest_beside(spans, assembled.locate)
        files = assembled.files
        if self.sink.keeps_files:
            self._remove_leftovers()
        if self.config.output.metadata:
            names = write_metadata(workspace.out, workspace.unfinished_manifest)
            files = describe_files(workspace.out, names)
        dataset = self._dataset(total, failures, digest)
        if files:
            dataset["files"] = files
        if failures:
            write_atomic(workspace.out / FAILURES, failures_csv(failures))
        else:
            (workspace.out / FAILURES).unlink(missing_ok=True)
        write_atomic(workspace.out / DATASET, _json_bytes(dataset))
        with clean_errors(workspace.manifest):
            os.sync()
            workspace.unfinished_manifest.replace(workspace.manifest)
        workspace.finish()
        return self._report("done", dataset)

    def _write_manifest_beside(self, spans: Sequence[Span], locate: Locate | None) -> str:
        """Write the manifest under its temporary name, and return its SHA-256."""
        state = hashlib.sha256()
        path = self.workspace.unfinished_manifest
        with clean_errors(path), path.open("wb") as file:
            header = to_csv([columns(self.config.photometric_columns)])
            for rows in (header, *merge(self.workspace.parts, spans, locate)):
                state.update(rows)
                file.write(rows)
        return state.hexdigest()

    def _remove_leftovers(self) -> None:
        """Remove files of earlier runs that are no part of this one."""
        workspace = self.workspace
        tables = workspace.earlier_tables()
        state = workspace.unfinished() or {}
        if not tables and not state.get("sweep"):
            return
        if state.get("sweep"):
            candidates = workspace.unlisted()
        else:
            candidates = (record.path for path, _ in tables for record in read(path))
        remove_leftovers(workspace.out, workspace.unfinished_manifest, candidates)
        remove_empty_folders(workspace.out)

    def _dataset(self, total: Tally, failures: Sequence[Failure], digest: str) -> dict[str, Any]:
        """Return what dataset.json says."""
        counts = {
            split: {
                name: {"original": originals, "augmented": copies}
                for name, (originals, copies) in sorted(of_split.items())
            }
            for split, of_split in sorted(total.counts.items())
        }
        return {
            "config": self.config.resolved(),
            "config_digest": self.config.digest(),
            "identity": self.identity,
            "versions": versions(),
            "classes": list(self.plan.listing.classes),
            "counts": counts,
            "planned": self.plan.total_records,
            "missing": total.missing,
            "failures": len(failures),
            **describe(total.sums),
            "digest": digest,
        }

    def _report(self, status: Literal["done", "up to date"], dataset: dict[str, Any]) -> Report:
        each = [kinds for split in dataset["counts"].values() for kinds in split.values()]
        return Report(
            status,
            self.workspace.out,
            self.plan,
            originals=sum(kinds["original"] for kinds in each),
            copies=sum(kinds["augmented"] for kinds in each),
            failed=dataset["failures"],
            missing=dataset["missing"],
            digest=dataset["digest"],
        )


def _looks_of_finished(out: Path) -> dict[str, str]:
    """Return the looks of a finished output; none that match where its config is not known."""
    dataset = read_dataset(out)
    try:
        return looks_of(Config.model_validate(dataset["config"]), dataset["versions"])
    except (KeyError, ValueError):
        return {"": "unknown"}


def _with_earlier(
    chunks: Iterable[Sequence[Task]], tables: Sequence[PreviousTable]
) -> Iterator[Sequence[Task]]:
    """Give each task what the latest earlier run had for its source."""
    for tasks in chunks:
        yield [_task_with_earlier(task, tables) for task in tasks] if tables else tasks


def _task_with_earlier(task: Task, tables: Sequence[PreviousTable]) -> Task:
    found = (table.find(task.sample.id, task.class_name) for table in tables)
    earlier = tuple(each for each in found if each is not None)
    return replace(task, earlier=earlier) if earlier else task


def _left(chunks: Iterable[Sequence[Task]], done: set[Span]) -> Iterator[Sequence[Task]]:
    """Yield what is left of the chunks, as runs of neighbouring tasks."""
    done_positions: dict[int, set[int]] = {}
    for span in done:
        covered = range(span.position, span.position + span.length)
        done_positions.setdefault(span.chunk, set()).update(covered)
    for tasks in chunks:
        finished = done_positions.get(tasks[0].chunk, set())
        for is_done, run in groupby(tasks, lambda task: task.position in finished):  # noqa: B023
            if not is_done:
                yield list(run)


def _json_bytes(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=True) + "\n").encode()
