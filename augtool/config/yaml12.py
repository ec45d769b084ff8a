"""Reads YAML the way people expect: no duplicate keys, no aliases, YAML 1.2 scalars, a size limit.

PyYAML's `safe_load` follows YAML 1.1: ``no`` is False, ``1:30`` is 90, ``010`` is 8, ``1e-3`` is a
string, the last of two equal keys wins, and nested aliases can use up all memory.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from augtool.config.python_text import in_yaml, read_arguments
from augtool.errors import ConfigError

__all__ = ["load_file", "load_mapping", "load_text"]

MAX_BYTES = 1_000_000
_MOST_DIGITS = 100


class _Loader(yaml.SafeLoader):
    """SafeLoader with the YAML 1.2 core schema, refusing aliases and duplicate keys."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own name and type

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # PyYAML's stubs
            raise yaml.MarkedYAMLError(
                problem="aliases (*name) are not allowed; write the value out", problem_mark=mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, (str, int, float, bool)):
                raise yaml.MarkedYAMLError(
                    problem="a key must be plain text", problem_mark=key_node.start_mark
                )
            if key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key!r} is listed twice; remove one",
                    problem_mark=key_node.start_mark,
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _resolve(tag: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


_resolve("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF")
_resolve("null", r"^(?:~|null|Null|NULL|)$", "~nN")
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^$"), [""])
_resolve("int", r"^[-+]?[0-9]+$", "-+0123456789")
_resolve(
    "float",
    r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
    "-+0123456789.",
)


def _whole_number(_: Any, node: Any) -> int:
    if len(node.value) > _MOST_DIGITS:
        raise yaml.MarkedYAMLError(
            problem=f"a number of {len(node.value):,} digits", problem_mark=node.start_mark
        )
    return int(node.value)


_Loader.add_constructor("tag:yaml.org,2002:int", _whole_number)


def load_text(text: str, origin: str) -> object:
    """Return the content of a YAML text.

    Parameters
    ----------
    text
        The YAML.
    origin
        What to call it in errors: a file's path, or a flag.

    Raises
    ------
    ConfigError
        With line and column.
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigError(f"{origin}{where}: {_problem(error)}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{origin}: not valid YAML: {error}") from error


def _problem(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or error.context or "not valid YAML"
    if problem.startswith("mapping values are not allowed"):
        return "two keys on one line; give each a line of its own, or write {a: 1, b: 2}"
    return problem


def _refuse_python(origin: str, text: str, cause: Exception | None = None) -> None:
    """Say in YAML what a file says in Python, if it is pasted arguments."""
    arguments = read_arguments(text)
    if arguments:
        raise ConfigError(
            f"{origin}: is Python, not YAML; write transforms: {in_yaml(arguments)}"
        ) from cause


def load_file(path: Path) -> dict[str, object]:
    """Return the mapping in a YAML file; an empty file is an empty mapping.

    Raises
    ------
    ConfigError
        When the file can't be read, is too large, or is not a mapping.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: can't read the config: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES:,} bytes; this is not an augtool config")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    return load_mapping(text, str(path))


def load_mapping(text: str, origin: str) -> dict[str, object]:
    """Return the mapping in a YAML text; an empty text is an empty mapping.

    Raises
    ------
    ConfigError
        When it is not YAML, or not a mapping.
    """
    try:
        value = load_text(text, origin)
    except ConfigError as error:
        _refuse_python(origin, text, error)
        raise
    if value is None:
        return {}
    if not isinstance(value, dict):
        _refuse_python(origin, text)
        raise ConfigError(
            f"{origin}: expected keys and values such as 'ratio: 1.5', got {value!r:.60}"
        )
    return value
