"""The manual page, made from the help of the commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

from augtool.errors import ExitCode

__all__ = ["manual_page"]


def manual_page(context: typer.Context, version: str) -> str:
    """Return the page in roff, for ``man``.

    Parameters
    ----------
    context
        Of the root command.
    version
        What is shown at the bottom of the page.
    """
    root: Any = context.command
    title, _, rest = root.help.strip().partition("\n")
    lines = [
        f'.TH AUGTOOL 1 "" "augtool {version}" "User Commands"',
        ".SH NAME",
        f"augtool \\- {_escaped(title[:1].lower() + title[1:].rstrip('.'))}",
        ".SH SYNOPSIS",
        ".B augtool",
        _escaped("[OPTIONS] COMMAND [ARGS]..."),
        ".SH DESCRIPTION",
        *_paragraphs(rest),
        ".SH OPTIONS",
        *_parameters(context),
        ".SH COMMANDS",
    ]
    for name, command in root.commands.items():
        lines += _command(typer.Context(command, info_name=name, parent=context))
    lines.append(".SH EXIT STATUS")
    for code in ExitCode:
        lines += [".TP", str(int(code)), code.name.lower().replace("_", " ")]
    return "\n".join([*lines, ""])


def _command(context: typer.Context) -> Iterator[str]:
    """Yield the section of a command, and those of the commands below it."""
    command: Any = context.command
    usage = " ".join(command.collect_usage_pieces(context))
    yield f'.SS "{_escaped(f"{context.command_path} {usage}")}"'
    yield from _paragraphs(command.help)
    yield from _parameters(context)
    for name, below in getattr(command, "commands", {}).items():
        yield from _command(typer.Context(below, info_name=name, parent=context))


def _parameters(context: typer.Context) -> Iterator[str]:
    """Yield arguments and options, each with its help."""
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            yield from (".TP", f"\\fB{_escaped(record[0])}\\fR", _escaped(record[1]))


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of a help; one that begins with a backspace keeps its lines."""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        kept = paragraph.removeprefix("\b\n")
        block = [_escaped(line.strip()) for line in kept.splitlines()]
        yield ".PP"
        yield from (".nf", *block, ".fi") if kept != paragraph else block


def _escaped(text: str) -> str:
    """Return a text in which roff finds nothing of its own."""
    text = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    return f"\\&{text}" if text[:1] in (".", "'") else text
