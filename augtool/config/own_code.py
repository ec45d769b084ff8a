"""Transforms of the user's own: the `own:` block, and the code that its keys name.

A key is ``module:Class``.  Its code is imported only where that was allowed, since a config may
come from anywhere: from a colleague, or from a dataset.json.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np
from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from augtool.core.geometry import Sizes
from augtool.core.records import Record
from augtool.core.stages import STAGES
from augtool.core.transforms import TRANSFORMS
from augtool.errors import ConfigError

if TYPE_CHECKING:
    from augtool.core.guarded import Guarded

__all__ = ["ALLOWED", "Own", "OwnCode", "OwnKind", "is_own_key", "load_own"]

#: Validate a config with this context to let it import the code that it names. In place of True,
#: the names of what may be imported.
ALLOWED: dict[str, bool | Collection[str]] = {"allow_code": True}

_KEY = re.compile(r"(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*:[A-Za-z_]\w*", re.ASCII)
_COLUMN = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_TAKEN = {
    *(column for kind in TRANSFORMS for column in kind.columns),
    *Record._fields,
    *(f"m{row}{column}" for row in range(3) for column in range(3)),
}
#: Stages that own classes may have. What `displace` takes is augtool's; an `apply` can do it, too.
_STAGES = [stage for stage in STAGES if stage != "displace"]
#: What the class of a stage must be able to do.
_VERBS = {"colour": "mix", "levels": "change", "erase": "boxes"}


class OwnCode(NamedTuple):
    """What the code of a transform is known by: its version, if it has one, and its source."""

    version: str
    sha256: str


class OwnKind(NamedTuple):
    """A class of the user's own.

    Parameters
    ----------
    name
        Its key, ``module:Class``.
    kind
        The class.
    code
        What it is known by.
    """

    name: str
    kind: Any
    code: OwnCode

    @property
    def stage(self) -> str | None:
        """Its stage after the warp; None if it is part of the warp."""
        stage: str | None = getattr(self.kind, "stage", None)
        return stage

    def parse(self, value: Any) -> Guarded | None:
        """Return the transform for a setting, None if the setting turns it off.

        Raises
        ------
        ValueError
            When the class says so, or can't read the setting.
        """
        from augtool.core.guarded import Guarded  # noqa: PLC0415 - few runs have own transforms

        try:
            inner = self.kind.parse(value)
        except ValueError as error:
            raise ValueError(f"{self.name}: {error}") from error
        except Exception as error:
            raise ValueError(f"{self.name}: {_failure('parse', error)}") from error
        return None if inner is None else Guarded(self.name, inner)


def is_own_key(name: object) -> bool:
    """Tell whether a name has the form ``module:Class``."""
    return isinstance(name, str) and _KEY.fullmatch(name) is not None


@cache
def load_own(key: str) -> OwnKind:
    """Import a class, and return it with what its code is known by.

    The module is looked for as any other, and then in the current folder.

    Raises
    ------
    ValueError
        When there is no such module or class, or it is no transform.
    """
    module_name, _, class_name = key.partition(":")
    try:
        with _current_folder_last(), _without_bytecode():
            module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == module_name
        reason = (
            f"there is no module {module_name!r}, here or installed"
            if missing
            else _failure("its import", error)
        )
        raise ValueError(f"{key}: {reason}") from error
    kind = getattr(module, class_name, None)
    if not isinstance(kind, type):
        found = getattr(module, "__file__", None) or "which is built in"
        raise ValueError(f"{key}: {module_name} ({found}) has no class {class_name!r}")
    problem = next(_problems(kind), None)
    if problem is not None:
        raise ValueError(f"{key}: {problem}; see docs/own-transforms.md")
    version = getattr(kind, "version", None) or getattr(module, "__version__", None) or ""
    return OwnKind(key, kind, OwnCode(str(version), _source_hash(key, kind)))


@contextlib.contextmanager
def _current_folder_last() -> Iterator[None]:
    """Look for modules in the current folder too: a script of Python's own does not."""
    here = os.getcwd()  # noqa: PTH109
    if here in sys.path or "" in sys.path:
        yield
        return
    sys.path.append(here)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(here)


