"""The members of a family by name, each imported when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, TypeVar

__all__ = ["Registry"]

Kind = TypeVar("Kind")


class Registry(Mapping[str, Kind]):
    """Classes of a package by name, in the order given; a run needs few of them.

    Parameters
    ----------
    package
        The package that they are in.
    homes
        Name to ``module.Class``, the module being one of the package.
    """

    def __init__(self, package: str, homes: Mapping[str, str]) -> None:
        self._package, self._homes = package, homes

    def __getitem__(self, name: str) -> Kind:
        module, _, kind = self._homes[name].partition(".")
        found: Any = getattr(import_module(f"{self._package}.{module}"), kind)
        return found  # type: ignore[no-any-return]  # what the homes say is checked by tests

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)
