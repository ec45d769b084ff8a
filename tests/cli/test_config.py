"""``augtool config init --recipe``."""

from __future__ import annotations

from pathlib import Path

from augtool.config.recipes import list_recipes
from tests.conftest import Run

CONFIGS = Path(__file__).parents[2] / "configs"


def test_a_recipe_is_printed_as_it_is_and_is_valid(run_cli: Run, tmp_path: Path) -> None:
    done = run_cli("config", "init", "--recipe", "mnist", check=True)
    assert (done.stdout, done.stderr) == ((CONFIGS / "mnist.yaml").read_text("utf-8"), "")
    (tmp_path / "recipe.yaml").write_text(done.stdout)
    run_cli("config", "check", "recipe.yaml", check=True)


def test_an_empty_name_lists_the_recipes(run_cli: Run) -> None:
    done = run_cli("config", "init", "--recipe", "", check=True)
    assert (done.stdout, done.stderr) == (list_recipes(), "")


def test_an_unknown_recipe_ends_with_2_and_prints_no_config(run_cli: Run) -> None:
    done = run_cli("config", "init", "--recipe", "minst")
    assert (done.returncode, done.stdout) == (2, "")
    said = "error: --recipe: got 'minst'; did you mean 'mnist'?\n"
    assert done.stderr == list_recipes() + said


def test_check_warns_of_what_is_rarely_meant(run_cli: Run, tmp_path: Path) -> None:
    text = "classes: [left, right]\ntransforms: {shear_range: 0.2, horizontal_flip: true}\n"
    (tmp_path / "recipe.yaml").write_text(text)
    done = run_cli("config", "check", "recipe.yaml", check=True)
    assert "warning: shear_range 0.2 is 0.2 degrees, which changes next to nothing" in done.stderr
    assert "warning: horizontal_flip changes directions" in done.stderr
