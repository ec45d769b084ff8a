"""What stands in code that is read and not run: values, calls, and what can't be known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Call", "Instance", "Reference", "Unresolved", "is_known", "unknown_part"]


@dataclass(frozen=True, slots=True)
class Unresolved:
    """An expression whose value is not in the text."""

    text: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Something that an imported module holds, such as ``cv2.BORDER_REFLECT_101``."""

    name: str

    @property
    def last(self) -> str:
        """The name without its module."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Call:
    """A call of something imported, such as ``albumentations.Rotate(limit=30)``.

    Attributes
    ----------
    name
        Dotted, with the name of the module rather than its alias.
    line
        Where it stands, from 1; 0 where there are no lines.
    text
        The call as written, in one line.
    condition
        The test of the ``if`` around it, where that decides whether it is there.
    """

    name: str
    arguments: tuple[Any, ...] = ()
    keywords: dict[str, Any] = field(default_factory=dict)
    line: int = 0
    text: str = ""
    condition: str = ""

    @property
    def last(self) -> str:
        """The name without its module."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Instance:
    """A class that the text itself defines, or an instance of it.

    Attributes
    ----------
    scope
        Its :class:`~augtool.config.imports.scopes.Scope`.
    given
        What is passed to it by name.
    """

    scope: Any
    given: dict[str, Any]
    text: str


def unknown_part(value: Any) -> Unresolved | None:
    """Return the first thing in a value that can't be known, None if all can."""
    if isinstance(value, Unresolved):
        return value
    if isinstance(value, (Call, Instance)):
        return Unresolved(value.text)
    inner = value.values() if isinstance(value, dict) else value
    if isinstance(inner, (list, tuple)) or isinstance(value, dict):
        return next((found for each in inner if (found := unknown_part(each))), None)
    return None


def is_known(value: Any) -> bool:
    """Return whether a value is literal through and through."""
    return unknown_part(value) is None