@contextlib.contextmanager
def _without_bytecode() -> Iterator[None]:
    """Leave no bytecode behind: Python takes it for that of an edit in the same second."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _source_hash(key: str, kind: type) -> str:
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if file is None or not file.endswith(".py"):
        raise ValueError(f"{key}: has no Python source that could be recorded")
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except OSError as error:
        raise ValueError(f"{key}: {file}: can't be read: {error.strerror}") from error


def _problems(kind: Any) -> Iterator[str]:
    """Yield what a class lacks of a transform."""
    stage = getattr(kind, "stage", None)
    if stage is not None and stage not in _STAGES:
        yield f"stage is {stage!r}; use one of {', '.join(_STAGES)}, or none for a matrix"
    verb = "matrix" if stage is None else _VERBS.get(stage, "apply")
    for method in ("parse", "make_params", verb):
        if not callable(getattr(kind, method, None)):
            yield f"has no method {method}"
    columns = getattr(kind, "columns", None) or ()
    if not columns or not all(_COLUMN.fullmatch(str(column)) for column in columns):
        yield f"columns is {columns!r}; name its parameters, e.g. ('stripes',)"
    if isinstance(columns, str) or len(set(columns)) < len(columns):
        yield f"columns is {columns!r}; use a tuple of different names"
    if taken := sorted(_TAKEN.intersection(columns)):
        yield f"column {taken[0]!r} is augtool's own; choose another name"
    for name, types in (("measures", str), ("identity", (int, float))):
        values = getattr(kind, name, None) or ()
        is_list = isinstance(values, (tuple, list)) and len(values) == len(columns)
        if not is_list or not all(isinstance(each, types) for each in values):
            yield f"{name} is {values!r}; give one for each of columns"
    uniforms = getattr(kind, "uniforms", None)
    if not isinstance(uniforms, int) or not 1 <= uniforms <= 100:
        yield f"uniforms is {uniforms!r}; say how many random numbers a draw takes, 1 to 100"


def _failure(what: str, error: BaseException) -> str:
    return f"{what} failed: {type(error).__name__}: {error}"


def _read_own(value: Any, info: ValidationInfo) -> dict[str, Any] | None:
    """Check the block: every key names a transform, which accepts its setting."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise ValueError(f"got {value!r}; expected a block, e.g. {{my_module:MyClass: 0.3}}")
    for key in value:
        if not is_own_key(key):
            raise ValueError(f"got {key!r}; expected module:Class")
    allowed = (info.context or {}).get("allow_code") or ()
    if refused := [key for key in value if allowed is not True and key not in allowed]:
        raise ValueError(
            f"{refused[0]} is Python code, which augtool runs only if told to; pass --allow-code if"
            " you trust it"
        )
    columns: dict[str, str] = {}
    for key, setting in value.items():
        kind = load_own(key)
        transform = kind.parse(setting)
        for column in kind.kind.columns:
            if columns.setdefault(column, key) != key:
                raise ValueError(f"{key}: {columns[column]} has a column {column!r} too; rename it")
        if transform is not None:
            _try_drawing(transform)
    return dict(value)


def _try_drawing(transform: Guarded) -> None:
    """Draw the ends of the ranges, so that what always fails is found before a run begins."""
    try:
        ends = np.array([[0.0, 1.0]] * transform.uniforms)
        params = transform.make_params(ends, Sizes(8, 6))
        if getattr(transform.inner, "stage", None) is None:
            transform.matrix(params)
    except ConfigError as error:
        raise ValueError(str(error).partition(": ")[2]) from error


Own = Annotated[
    Any,
    PlainValidator(_read_own),
    WithJsonSchema({"type": "object", "propertyNames": {"pattern": f"^{_KEY.pattern}$"}}),
]
