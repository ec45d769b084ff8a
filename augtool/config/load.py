"""Where a config's values come from: defaults, then the file, then flags.

They are checked as a whole, and all that is wrong is said at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from augtool.config.contradictions import contradictions
from augtool.config.messages import explain
from augtool.config.own_code import ALLOWED
from augtool.config.policy import at_its_key
from augtool.config.recipes import read_recipe, recipe_name
from augtool.config.schema import DEFAULT_TRANSFORMS, Config
from augtool.errors import ConfigError

__all__ = ["load", "parse_override"]


def load(
    file: Path | None = None,
    overrides: Mapping[str, object] | None = None,
    *,
    allow_code: bool = False,
) -> Config:
    """Return the config of a file, with overrides on top.

    Parameters
    ----------
    file
        A YAML file, or ``recipe:NAME`` for one that comes with augtool; None for the defaults.
    overrides
        Dotted key to value, such as ``{"output.format": "png"}``.
    allow_code
        Whether Python code that the config names may be imported.

    Raises
    ------
    ConfigError
        With every problem, each as ``file: key: what is wrong; how to fix it``.
    """
    values = _read(file) if file is not None else {}
    overrides = overrides or {}
    _drop_rival_amounts(values, overrides)
    for key, value in overrides.items():
        _put(values, key, value)
    try:
        return Config.model_validate(values, context=ALLOWED if allow_code else None)
    except ValidationError as error:
        origin = str(file) if file is not None else "command line"

        def name_origin(problem: str) -> str:
            key = problem.partition(":")[0]
            return "command line" if key in overrides else origin

        problems = [at_its_key(each, values.get("policy")) for each in explain(error, Config)]
        problems += [each for each in contradictions(values) if each not in problems]
        raise ConfigError([f"{name_origin(each)}: {each}" for each in problems]) from error


def _read(file: Path) -> dict[str, object]:
    from augtool.config import yaml12  # noqa: PLC0415 - most runs read no YAML

    recipe = recipe_name(str(file))
    if recipe is None:
        return yaml12.load_file(file)
    return yaml12.load_mapping(read_recipe(recipe, "--config recipe"), str(file))


def parse_override(text: str) -> tuple[str, object]:
    """Return key and value of a ``--set key=value``; the value is YAML.

    Raises
    ------
    ConfigError
        When there is no ``=``, or the value is not YAML.
    """
    from augtool.config import yaml12  # noqa: PLC0415 - most runs read no YAML

    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {text}: expected key=value, e.g. transforms.rotation_range=30")
    return key.strip(), yaml12.load_text(value, f"--set {text}")


def _drop_rival_amounts(values: dict[str, object], overrides: Mapping[str, object]) -> None:
    """Let ``--total`` beat a ``ratio`` of the file: one amount replaces another."""
    amounts = {"ratio", "total", "per_image"}
    if amounts & overrides.keys():
        for name in amounts:
            values.pop(name, None)


def _put(values: dict[str, object], dotted: str, value: Any) -> None:
    """Set ``a.b.c`` in nested dicts. What is no dict on the way is replaced by one."""
    *parents, last = dotted.split(".")
    for depth, parent in enumerate(parents):
        # The first key set below `transforms` goes on top of the defaults, not instead.
        fresh = dict(DEFAULT_TRANSFORMS) if (depth, parent) == (0, "transforms") else {}
        below = values.get(parent)
        values[parent] = inner = below if isinstance(below, dict) else fresh
        values = inner
    values[last] = value
