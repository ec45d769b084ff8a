"""Turns pydantic's errors into sentences: ``key: what is wrong; how to fix it``."""

from __future__ import annotations

import difflib
import re
from typing import Any

from pydantic import BaseModel, ValidationError

from augtool.config.homes import home_of, keys_at
from augtool.config.python_text import in_yaml, read_arguments

__all__ = ["explain", "written_as"]

#: Arguments of ImageDataGenerator that are not transforms, and what to use instead.
_ELSEWHERE = {
    "preprocessing_function": "YAML can't hold a function; apply it when you load",
    "validation_split": "use split: {val: 0.2} next to transforms; held-out images stay unchanged",
    "data_format": "augtool always uses channels last; leave it out",
    "target_size": "use output.resize: HEIGHTxWIDTH",
    "batch_size": "set it where you load; leave it out",
    "save_to_dir": "it is an argument of the command: augtool expand DATA OUT",
    "save_format": "use output.format",
    "trivialaugment": "use policy: trivialaugment",
    "randaugment": "use policy: {randaugment: {num_ops: 2, magnitude: 9}}",
    "autoaugment": "use policy: {autoaugment: imagenet}",
}

_EXPECTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "list": "a list",
    "dict": "a block of keys",
    "model": "a block of keys",
    "finite": "a finite number",
}


#: What is said of more would be a screen that nobody reads, and take minutes to put together.
_MOST_EXPLAINED = 100


def explain(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return one sentence for each problem of a validation, sorted by key."""
    sentences = []
    problems = error.errors()
    for problem in problems[:_MOST_EXPLAINED]:
        key = ".".join(str(part) for part in problem["loc"])
        if key:
            sentences.append(f"{key}: {_sentence(problem, model)}")
        elif problem["type"] == "value_error":
            # A check across keys has no location; it names its keys itself, problem by problem.
            sentences += map(str, problem["ctx"]["error"].args)
        else:
            sentences.append(_sentence(problem, model))
    more = len(problems) - _MOST_EXPLAINED
    return [*sorted(sentences), *([f"and {more:,} more problems like these"] if more > 0 else [])]


def _sentence(problem: Any, model: type[BaseModel]) -> str:
    kind, got, context = problem["type"], problem["input"], problem.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(problem["loc"], model)
    if kind == "value_error":
        return f"{context['error']}{written_as(got)}"
    if kind == "literal_error":
        return f"got {got!r}; expected {context['expected']}{_near(got, context['expected'])}"
    for bound, words in (
        ("ge", "at least"),
        ("gt", "more than"),
        ("le", "at most"),
        ("lt", "less than"),
    ):
        if bound in context:
            return f"{got!r} is out of range; use {words} {context[bound]}"
    if kind == "too_short":
        return "is empty; list at least one, or leave the key out"
    expected = _EXPECTED.get(kind.partition("_")[0])
    said = f"; expected {expected}" if expected else f": {problem['msg']}"
    return f"got {got!r}{said}{written_as(got)}"


def written_as(got: Any) -> str:
    """Return how to write a value that comes from elsewhere; nothing if that can't be told.

    >>> written_as("150%"), written_as("True,"), written_as("a=1, b=(2, 3)")
    ('; write 1.5', '; leave out the comma at its end', '; this is Python: write {a: 1, b: [2, 3]}')
    """
    if not isinstance(got, str):
        return ""
    if percent := re.fullmatch(r"\s*(\d+(?:\.\d*)?)\s*%\s*", got):
        return f"; write {float(percent[1]) / 100:g}"
    if arguments := read_arguments(got):
        return f"; this is Python: write {in_yaml(arguments)}"
    return "; leave out the comma at its end" if re.fullmatch(r"[^,]+,\s*", got) else ""


def _near(got: Any, expected: str) -> str:
    choices = [word.strip(" '") for word in expected.replace(" or ", ",").split(",")]
    near = difflib.get_close_matches(str(got), choices, 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _unknown_key(loc: tuple[Any, ...], model: type[BaseModel]) -> str:
    unknown = str(loc[-1])
    if unknown in _ELSEWHERE:
        return f"is not an augtool transform: {_ELSEWHERE[unknown]}"
    known = keys_at(loc[:-1], model)
    home = home_of(unknown, model)
    if home is not None:
        block = home.rpartition(".")[0]
        return f"unknown key; it belongs {f'in {block}' if block else 'at the top'}: use {home}"
    near = difflib.get_close_matches(unknown, known, 1)
    if near:
        return f"unknown key; did you mean {near[0]!r}?"
    home = home_of(unknown, model, near=True)
    return "unknown key; " + (
        f"did you mean {home!r}?" if home else f"known keys: {', '.join(known)}"
    )
