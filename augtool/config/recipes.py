"""The configs that augtool carries: the commented starter, and the recipes by name.

In a wheel the recipes lie beside this file, in a checkout in the top-level ``configs/``.  They are
handed out as text: nothing here reads YAML, so that printing one costs no more than ``--help``.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from augtool.errors import ConfigError

__all__ = ["list_recipes", "read_recipe", "read_starter", "recipe_name"]

#: What begins a ``--config`` that is the name of a recipe.
_PREFIX = "recipe:"

_HERE = Path(__file__).parent


def read_starter() -> str:
    """Return the commented config with the defaults."""
    return (_HERE / "starter.yaml").read_text("utf-8")


def recipe_name(config: str) -> str | None:
    """Return the name in ``recipe:NAME``, None for a file.

    >>> recipe_name("recipe:chollet")
    'chollet'
    """
    return config.removeprefix(_PREFIX) if config.startswith(_PREFIX) else None


def read_recipe(name: str, flag: str = "--recipe") -> str:
    """Return the YAML of a recipe; `flag` is where its name was given.

    Raises
    ------
    ConfigError
        When there is no such recipe.
    """
    paths = _recipes()
    if name not in paths:
        near = difflib.get_close_matches(name, paths, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(paths)}"
        raise ConfigError(f"{flag}: got {name!r}; {hint}")
    return paths[name].read_text("utf-8")


def list_recipes() -> str:
    """Return a line for each recipe: its name, and the first line of its comment."""
    return "".join(
        f"{name:<17} {path.read_text('utf-8').partition(chr(10))[0].removeprefix('# ')}\n"
        for name, path in _recipes().items()
    )


def _recipes() -> dict[str, Path]:
    """Return the file of each recipe by its name, sorted."""
    shipped = _HERE / "recipes"
    folder = shipped if shipped.is_dir() else _HERE.parents[1] / "configs"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}
