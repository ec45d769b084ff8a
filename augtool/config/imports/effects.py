"""What a rule may say about a foreign operation: settings, sizes, borders, remarks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augtool.config.imports.arguments import Arguments
from augtool.config.imports.values import Call

__all__ = [
    "Block",
    "Border",
    "Effect",
    "Either",
    "Frame",
    "Framework",
    "Policy",
    "Remark",
    "Rule",
    "Rules",
    "Setting",
]


@dataclass(frozen=True, slots=True)
class Setting:
    """A key of ``transforms:``.

    Attributes
    ----------
    name, value
        The key and its value.
    note
        How the result differs from the original's; empty where it does not.
    hint
        What is worth knowing though it is the same there.
    is_switch
        The value is a probability itself: that of the operation is multiplied into it.
    beside
        Keys that go with it, and their values.
    chance
        A probability that is multiplied into the operation's own.
    fill
        The levels that its boxes are filled with there; None where it makes none.
    """

    name: str
    value: Any
    note: str = ""
    is_switch: bool = False
    hint: str = ""
    beside: tuple[tuple[str, Any], ...] = ()
    chance: float = 1.0
    fill: Any = None


@dataclass(frozen=True, slots=True)
class Either:
    """The first of several lists of effects whose transforms augtool has."""

    choices: tuple[tuple[Effect, ...], ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """The size that pictures get: ``output.resize`` and ``output.crop``.

    Attributes
    ----------
    fit
        What happens there to pictures of another shape, where it is neither stretching nor cutting:
        ``padded``, ``kept`` where only the shorter side gets its size, or ``window`` where a part
        of any shape is stretched to it.
    """

    height: int
    width: int
    crop: bool = False
    note: str = ""
    fit: str = ""


@dataclass(frozen=True, slots=True)
class Border:
    """How what lies beyond the edge is filled: ``fill_mode`` and ``cval``."""

    fill_mode: str
    cval: Any = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole ``policy:``, such as ``trivialaugment``."""

    value: Any
    note: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A top-level key of the config, such as ``split``."""

    key: str
    value: Any
    note: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """What becomes of an operation that is no augmentation, such as a normalisation."""

    text: str


Effect = Setting | Either | Frame | Border | Policy | Block | Remark


@dataclass(frozen=True, slots=True)
class Rule:
    """How one foreign operation is translated.

    Attributes
    ----------
    effects
        Gives the effects of a call; raises :class:`Untranslatable` where there are none.
    parameters
        Names of the call's positional arguments, parted by spaces.
    chance
        Its probability where the call doesn't say; None where it has none.
    holds
        Where it holds other operations: ``all`` of them, ``one`` or ``some``.
    """

    effects: Callable[[Arguments], Iterable[Effect]]
    parameters: str = ""
    chance: float | None = None
    holds: str = ""


Rules = Mapping[str, Rule]


@dataclass(frozen=True, slots=True)
class Framework:
    """A library whose code is understood.

    Attributes
    ----------
    title
        Its name, for people.
    modules
        Where its names come from, as prefixes.
    rules
        An operation's class name, or method name, to its rule.
    roots
        The names that hold a whole pipeline.
    chance_name
        The argument that is the probability of an operation.
    forces
        Whether ``OneOf`` applies what it chose whatever its own probability is.
    is_dated
        Tells whether code is of a version whose defaults have changed since, from its pipelines and
        the full names that it imports; None where that can't be told.
    in_order
        Returns operations with what those before them decide.
    """

    title: str
    modules: tuple[str, ...]
    rules: Rules
    roots: frozenset[str]
    chance_name: str = ""
    forces: bool = False
    is_dated: Callable[[Iterable[Call], Iterable[str]], bool | None] = lambda *_: None
    in_order: Callable[[Sequence[Any]], Sequence[Any]] = lambda operations: operations
