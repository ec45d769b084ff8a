"""Pipelines in YAML and JSON: those of ``A.save`` and ``A.to_dict``, Hydra's and alike."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from augtool.config import yaml12
from augtool.config.imports.frameworks import framework_of
from augtool.config.imports.lookup import USUAL_MODULES
from augtool.config.imports.values import Call, Unresolved
from augtool.errors import ConfigError

__all__ = ["is_data", "read_serialized"]

#: Keys that name a class, whatever it is.
_CLASS_KEYS = ("__class_fullname__", "_target_")
#: Keys that name one if their value starts with a module that is known.
_MAYBE_CLASS_KEYS = ("class_name", "class_path", "name", "object", "target", "transform", "type")
#: Keys whose mapping holds the arguments.
_ARGUMENT_KEYS = ("args", "init_args", "kwargs", "params")
#: Keys that only wrap a pipeline, and are no name for it.
_WRAPPERS = ("transform", "transforms", "__version__")
_MODULE = re.compile(rf"[\"']?\s*:\s*[\"']?({'|'.join(USUAL_MODULES)})\.")
_REFERENCE = re.compile(r"\$\{([\w.]+)\}")
_ANCHOR = re.compile(r"&(\w+)[ \t]+([\w.+-]{1,40})(?=[ \t]*(?:[,\]}#]|$))", re.MULTILINE)
_ALIAS = re.compile(r"(?<=[\s,\[])\*(\w+)\b")
_DEEPEST = 20
#: References that stand for many others can stand for more than fits into memory.
_MOST_REFERENCES = 1_000


def is_data(origin: str) -> bool:
    """Return whether a file is YAML or JSON by its name."""
    return origin.lower().endswith((".yaml", ".yml", ".json"))


def read_serialized(text: str, origin: str) -> list[tuple[str, Call]]:
    """Return the pipelines in a serialised text with the keys that they stand under.

    Raises
    ------
    ConfigError
        When it is YAML or JSON by its name, and can't be read.
    """
    if not (any(key in text for key in _CLASS_KEYS) or _MODULE.search(text)):
        return []
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        try:
            value = yaml12.load_text(_without_aliases(text), origin)
        except ConfigError:
            if is_data(origin):
                raise
            return []
    return list(_Document(value).pipelines(value, ""))


def _without_aliases(text: str) -> str:
    """Return a text with the aliases of single values written out; of others, none are allowed."""
    values = dict(_ANCHOR.findall(text))
    return _ALIAS.sub(lambda match: values.get(match[1], match[0]), text)


@dataclass(slots=True)
class _Document:
    """A document, whose values may refer to others of it, as in ``${training.size}``."""

    root: Any
    _references: int = 0

    def pipelines(self, value: Any, name: str) -> Iterator[tuple[str, Call]]:
        """Yield the outermost operations below nested keys."""
        if isinstance(value, dict):
            call = self._call(value) if _class_of(value) else None
            if isinstance(call, Call) and framework_of(call) is not None:
                yield name, call
                return
            for key, inner in value.items():
                yield from self.pipelines(inner, name if key in _WRAPPERS else str(key))
        elif isinstance(value, list):
            operations = [self._call(each) for each in value]
            known = [each for each in operations if _is_known(each)]
            if known and all(isinstance(each, (Call, Unresolved)) for each in operations):
                yield name, _compose(known[0], operations)
            else:
                for inner in value:
                    yield from self.pipelines(inner, name)

    def _call(self, value: Any, depth: int = 0) -> Any:
        """Return a mapping with a class as a call, anything else as it is."""
        if depth > _DEEPEST:
            return Unresolved("too deep")
        if isinstance(value, str) and "${" in value:
            return self._referred(value, depth)
        if isinstance(value, list):
            return [self._call(each, depth + 1) for each in value]
        if not isinstance(value, dict):
            return value
        if not (name := _class_of(value)):
            return {key: self._call(each, depth + 1) for key, each in value.items()}
        given = {key: each for key, each in value.items() if value[key] != name}
        for key in _ARGUMENT_KEYS:
            if isinstance(given.get(key), dict):
                given |= given.pop(key)
        keywords = {str(key): self._call(each, depth + 1) for key, each in given.items()}
        last = name.rpartition(".")[2]
        named = ", ".join(f"{key}={each!r}" for key, each in keywords.items() if _is_plain(each))
        module, _, rest = name.partition(".")
        full = f"{USUAL_MODULES.get(module, module)}.{rest}" if rest else f"albumentations.{name}"
        return Call(full, (), keywords, text=f"{last}({named})"[:80])

    def _referred(self, text: str, depth: int) -> Any:
        """Return what a reference stands for."""
        self._references += 1
        match = _REFERENCE.fullmatch(text) if self._references <= _MOST_REFERENCES else None
        value = self.root
        for key in match[1].split(".") if match else ():
            if not isinstance(value, dict) or key not in value:
                return Unresolved(text)
            value = value[key]
        return self._call(value, depth + 1) if match else Unresolved(text)


def _compose(first: Call, operations: list[Any]) -> Call:
    """Return a list of operations as a pipeline of the first one's framework."""
    framework = framework_of(first)
    assert framework is not None
    return Call(f"{framework.modules[0]}.Compose", (operations,), text="the list of operations")


def _is_known(value: Any) -> bool:
    framework = framework_of(value) if isinstance(value, Call) else None
    return framework is not None and value.last in framework.rules


def _class_of(value: dict[str, Any]) -> str:
    """Return the name of the class that a mapping stands for; empty where there is none."""
    for key in _CLASS_KEYS:
        if key in value:
            return str(value[key])
    for key in _MAYBE_CLASS_KEYS:
        given = value.get(key)
        if isinstance(given, str) and given.partition(".")[0] in USUAL_MODULES and "." in given:
            return given
    return ""


def _is_plain(value: Any) -> bool:
    return isinstance(value, (int, float, str)) or (
        isinstance(value, list) and all(isinstance(each, (int, float)) for each in value)
    )
