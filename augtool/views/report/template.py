"""Loads the templates of the pages. Only this file needs Jinja, which is an extra."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from augtool.errors import EngineError

__all__ = ["load_template"]


def load_template(name: str) -> Any:
    """Return a template that lies beside this file, compiled once in a process.

    Raises
    ------
    EngineError
        When Jinja is not installed.
    """
    return _environment().get_template(name)


@cache
def _environment() -> Any:
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415
        from markupsafe import Markup, escape  # noqa: PLC0415 - Jinja's own
    except ImportError as error:
        raise EngineError(
            "the report needs Jinja, which is not installed; pip install jinja2"
        ) from error
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = "{:,}".format
    environment.filters["breakable"] = lambda name: Markup(
        re.sub(r"([_.])", r"\1<wbr>", str(escape(name)))
    )
    return environment
