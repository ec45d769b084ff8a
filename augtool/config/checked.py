"""Fields of the config that a function of ours checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic_core import core_schema

__all__ = ["checked"]


class _Checked:
    """PlainValidator and WithJsonSchema in one, which looks at no signature.

    There are sixty such fields, and each start makes the schema of them all: in half the time.
    """

    def __init__(self, check: Callable[[Any], Any], schema: dict[str, Any]) -> None:
        self._check, self._schema = check, schema

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return core_schema.no_info_plain_validator_function(self._check)

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        return dict(self._schema)


def checked(check: Callable[[Any], Any], schema: dict[str, Any]) -> Any:
    """Return the type of a field that `check` reads, which raises a ValueError for what is wrong.

    Parameters
    ----------
    check
        Returns what the field holds.
    schema
        JSON Schema of what may be written.
    """
    return Annotated[Any, _Checked(check, schema)]
