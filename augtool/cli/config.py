"""``augtool config``, and the reading of configs for every command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from augtool.cli.console import Console
from augtool.cli.exits import exits
from augtool.cli.options import PLAIN, Json, Sets

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
def config_init() -> None:
    """Print a commented config with the defaults.

    \b
    augtool config init > recipe.yaml
    """
    with exits(Console()):
        Console().data(Path(__file__).parents[1].joinpath("config/starter.yaml").read_text("utf-8"))


@config_app.command("check")
def config_check(
    file: Annotated[Path, typer.Argument(help="The YAML file.")],
    sets: Sets = None,
    json: Json = False,
) -> None:
    """Check a config and print it with all defaults filled in; exit 2 when it is wrong.

    \b
    augtool config check recipe.yaml
    augtool config check recipe.yaml --set seed=7 --json
    """
    console = Console()
    with exits(console):
        from augtool.sinks import open_sink

        checked = read_config(file, sets, {})
        open_sink(checked)
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

        console.data(schema())


def read_config(file: Path | None, sets: list[str] | None, flags: dict[str, Any]) -> Any:
    """Return the config: flags override ``--set``, which overrides the file."""
    from augtool.config.schema import load, parse_override

    overrides = dict(parse_override(text) for text in sets or ())
    overrides |= {key: value for key, value in flags.items() if value is not None}
    return load(file, overrides)
