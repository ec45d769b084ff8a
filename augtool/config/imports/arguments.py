"""The arguments of a foreign operation, by name, in the forms that libraries share."""

from __future__ import annotations

from typing import Any

from augtool.config.imports.values import Call, Reference, is_known, unknown_part

__all__ = ["Arguments", "Pair", "Untranslatable"]

Pair = tuple[float, float]
_LARGEST = 1e12
#: Whose constants rules read by their names.
_KNOWN_MODULES = ("cv2", "torchvision", "PIL", "albumentations")


class Untranslatable(Exception):
    """An operation, or one argument of it, can't be said in augtool's words."""


class Arguments:
    """What a call passes.

    Parameters
    ----------
    call
        The call.
    parameters
        Names of its positional arguments.
    size
        Height and width that the pictures have at this point, if known.
    fit
        How they came to that size: ``stretched``, ``cut``, ``padded``, or ``kept`` where only the
        shorter side has it.
    is_dated
        Whether the code is of a version whose defaults have changed since; None where it can't be
        told.
    """

    def __init__(
        self,
        call: Call,
        parameters: list[str],
        size: tuple[int, int] | None,
        *,
        fit: str = "stretched",
        is_dated: bool | None = None,
    ) -> None:
        self.call = call
        self.size = size
        self.fit = fit
        self.is_dated = is_dated
        self._given = dict(zip(parameters, call.arguments)) | call.keywords
        if "**" in call.keywords:
            raise Untranslatable(f"**{_text(call.keywords['**'])} can't be resolved")

    def has(self, *names: str) -> bool:
        """Return whether any of these is passed, and not None."""
        return any(self._given.get(name) is not None for name in names)

    def value(self, name: str, default: Any = None) -> Any:
        """Return an argument.

        Raises
        ------
        Untranslatable
            When its value is not in the text.
        """
        value = self._given.get(name, default)
        if not is_known(value):
            raise Untranslatable(f"{name}={_text(value)} can't be resolved")
        if isinstance(value, Reference) and value.last.isupper() and "." in value.name:
            module = value.name.rpartition(".")[0]
            if module.partition(".")[0] not in _KNOWN_MODULES:
                raise Untranslatable(f"{name}={value.last} stands in {module}, another file")
        return value

    def name(self, name: str, default: str = "") -> str:
        """Return an argument that names something: a text, or the end of a dotted name."""
        value = self.value(name, default)
        return value.last if isinstance(value, Reference) else str(value)

    def number(self, name: str, default: float) -> float:
        """Return a number."""
        value = self.value(name, default)
        if not _is_number(value):
            raise Untranslatable(f"{name}={_text(value)} is not a number")
        return value  # type: ignore[no-any-return]

    def around(self, name: str, default: Any, centre: float = 0.0) -> Pair:
        """Return a range: c is [centre - c, centre + c], a pair is relative to the centre."""
        value = self.value(name, default)
        low, high = _pair(name, (-value, value) if _is_number(value) else value)
        return min(low, high) + centre, max(low, high) + centre

    def factors(self, name: str, default: Any) -> Pair:
        """Return a range of factors: c is [max(0, 1 - c), 1 + c], a pair is itself."""
        value = self.value(name, default)
        return _pair(name, (max(0, 1 - value), 1 + value) if _is_number(value) else value)

    def between(self, name: str, default: Any, low: float | None = None) -> Pair:
        """Return a range: a pair is itself, c is [low, c], or [c, c] without `low`."""
        value = self.value(name, default)
        if _is_number(value):
            return _pair(name, (value if low is None else low, value))
        return _pair(name, value)

    def size_of(self, *names: str) -> tuple[int, int]:
        """Return a height and a width: from two arguments, or from one of both."""
        values = [self.value(name) for name in names if self.has(name)]
        values = [list(each) if isinstance(each, tuple) else each for each in values]
        if len(values) == 1 and isinstance(values[0], list):
            values = values[0]
        if len(values) == 1:
            values = [*values, *values]
        if len(values) != 2 or not all(_is_number(each) and each >= 1 for each in values):
            raise Untranslatable(f"{' and '.join(names)} are no size")
        return int(values[0]), int(values[1])


def _is_number(value: Any) -> bool:
    """Return whether a value is a number that can be meant: not nan, inf or 10**400."""
    is_plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_plain and abs(value) <= _LARGEST


def _pair(name: str, value: Any) -> Pair:
    if isinstance(value, (list, tuple)) and len(value) == 1:
        value = [*value, *value]
    if not isinstance(value, (list, tuple)) or len(value) != 2 or not all(map(_is_number, value)):
        raise Untranslatable(f"{name}={_text(value)} is not a range")
    return value[0], value[1]


def _text(value: Any) -> str:
    unknown = unknown_part(value)
    return unknown.text if unknown is not None else repr(value)
