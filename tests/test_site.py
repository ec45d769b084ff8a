"""The pages in docs/: their blocks run, and what is made from the code leaves nothing out."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer
import yaml

from augtool.cli.app import app
from augtool.config.schema import Config, schema
from augtool.core.transforms import TRANSFORMS
from augtool.errors import ExitCode
from augtool.output.manifest import columns
from augtool.sinks import SINKS
from tests.blocks import ROOT, blocks, environment_with_augtool, write_data
from tests.conftest import Run
from tests.pictures import make_tree

DOCS = ROOT / "docs"
#: Their blocks are run by tests of their own, or need a cluster.
ELSEWHERE = (
    "other-libraries.md",
    "design.md",
    "own-transforms.md",
    "object-stores.md",
    "shards.md",
    "ray.md",
)
PAGES = sorted(path for path in DOCS.glob("*.md") if path.name not in ELSEWHERE)
#: Blocks that are about the clone, what is installed, or programs that may not be here.
AROUND = ("make", "pip", "docker", "python")


def module(name: str) -> ModuleType:
    """Import what makes pages, which is no package."""
    spec = importlib.util.spec_from_file_location(name, DOCS / "site" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.mark.slow  # `make docs` runs it
@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_the_blocks_of_a_page_run_in_order(page: Path, tmp_path: Path, run_cli: Run) -> None:
    write_data(tmp_path)
    (tmp_path / "recipe.yaml").write_text("ratio: 1\n")
    if page.name not in ("index.md", "tutorial.md", "install.md"):
        run_cli("expand", "data", "out", "--engine", "serial")
    if page.name == "looking.md":
        run_cli("expand", "data", "out-large", "--engine", "serial", "--ratio", 2)
    for block in blocks(page.read_text()):
        if block.title or block.program in AROUND or block.program.startswith("out/"):
            continue
        if block.language == "yaml":
            Config.model_validate(yaml.safe_load(block.text))
        elif block.language == "python":
            (tmp_path / "block.py").write_text(block.text)
            subprocess.run([sys.executable, "block.py"], cwd=tmp_path, check=True)
        elif not block.language:
            for line in block.text.splitlines():
                run_line(line, run_cli, tmp_path)


def run_line(line: str, run_cli: Run, folder: Path) -> None:
    """Run a command, in this process if it is nothing but augtool."""
    words = shlex.split(line, comments=True)
    if words[0] == "augtool" and not {"|", ">", "&&"} & {*words}:
        done = run_cli(*words[1:])
    else:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            cwd=folder,
            env=environment_with_augtool(folder),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, (line, done.stderr)


def every(context: Any) -> Iterator[Any]:
    yield context
    for name, below in getattr(context.command, "commands", {}).items():
        yield from every(typer.Context(below, info_name=name, parent=context))


def test_the_reference_has_every_command_and_flag() -> None:
    page = module("reference").commands_page()
    root = typer.Context(typer.main.get_command(app), info_name="augtool")  # type: ignore[arg-type]
    for context in every(root):
        if context is root:
            continue
        head = f"{'#' * (context.command_path.count(' ') + 1)} {context.command_path}\n"
        section = page.partition(head)[2].partition("\n#")[0]
        for param in context.command.params:
            for option in param.opts if not getattr(param, "hidden", False) else ():
                if option.startswith("-"):
                    assert option in section, f"{context.command_path} {option}"


def test_the_reference_has_every_key_of_the_config() -> None:
    page = module("reference").config_page()
    whole: Any = schema(list(SINKS))
    for block in (whole, *whole["$defs"].values()):
        for name in block.get("properties", {}):
            assert re.search(rf"`([\w*]+\.)*{name}`", page), name


def test_the_reference_has_every_column_and_exit_code() -> None:
    reference = module("reference")
    page = reference.manifest_page()
    for name in (*columns(), *(column for kind in TRANSFORMS for column in kind.columns)):
        assert f"| `{name}` |" in page
    for code in ExitCode:
        assert f"| {int(code)} |" in reference.exit_codes_page()


def test_the_gallery_shows_every_transform_with_a_setting_that_works() -> None:
    gallery = module("gallery")
    assert {*gallery.EXAMPLES} == {kind.name for kind in TRANSFORMS}
    for name, setting in gallery.EXAMPLES.items():
        assert f"transforms: {{{name}: {json.dumps(setting)}}}" in gallery.gallery_page(DOCS)
        Config.model_validate({"transforms": {name: setting}})


def test_the_gallery_has_configs_to_start_from_each_with_a_photo() -> None:
    gallery = module("gallery")
    assert {*gallery.starts()} == {*gallery.STARTS}
    for text in gallery.starts().values():
        Config.model_validate(yaml.safe_load(text))


def test_every_page_is_in_the_navigation_and_every_entry_is_a_page() -> None:
    text = (DOCS / "site" / "mkdocs.yml").read_text()
    named = {*re.findall(r": ([\w/-]+\.md)$", text, re.MULTILINE)}
    assert named == {
        *(path.name for path in DOCS.glob("*.md")),
        *module("reference").REFERENCE,
        "gallery.md",
    }


def examples() -> dict[str, str]:
    """Return the files of examples/ that pages show, with what they show."""
    titled = [each for page in PAGES for each in blocks(page.read_text()) if each.title]
    return {each.title: each.text for each in titled if each.title.startswith("examples/")}


@pytest.mark.parametrize("path", examples())
def test_a_page_shows_an_example_as_it_is(path: str) -> None:
    assert examples()[path] == (ROOT / path).read_text()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with data and a recipe."""
    make_tree(tmp_path / "data", {"cat": 1, "dog": 1}, suffix=".jpg")
    (tmp_path / "recipe.yaml").write_text("ratio: 1\n")
    return tmp_path


