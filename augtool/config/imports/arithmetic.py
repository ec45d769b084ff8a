"""Arithmetic on literals, as far as configs use it."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

__all__ = ["BUILTINS", "compare", "operate"]

_LARGEST = 1e9
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}


def operate(kind: ast.operator, left: Any, right: Any) -> Any:
    """Return ``left kind right`` of two numbers or texts, None where there is no result."""
    if isinstance(left, str) and isinstance(right, str) and isinstance(kind, ast.Add):
        return left + right
    numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
    if not numbers or type(kind) not in _OPERATORS or max(abs(left), abs(right)) > _LARGEST:
        return None
    if isinstance(kind, ast.Pow) and abs(right) > 64:
        return None
    try:
        result = _OPERATORS[type(kind)](left, right)
    except (ArithmeticError, ValueError):
        return None
    return result if isinstance(result, (int, float)) else None


def compare(kind: ast.cmpop, left: Any, right: Any) -> bool | None:
    """Return whether ``left kind right``, None where they can't be compared."""
    try:
        return bool(_COMPARISONS[type(kind)](left, right))
    except TypeError:
        return None


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except (TypeError, ValueError, ArithmeticError):
            return None

    return call


#: Functions of Python that give a literal for literals; None where they fail.
BUILTINS: dict[str, Callable[..., Any]] = {
    each.__name__: _guarded(each)
    for each in (abs, bool, float, int, len, list, max, min, round, str, tuple)
}
