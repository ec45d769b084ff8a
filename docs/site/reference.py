"""The reference, made from the code: commands, config keys, manifest columns and exit codes."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import typer

from augtool.cli.app import app
from augtool.config.schema import schema
from augtool.core.transforms import ALWAYS_LISTED, TRANSFORMS
from augtool.errors import ExitCode
from augtool.output.manifest import columns
from augtool.sinks import SINKS

__all__ = ["REFERENCE", "commands_page", "config_page", "exit_codes_page", "manifest_page"]

_EXIT_CODES = {
    ExitCode.DONE: "Done.",
    ExitCode.FAILED: "Failed, or stopped by `--on-error fail`; `doctor`: augtool can't work here.",
    ExitCode.USAGE: "Usage, config, or a data set that can't be used. Nothing was written.",
    ExitCode.SKIPPED_INPUTS: "Done, but some inputs were skipped: see `failures.csv`;"
    " `config import`: some operations have no translation; `inspect`: broken files.",
    ExitCode.OCCUPIED: "OUT is in use, or holds something else.",
    ExitCode.CANNOT_WRITE: "Could not write: disk full, quota, read-only, permission.",
    ExitCode.DIFFERENT: "`verify` or `replay` found differences.",
    ExitCode.INTERRUPTED: "Interrupted; run the same command again to continue.",
    ExitCode.TERMINATED: "Terminated; run the same command again to continue.",
}
#: What YAML calls types of JSON Schema.
_KINDS = {"array": "list", "object": "mapping"}
_COLUMNS = {
    "path": "Path of the file below OUT; in shards and arrays, shard and member or index.",
    "split": "`train`, `val` or `test`.",
    "class": "The class; several labels with their separator.",
    "label": "The number of the class, from 0.",
    "kind": "`original` or `augmented`.",
    "source": "Id of the source: its path below DATA, or its name or number in a packed set.",
    "copy": "Number of the copy, from 0; empty for originals.",
    "width": "Width in pixels.",
    "height": "Height in pixels.",
    "sha256": "SHA-256 of the file; in arrays, of the pixels.",
    "source_sha256": "SHA-256 of the source's bytes, or of its pixels.",
    **{
        f"m{row}{column}": f"Row {row}, column {column} of the matrix that maps (x, y, 1) of the"
        " copy to (x, y) of its source."
        for row in (0, 1)
        for column in (0, 1, 2)
    },
}


def commands_page() -> str:
    """Return every command with its help, arguments and flags."""
    root = typer.main.get_command(app)
    context = typer.Context(root, info_name="augtool")  # type: ignore[arg-type]
    lines = ["# Commands", ""]
    for command in _commands(context):
        lines += command
    return "\n".join([*lines, ""])


def _commands(context: Any) -> Iterator[list[str]]:
    below = getattr(context.command, "commands", {})
    depth = context.command_path.count(" ")
    if depth:
        yield _command(context, depth + 1)
    for name, command in below.items():
        yield from _commands(typer.Context(command, info_name=name, parent=context))


def _command(context: Any, level: int) -> list[str]:
    usage = " ".join(context.command.collect_usage_pieces(context))
    lines = [f"{'#' * level} {context.command_path}", ""]
    lines += [f"    {context.command_path} {usage}", ""]
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(context.command.help or "")):
        kept = paragraph.removeprefix("\b\n")
        is_code = kept != paragraph
        lines += [f"    {line}" if is_code else _escaped(line) for line in kept.splitlines()]
        lines.append("")
    rows = [
        (f"`{record[0]}`", record[1])
        for record in (
            each.get_help_record(context) for each in context.command.get_params(context)
        )
        if record is not None
    ]
    return [*lines, *_table(("Argument or flag", "What it does"), rows, is_stacked=True), ""]


def config_page() -> str:
    """Return every key of the config with its values and its default."""
    whole = schema(list(SINKS))
    lines = [
        "# Config keys",
        "",
        "`augtool config schema` prints the same for machines. `OUT/dataset.json` keeps the whole"
        " config of a run.",
        "",
        *_keys(whole, whole["properties"], ""),
        "",
        "## All transforms",
        "",
        *_table(
            ("Key of `transforms:`", "Values", "Columns in the manifest"),
            [
                (f"`{kind.name}`", kind.help, ", ".join(f"`{each}`" for each in kind.columns))
                for kind in TRANSFORMS
            ],
            is_stacked=True,
        ),
    ]
    return "\n".join([*lines, ""])


def _keys(whole: Mapping[str, Any], properties: Mapping[str, Any], prefix: str) -> list[str]:
    """Return the tables of a block, and of the blocks below it."""
    names = {kind.name for kind in TRANSFORMS}
    rows, blocks = [], []
    for name, spec in properties.items():
        if name in names:
            continue
        below = {} if prefix and name == "transforms" else _properties(whole, spec)
        if below:  # those of a class are the same as those of all
            blocks += ["", f"## {prefix}{name}", "", *_keys(whole, below, f"{prefix}{name}.")]
        rows.append(
            (f"`{prefix}{name}`", _values(spec), _default(spec), spec.get("description", ""))
        )
    return [*_table(("Key", "Values", "Default", "Meaning"), rows, is_stacked=True), *blocks]


def _properties(whole: Mapping[str, Any], spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the keys below a key, if it is a block."""
    found = [spec, *spec.get("anyOf", ()), *spec.get("allOf", ())]
    found += [each[of] for each in found for of in ("items", "additionalProperties") if of in each]
    for each in found:
        if isinstance(each, dict) and "$ref" in each:
            block: Mapping[str, Any] = whole["$defs"][each["$ref"].rpartition("/")[2]]
            return block.get("properties", {})
    return {}