def run_in(project: Path, *command: str, **variables: str) -> str:
    environment = {**environment_with_augtool(project), **variables}
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_the_makefile_expands_once(project: Path) -> None:
    shutil.copy(ROOT / "examples" / "make" / "Makefile", project)
    run_in(project, "make")
    assert len((project / "out" / "manifest.csv").read_text().splitlines()) == 5
    assert "up to date" in run_in(project, "make")


def test_the_stage_of_dvc_and_the_rule_of_snakemake_run(project: Path) -> None:
    """As these programs would run them; neither is needed here."""
    stages = yaml.safe_load((ROOT / "examples" / "dvc" / "dvc.yaml").read_text())["stages"]
    run_in(project, "sh", "-c", stages["expand"]["cmd"])
    rule = (ROOT / "examples" / "snakemake" / "Snakefile").read_text()
    (command,) = re.findall(r'shell: "(.*)"', rule)
    assert "up to date" in run_in(project, "sh", "-c", command)


@pytest.mark.slow  # `make docs` runs it
def test_the_script_for_ci_fails_where_it_should(project: Path) -> None:
    script = str(ROOT / "examples" / "prepare.sh")
    run_in(project, script, "data", "out", "recipe.yaml")
    assert json.loads((project / "expand.json").read_text())["status"] == "done"
    (project / "data" / "cat" / "broken.jpg").write_bytes(b"\xff\xd8\xff no")
    with pytest.raises(AssertionError, match=r"broken\.jpg"):
        run_in(project, script, "data", "out-strict", "recipe.yaml")


def test_the_action_expands_and_says_what_came_out(project: Path) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    step = next(each for each in action["runs"]["steps"] if each.get("id") == "expand")
    assert {*step["env"].values()} == {
        f"${{{{ inputs.{name} }}}}" for name in ("data", "out", "config", "arguments")
    }
    (project / "augtool" / "bin").mkdir(parents=True)
    for name, target in (("augtool", project / "bin" / "augtool"), ("python", sys.executable)):
        (project / "augtool" / "bin" / name).symlink_to(target)
    (project / "told").touch()
    run_in(
        project,
        *("bash", "-euo", "pipefail", "-c", step["run"]),
        DATA="data",
        OUT="out",
        CONFIG="recipe.yaml",
        ARGUMENTS="--seed 3",
        RUNNER_TEMP=str(project),
        GITHUB_OUTPUT=str(project / "told"),
    )
    told = dict(line.split("=") for line in (project / "told").read_text().splitlines())
    digest = json.loads((project / "out" / "dataset.json").read_text())["digest"]
    assert told == {"status": "done", "digest": digest}
    assert {*action["outputs"]} == {*told}


def test_the_image_installs_what_the_clone_has() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert 'ENTRYPOINT ["augtool"]' in lines
    assert [each for each in lines if each.startswith("USER")] == ["USER 1000"]
    extras = re.search(r"/src\[([\w,]+)\]", "\n".join(lines))
    assert extras is not None
    project = (ROOT / "pyproject.toml").read_text()
    for extra in extras[1].split(","):
        assert re.search(rf"^{extra} = \[", project, re.MULTILINE), extra
