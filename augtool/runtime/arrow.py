"""pyarrow, an extra: imported when something of it is first read or written."""

from __future__ import annotations

import os
from typing import Any

from augtool.errors import ConfigError

__all__ = ["import_pyarrow"]


def import_pyarrow(wanted_by: str, otherwise: str = "") -> Any:
    """Return pyarrow with its parquet module.

    Parameters
    ----------
    wanted_by
        What can't do without it.
    otherwise
        Another way out, such as ``or use hf``.

    Raises
    ------
    ConfigError
        When it is not installed, with the ways out.
    """
    # Its allocator would start a thread, and workers of a process that has some can't be forked.
    os.environ.setdefault("JE_ARROW_MALLOC_CONF", "background_thread:false")
    try:
        import pyarrow  # noqa: PLC0415
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError as error:
        ways = ", ".join(filter(None, ("pip install pyarrow", otherwise)))
        raise ConfigError(f"{wanted_by} needs pyarrow ({error}); {ways}") from error
    return pyarrow
