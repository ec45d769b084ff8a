"""The configs that come with augtool, by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from augtool.config import recipes
from augtool.config.load import load
from augtool.errors import ConfigError

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_recipe_is_the_config_of_that_name(path: Path) -> None:
    assert recipes.read_recipe(path.stem) == path.read_text("utf-8")


def test_the_list_names_each_with_its_first_line() -> None:
    lines = recipes.list_recipes().splitlines()
    assert [line.split()[0] for line in lines] == [path.stem for path in CONFIGS]
    for line, path in zip(lines, CONFIGS):
        assert f"# {line.split(maxsplit=1)[1]}" == path.read_text("utf-8").splitlines()[0]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("cholet", "did you mean 'chollet'?"),
        ("mnist.yaml", "did you mean 'mnist'?"),
        ("zzz", f"expected one of {', '.join(path.stem for path in CONFIGS)}"),
        ("../augtool/config/starter", f"expected one of {CONFIGS[0].stem}, .*"),
    ],
)
def test_an_unknown_recipe_is_refused_with_what_was_meant(name: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        recipes.read_recipe(name)
    assert re.fullmatch(f"--recipe: got {name!r}; {hint.replace('?', '[?]')}", str(caught.value))


def test_a_recipe_is_a_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    by_name = load(Path("recipe:mnist"), {"seed": 7})
    assert by_name == load(CONFIGS[0].with_name("mnist.yaml"), {"seed": 7})


def test_an_unknown_recipe_of_a_config_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^--config recipe: got 'mnst'; did you mean 'mnist'\?"):
        load(Path("recipe:mnst"))


def test_those_that_were_shipped_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a wheel, whose recipes lie beside the module and have no checkout above them."""
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "own.yaml").write_text("# Our own.\nseed: 3\n")
    monkeypatch.setattr(recipes, "_HERE", tmp_path)
    assert recipes.list_recipes() == "own               Our own.\n"
    assert recipes.read_recipe("own") == "# Our own.\nseed: 3\n"
