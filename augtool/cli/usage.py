"""Says what the parser of the command line did not take, as every other error is said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from augtool.cli.console import Console
from augtool.errors import ExitCode

__all__ = ["say_usage_error"]

#: What versions of typer say of a value, and what is said here.
_EXPECTED = {r"valid (number|float)": "a number", r"valid int": "a whole number"}


def say_usage_error(error: Any, arguments: Sequence[str]) -> ExitCode:
    """Print an error of the parser, and return the exit code."""
    if type(error).__name__ == "NoArgsIsHelpError":  # no command: that is its help
        error.show()
        return ExitCode.USAGE
    console = Console(json="--json" in arguments)
    if type(error).__name__ == "NoSuchOption":
        text, fix = f"{error.option_name}: no such option", _instead(error, arguments)
    else:
        text, fix = _message(error, arguments)
    path = getattr(error.ctx, "command_path", "")
    fix = fix or (f"see: {path} -h" if path else "")
    console.error(f"{text}; {fix}" if fix else text)
    console.failed(ExitCode.USAGE)
    return ExitCode.USAGE


def _message(error: Any, arguments: Sequence[str]) -> tuple[str, str]:
    """Return what the parser says, in the form of other errors, and how to write it if known."""
    text = re.sub(r" \(env var: [^)]*\)", "", error.format_message()).rstrip(".")
    found = re.match(r"Invalid value for '?([^':]+)'?: (?:Value error, )?(.*)", text, re.DOTALL)
    if not found:
        return text[:1].lower() + text[1:], _of_switch(error, text, arguments)
    name, reason = found[1], found[2].replace("Input should be", "expected a number")
    for pattern, expected in _EXPECTED.items():
        if re.search(pattern, reason):
            reason = f"expected {expected}"
    name = name.partition(" ")[0]
    got = _value_of(name, arguments)
    said = f"got {got!r}; " if got and repr(got) not in reason else ""
    percent = re.fullmatch(r"(\d+(?:\.\d*)?)%", got)
    fix = f"write {float(percent[1]) / 100:g}" if percent else ""
    return f"{name}: {said}{reason[:1].lower()}{reason[1:]}", fix


def _of_switch(error: Any, text: str, arguments: Sequence[str]) -> str:
    """Return what to pass in place of a switch that was given a value; "" if that is not it."""
    extra = re.fullmatch(r"Got unexpected extra argument\S* \((\S+)\)", text)
    if not extra or extra[1] not in arguments[1:]:
        return ""
    switch = arguments[arguments.index(extra[1]) - 1]
    options = [each for param in error.ctx.command.params for each in param.opts]
    near = [each for each in options if each.startswith(f"{switch}-")]
    if switch not in options or not near:
        return ""
    return f"{switch} takes no value; did you mean {' or '.join(near)}?"


def _instead(error: Any, arguments: Sequence[str]) -> str:
    """Return what to pass in place of an option that is not there."""
    option: str = error.option_name
    takes_sets = any(param.name == "sets" for param in error.ctx.command.params)
    home = _home_of(option.lstrip("-").replace("-", "_")) if takes_sets else None
    if home:
        return f"pass --set {home}={_value_of(option, arguments) or 'VALUE'}"
    near = sorted(error.possibilities or ())
    return f"did you mean {' or '.join(near)}?" if near else ""


def _home_of(key: str) -> str | None:
    """Return where a config has a key, if it can be told here."""
    try:
        from augtool.config.homes import home_of
        from augtool.config.schema import Config
    except ImportError:
        return None
    return home_of(key, Config)


def _value_of(option: str, arguments: Sequence[str]) -> str:
    """Return the value that was given to an option."""
    for place, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name == option:
            after = arguments[place + 1 :]
            return value if equals else next((each for each in after[:1] if each[:2] != "--"), "")
    return ""
