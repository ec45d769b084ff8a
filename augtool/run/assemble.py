"""The second half of a run: what the workers left becomes the output's files, in plan order.

Only sinks that store records together need it.  All is made below the workspace and moved into
place at the end, so that a run that is stopped here begins this half again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from augtool.config.schema import Config
from augtool.core.image_spec import Form
from augtool.core.records import Sample
from augtool.engines import Done, open_engine
from augtool.errors import InputError, UnequalError
from augtool.images import source_image
from augtool.plan.plan import Plan
from augtool.run.chunk_results import Span, read_head
from augtool.run.workspace import Workspace
from augtool.sinks import Locate, Payload, Sink, Stored
from augtool.sources import Source
from augtool.storage.files import clean_errors, sha256_of

__all__ = ["Assembled", "Forms", "assemble", "describe_files"]


@dataclass(frozen=True, slots=True)
class Assembled:
    """Where records went (None: where their rows say), and the files that hold them."""

    locate: Locate | None = None
    files: dict[str, dict[str, Any]] = field(default_factory=dict)


def assemble(
    workspace: Workspace, sink: Sink, plan: Plan, form: Form | None, spans: Sequence[Span]
) -> Assembled:
    """Have the sink make its files, and put them into the output.

    Parameters
    ----------
    workspace
        Of the run.
    sink, plan, form
        What the run stores, and how.
    spans
        All spans of the plan, sorted.
    """
    payloads = [_payload(workspace, span) for span in spans]
    workspace.clear_assembled()
    stored = Stored(payloads, plan.listing.classes, plan.listing.has_splits, form)
    locate = sink.finish(stored, workspace.assembled)
    if locate is None:
        return Assembled()
    files = describe_files(workspace.assembled)
    workspace.publish()
    return Assembled(locate, files)


def _payload(workspace: Workspace, span: Span) -> Payload:
    with (workspace.parts / span.file_name).open("rb") as file:
        head = read_head(file)
    count = sum(sum(kinds) for kinds in head["counts"].values())
    return Payload(workspace.payloads / span.file_name, head["split"], count)


def describe_files(folder: Path, names: Iterable[str] | None = None) -> dict[str, dict[str, Any]]:
    """Return size and SHA-256 of files below a folder (all of them, or some), by path."""
    paths = [folder / name for name in names] if names is not None else sorted(folder.rglob("*"))
    return {path.relative_to(folder).as_posix(): _facts(path) for path in paths if path.is_file()}


def _facts(path: Path) -> dict[str, Any]:
    with clean_errors(path):
        return {"bytes": path.stat().st_size, "sha256": sha256_of(path)}


@dataclass(frozen=True, slots=True)
class Forms:
    """Looks at pictures in the order of the plan, in a worker, for the first of some kind."""

    config: Config
    source: Source
    engine: str

    def first(self, samples: Iterable[Sample]) -> Form | None:
        """Return the form of the first picture that can be used."""
        return next((form for _, form in self._each(samples)), None)

    def first_unlike(self, samples: Iterable[Sample], expected: Form) -> UnequalError | None:
        """Return the error for the first picture of another form."""
        for sample, form in self._each(samples):
            if form != expected:
                return UnequalError(f"{sample.id}: {form.unlike(expected)}")
        return None

    def _each(self, samples: Iterable[Sample]) -> Iterator[tuple[Sample, Form]]:
        look = _Look(self.config, self.source)
        with closing(
            open_engine(self.engine, 1).run(look, ([each] for each in samples))
        ) as outcomes:  # type: ignore[type-var]  # engines yield
            for outcome in outcomes:
                if isinstance(outcome, Done) and outcome.value is not None:
                    yield outcome.items[0], outcome.value


@dataclass(frozen=True, slots=True)
class _Look:
    """Returns a sample's form, None where it can't be used."""

    config: Config
    source: Source

    def __call__(self, samples: Sequence[Sample]) -> Form | None:
        try:
            return source_image.load(self.source.read(samples[0]), self.config).form
        except InputError:
            return None