def _values(spec: Mapping[str, Any]) -> str:
    if "anyOf" in spec:
        several = [_values(each) for each in spec["anyOf"] if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(each for each in several if each))
    if "enum" in spec:
        return ", ".join(f"`{each}`" for each in spec["enum"])
    if "const" in spec:
        return f"`{json.dumps(spec['const'])}`"
    if "$ref" in spec:
        return "mapping"
    kinds = spec.get("type", "")
    return " or ".join(
        _KINDS.get(each, each) for each in ([kinds] if isinstance(kinds, str) else kinds)
    )


def _default(spec: Mapping[str, Any]) -> str:
    default = spec.get("default")
    return "" if default is None or isinstance(default, dict) else f"`{json.dumps(default)}`"


def manifest_page() -> str:
    """Return every column of manifest.csv, in its order, then those of transforms that are on."""
    drawn = {column: kind for kind in TRANSFORMS for column in kind.columns}
    rows = [(f"`{name}`", _COLUMNS.get(name) or _drawn(drawn[name], name)) for name in columns()]
    others = [
        (f"`{column}`", _drawn(kind, column))
        for kind in TRANSFORMS
        if kind not in ALWAYS_LISTED
        for column in kind.columns
    ]
    lines = [
        "# Manifest",
        "",
        "`manifest.csv` has a row for each file. Numbers are written so that they can be read back"
        " to the last bit; what was not drawn has the value that changes nothing. In Parquet"
        " (`output.manifest`) the columns are the same.",
        "",
        *_table(("Column", "What it holds"), rows, is_stacked=True),
        "",
        "## Only where the transform is on",
        "",
        *_table(("Column", "What it holds"), others, is_stacked=True),
    ]
    return "\n".join([*lines, ""])


def _drawn(kind: Any, column: str) -> str:
    measure = kind.measures[kind.columns.index(column)]
    rest = kind.identity[kind.columns.index(column)]
    return f"Drawn by `{kind.name}`: {measure}; {rest:g} changes nothing."


def exit_codes_page() -> str:
    """Return every exit code with its meaning."""
    rows = [(f"{int(code)}", _EXIT_CODES[code]) for code in ExitCode]
    lines = [
        "# Exit codes",
        "",
        *_table(("Code", "Meaning"), rows),
        "",
        "stdout is for data (`--json`, `--dry-run`), stderr for messages. With `--json` a command"
        " that fails prints one object, too:",
        "",
        '    {"status": "failed", "exit_code": 2, "errors": ["..."]}',
    ]
    return "\n".join([*lines, ""])


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, is_stacked: bool = False
) -> list[str]:
    """Return a Markdown table; on phones, a stacked one has one cell below the other."""
    lines = [head, ["---"] * len(head), *rows]
    table = [f"| {' | '.join(_cell(each) for each in line)} |" for line in lines]
    return ['<div class="stacked" markdown>', "", *table, "", "</div>"] if is_stacked else table


def _cell(text: str) -> str:
    """Return a text that a table can hold."""
    return _escaped(" ".join(text.split()))


def _escaped(text: str) -> str:
    """Return a text as Markdown that shows it: outside code, bars, stars and tags are escaped."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"([|*])", r"\\\1", each).replace("<", "&lt;") for each in parts[::2]]
    return "`".join(parts)


#: Path of each page, and what makes it.
REFERENCE: dict[str, Callable[[], str]] = {
    "reference/commands.md": commands_page,
    "reference/config.md": config_page,
    "reference/manifest.md": manifest_page,
    "reference/exit-codes.md": exit_codes_page,
}
