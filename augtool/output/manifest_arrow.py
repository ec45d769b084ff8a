"""pyarrow for manifests: an extra, imported when the first one in Parquet is read or written."""

from __future__ import annotations

from typing import Any

from augtool.errors import ConfigError

__all__ = ["REPEATED", "import_pyarrow", "require_pyarrow"]

#: Texts that stand in many rows: parts have each of them once.
REPEATED = ["split", "class", "kind", "source", "source_sha256"]


def require_pyarrow(why: str) -> None:
    """Refuse to go on without pyarrow.

    Raises
    ------
    ConfigError
        With both ways out; it begins with `why`.
    """
    try:
        import_pyarrow()
    except ConfigError as error:
        raise ConfigError(f"{why}: {error}, or pass --set output.manifest=csv") from error


def import_pyarrow() -> Any:
    """Return pyarrow with what is needed of it.

    Raises
    ------
    ConfigError
        When the extra is not installed.
    """
    try:
        import pyarrow  # noqa: PLC0415 - an extra
        import pyarrow.csv  # noqa: PLC0415
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            f"a manifest in Parquet needs pyarrow ({error}); pip install pyarrow"
        ) from error
    return pyarrow
