"""Prints a draft as YAML, with a comment wherever it differs from the original."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Any

from augtool.config.imports.draft import Draft
from augtool.config.imports.line import Line
from augtool.config.policy import as_steps
from augtool.core.printable import printable

__all__ = ["yaml_text"]

_WIDTH = 100


def yaml_text(draft: Draft, title: str) -> str:
    """Return the config of a draft.

    Parameters
    ----------
    title
        What it is a translation of.
    """
    return "\n".join(_lines(draft, title)) + "\n"


def _lines(draft: Draft, title: str) -> Iterator[str]:
    yield _comment(f"Translated from {title}.")
    yield "# Transforms are applied in augtool's own order, each once for a copy."
    for heading, items in (
        ("Not translated:", [str(each) for each in draft.missing]),
        ("Not augmentation:", draft.remarks),
    ):
        if items:
            yield f"# {heading}"
            yield from (_comment(f"  {each}") for each in items)
    yield ""
    yield from _transforms(draft)
    yield from _policy(draft)
    if draft.frame is not None:
        yield "output:"
        yield from _entry("resize", draft.frame)
        if draft.is_cropped:
            yield "  crop: true"
    for key, line in draft.blocks.items():
        yield from _entry(key, line, "")


def _transforms(draft: Draft) -> Iterator[str]:
    has_border = draft.border is not None and draft.needs_border
    if not draft.settings and not has_border:
        yield "transforms: {}"
        return
    yield "transforms:"
    for name in sorted(draft.settings, key=_order(draft)):
        yield from _entry(name, draft.settings[name])
        for key, value in draft.settings[name].beside:
            yield f"  {key}: {_scalar(value)}"
    if draft.border is not None and has_border:
        yield from _entry("fill_mode", draft.border)
    if draft.cval != 0:
        yield f"  cval: {_scalar(draft.cval)}"
    gated = {name: line.chance for name, line in draft.settings.items() if line.chance < 1}
    if gated:
        yield "  probability:"
        yield from (f"    {name}: {_scalar(chance)}" for name, chance in gated.items())


def _order(draft: Draft) -> Any:
    """Return a key that sorts settings as augtool applies them."""
    names = list(draft.vocabulary.transforms)
    return lambda name: names.index(name)


def _policy(draft: Draft) -> Iterator[str]:
    if draft.policy is not None and not draft.choices:
        yield from _entry("policy", draft.policy, "")
    elif draft.choices:
        yield "policy:"
        for line in (*draft.choices, *([draft.policy] if draft.policy else [])):
            yield from (_comment(f"approximate: {note}", "  ") for note in line.notes)
            yield f"  - {_scalar(*as_steps(line.value))}  # {line.origin}"


def _entry(key: str, line: Line, indent: str = "  ") -> Iterator[str]:
    """Yield a key with its value: how it differs above it, where it is from behind it."""
    notes = "; ".join(dict.fromkeys(line.notes))
    if notes:
        yield _comment(f"approximate: {notes}", indent)
    if line.hint:
        yield _comment(f"note: {line.hint}", indent)
    text = f"{indent}{key}: {_scalar(line.value)}"
    yield f"{text:<34} # {printable(line.origin)}"


def _comment(text: str, indent: str = "") -> str:
    """Return a comment, in several lines where it is long."""
    first = f"{indent}# "
    hanging = first + " " * (len(text) - len(text.lstrip()) + 2)
    return textwrap.fill(
        printable(text),
        _WIDTH,
        initial_indent=first,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _scalar(value: Any) -> str:
    """Return a value in YAML's flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_scalar(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_scalar, value)) + "]"
    if isinstance(value, str) and value.replace("x", "").replace("_", "").isalnum():
        return value
    return json.dumps(value)
