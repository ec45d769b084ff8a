"""``augtool config``, and the reading of configs for every command."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from augtool.cli.console import Console
from augtool.cli.exits import exits
from augtool.cli.options import PLAIN, AllowCode, Json, Sets
from augtool.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from augtool.config.schema import Config

__all__ = ["config_app", "read_config"]

config_app = typer.Typer(
    help="""Write, check and describe configs.

    \b
    augtool config init > recipe.yaml
    augtool config check recipe.yaml
    """,
    no_args_is_help=True,
    **PLAIN,
)


@config_app.command("init")
def config_init(
    recipe: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Print this recipe instead; '' lists them."),
    ] = None,
) -> None:
    """Print a commented config with the defaults, or a recipe that comes with augtool.

    \b
    augtool config init > recipe.yaml
    augtool config init --recipe chollet > recipe.yaml
    augtool config init --recipe ''
    """
    console = Console()
    with exits(console, opencv=False):
        from augtool.config.recipes import list_recipes, read_recipe, read_starter

        if not recipe:
            console.data(read_starter() if recipe is None else list_recipes())
            return
        try:
            console.data(read_recipe(recipe))
        except ConfigError:
            for line in list_recipes().splitlines():
                console.message(line)
            raise


@config_app.command("check")
def config_check(
    file: Annotated[Path, typer.Argument(help="The YAML file, or recipe:NAME.")],
    sets: Sets = None,
    allow_code: AllowCode = False,
    json: Json = False,
) -> None:
    """Check a config and print it with all defaults filled in; exit 2 when it is wrong.

    \b
    augtool config check recipe.yaml
    augtool config check recipe.yaml --set seed=7 --json

    What is valid but rarely meant, such as a shear of 0.2 degrees, is warned about.
    """
    console = Console(json=json)
    with exits(console):
        from augtool.plan.lint import settings_warnings
        from augtool.sinks import open_sink

        checked = read_config(file, sets, {}, allow_code=allow_code)
        open_sink(checked)
        for warning in settings_warnings(checked, checked.classes or (), lambda: None):
            console.warning(warning)
        resolved = checked.resolved()
        if json:
            console.data(resolved)
        else:
            import yaml

            console.data(yaml.safe_dump(resolved, sort_keys=False, default_flow_style=None))


@config_app.command("schema")
def config_schema() -> None:
    """Print the JSON Schema of configs, for editors.

    \b
    augtool config schema > augtool.schema.json
    """
    console = Console()
    with exits(console):
        from augtool.config.schema import schema
        from augtool.sinks import SINKS

        console.data(schema(list(SINKS)))


@config_app.command("import")
def config_import(
    file: Annotated[
        Path,
        typer.Argument(help="Python, a notebook, or Albumentations' YAML or JSON; - is stdin."),
    ],
    name: Annotated[
        str | None, typer.Option(help="A pipeline of the file. Default: the training one.")
    ] = None,
) -> None:
    """Print the config that does what augmentation code does; the code is not run.

    \b
    augtool config import train.py > recipe.yaml
    augtool config import train.ipynb --name train_transform

    Reads ImageDataGenerator, Albumentations, torchvision, Keras layers and Augmentor. A comment
    marks each approximate line; what has no translation is listed (exit 3).
    """
    console = Console()
    with exits(console):
        from augtool.config.imports.importer import import_config, read_input

        imported = import_config(*read_input(file), name=name)
        console.data(imported.yaml)
        for line in imported.messages:
            console.message(line)
    if imported.missing:
        raise typer.Exit(ExitCode.SKIPPED_INPUTS)


def read_config(
    file: Path | None,
    sets: list[str] | None,
    flags: dict[str, object],
    *,
    allow_code: bool = False,
) -> "Config":
    """Return the config: flags beat ``--set``, which beats the file."""
    from augtool.config.load import load, parse_override

    overrides = dict(parse_override(text) for text in sets or ())
    overrides |= {key: value for key, value in flags.items() if value is not None}
    return load(file, overrides, allow_code=allow_code)
