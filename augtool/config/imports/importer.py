"""The one way in: a text of code, and the config that says the same."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from augtool.config.imports.draft import Draft
from augtool.config.imports.effects import Framework
from augtool.config.imports.find import Found, find_pipelines, is_for_evaluation
from augtool.config.imports.frameworks import framework_of
from augtool.config.imports.python_text import Code, read_code
from augtool.config.imports.serialized import is_data, read_serialized
from augtool.config.imports.translate import translate
from augtool.config.imports.vocabulary import Vocabulary
from augtool.config.imports.yaml_text import yaml_text
from augtool.errors import ConfigError

__all__ = ["MAX_BYTES", "Imported", "import_config", "read_input"]

#: Larger files are data rather than code.
MAX_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Imported:
    """A config made from code.

    Attributes
    ----------
    yaml
        The config, with comments.
    title
        Which pipeline it is.
    missing
        A sentence for each operation that is not in it.
    others
        A sentence for each other pipeline in the code, and for each part that was not read.
    """

    yaml: str
    title: str
    missing: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def messages(self) -> list[str]:
        """What to tell a person: the choice, and what is not in the config."""
        lines = [f"translated {self.title}", *self.others]
        return [*lines, *(f"not translated: {each}" for each in self.missing)]


def read_input(path: Path) -> tuple[str, str]:
    """Return the text of a file, or of standard input for ``-``, and what to call it.

    Raises
    ------
    ConfigError
        When it can't be read, is too large, or is not UTF-8.
    """
    origin = "standard input" if str(path) == "-" else path.name
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: can't read it: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{origin}: larger than {MAX_BYTES:,} bytes; pass only the pipeline")
    try:
        return data.decode("utf-8-sig"), origin
    except UnicodeDecodeError as error:
        raise ConfigError(f"{origin}: not UTF-8 at byte {error.start}; save it as UTF-8") from error


def import_config(
    text: str, origin: str, *, name: str | None = None, vocabulary: Vocabulary | None = None
) -> Imported:
    """Return the config that says what a pipeline in a text says.

    Parameters
    ----------
    text
        Python, a notebook, or Albumentations' YAML or JSON.
    origin
        What to call the text in messages: a file's path.
    name
        Which pipeline, by its name or a part of it; by default one for training.
    vocabulary
        What may be said; by default what this version of augtool understands.

    Raises
    ------
    ConfigError
        When it can't be read, or there is no pipeline in it.
    """
    found, code = _find(text, origin)
    skipped = code.skipped if code is not None else ()
    if not found:
        raise ConfigError(
            [
                *(f"{origin}: {each}" for each in skipped),
                f"{origin}: no pipeline found; expected"
                " ImageDataGenerator(...), A.Compose([...]), transforms.Compose([...]),"
                " keras.layers.Random... or Augmentor.Pipeline(...); in YAML and JSON, mappings"
                " with a class, as `_target_: albumentations.Rotate`",
            ]
        )
    vocabulary = vocabulary or Vocabulary.of_this_version()
    place_of = code.place if code is not None else str
    frameworks = {each.framework.title: each.framework for each in found}
    dated = {title: _is_dated(framework, found) for title, framework in frameworks.items()}
    drafts = [
        translate(each, vocabulary, place_of, is_dated=dated[each.framework.title])
        for each in found
    ]
    chosen = _choose(list(zip(found, drafts)), origin, name)
    titles = [_title(each, origin, code) for each in found]
    others = [
        f"also found: {title}{_purpose(each, draft)}"
        for each, draft, title in zip(found, drafts, titles)
        if draft is not drafts[chosen]
    ]
    draft = drafts[chosen]
    missing = tuple(map(str, draft.missing))
    return Imported(yaml_text(draft, titles[chosen]), titles[chosen], missing, (*others, *skipped))


def _is_dated(framework: Framework, found: list[Found]) -> bool | None:
    """Return whether the code is of a version with other defaults, None where it doesn't say."""
    calls = [each.call for each in found if each.framework is framework]
    return framework.is_dated(calls, found[0].imported)


def _find(text: str, origin: str) -> tuple[list[Found], Code | None]:
    """Return the pipelines in a text, and its code where it is code."""
    found = []
    for name, call in read_serialized(text, origin):
        framework = framework_of(call)
        if framework is not None:
            found.append(Found(name or origin, call, framework))
    if found or is_data(origin):
        return found, None
    code = read_code(text, origin)
    try:
        return find_pipelines(code.tree), code
    except RecursionError as error:
        raise ConfigError(
            f"{origin}: nested too deeply to be read; pass only the lines of the pipeline"
        ) from error


def _choose(pairs: list[tuple[Found, Draft]], origin: str, name: str | None) -> int:
    """Return the place of the pipeline that was asked for, or of the one for training."""
    names = [each.name for each, _ in pairs]
    listed = ", ".join(repr(each) for each in names)
    if name is not None:
        exact = [place for place, each in enumerate(names) if each == name]
        near = exact or [place for place, each in enumerate(names) if name in each]
        if not near:
            raise ConfigError(f"--name {name}: no such pipeline in {origin}; there are {listed}")
        return near[0]
    training = [
        (len(draft.settings) + len(draft.missing), -place)
        for place, (each, draft) in enumerate(pairs)
        if draft.augments and not is_for_evaluation(each.name)
    ]
    if not training:
        raise ConfigError(
            f"{origin}: nothing there augments for training; found {listed};"
            " pass --name NAME to translate one of them anyway"
        )
    return -max(training)[1]


def _title(found: Found, origin: str, code: Code | None) -> str:
    line = code.place(found.call.line) if code is not None and found.call.line else ""
    where = f"{origin}, {line}" if line else origin
    named = f"{found.name!r} ({where})" if found.name != origin else where
    return f"{found.framework.title}: {named}"


def _purpose(found: Found, draft: Draft) -> str:
    if not draft.augments:
        return ", which does not augment"
    if is_for_evaluation(found.name):
        return ", which is for evaluation"
    return "; choose it with --name"
