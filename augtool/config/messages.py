"""Turns pydantic's errors into sentences: ``key: what is wrong; how to fix it``."""

from __future__ import annotations

import difflib
import typing
from typing import Any

from pydantic import BaseModel, ValidationError

__all__ = ["explain"]

#: Arguments of ImageDataGenerator that are not transforms, and what to use instead.
_ELSEWHERE = {
    "preprocessing_function": "YAML can't hold a function; apply it when you load",
    "validation_split": "use split: {val: 0.2} next to transforms; held-out images stay unchanged",
    "data_format": "augtool always uses channels last; leave it out",
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


def explain(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return one sentence for each problem of a validation, sorted by key."""
    sentences = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        if key:
            sentences.append(f"{key}: {_sentence(problem, model)}")
        elif problem["type"] == "value_error":
            # A check across keys has no location; it names its keys itself, problem by problem.
            sentences += map(str, problem["ctx"]["error"].args)
        else:
            sentences.append(_sentence(problem, model))
    return sorted(sentences)


def _sentence(problem: Any, model: type[BaseModel]) -> str:
    kind, got, context = problem["type"], problem["input"], problem.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(problem["loc"], model)
    if kind == "value_error":
        return str(context["error"])
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
    return f"got {got!r}; expected {expected}" if expected else f"got {got!r}: {problem['msg']}"


def _near(got: Any, expected: str) -> str:
    choices = [word.strip(" '") for word in expected.replace(" or ", ",").split(",")]
    near = difflib.get_close_matches(str(got), choices, 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _unknown_key(loc: tuple[Any, ...], model: type[BaseModel]) -> str:
    unknown = str(loc[-1])
    if unknown in _ELSEWHERE:
        return f"is not an augtool transform: {_ELSEWHERE[unknown]}"
    known = _keys_at(loc[:-1], model)
    near = difflib.get_close_matches(unknown, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
    return f"unknown key; {hint}"


def _keys_at(parents: tuple[Any, ...], model: type[BaseModel]) -> list[str]:
    """Return the keys of the model at `parents`, a path below `model`."""
    for parent in parents:
        field = model.model_fields.get(str(parent))
        if field is None:  # a key of a mapping, such as a class name
            continue
        nested = [field.annotation, *typing.get_args(field.annotation)]
        models = [each for each in nested if hasattr(each, "model_fields")]
        if models:
            model = models[0]
    return list(model.model_fields)
