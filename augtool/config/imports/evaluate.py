"""Works out values that stand in a syntax tree; nothing of it is run.

Literals, arithmetic on them, names bound to them, attributes of classes, instances and dicts,
defaults of parameters and of argparse options, and calls of the text's own functions that return
an expression.
Everything else becomes :class:`Unresolved`.
"""

from __future__ import annotations

import ast
from typing import Any

from augtool.config.imports.arithmetic import BUILTINS, compare, operate
from augtool.config.imports.lookup import Bound, Names, one_line, unresolved
from augtool.config.imports.scopes import Scope
from augtool.config.imports.values import Call, is_known

__all__ = ["Evaluator"]

_DEEPEST = 60
#: Of one expression: functions that call each other twice would never end otherwise.
_MOST_STEPS = 50_000


class Evaluator:
    """Evaluates expressions of one text.

    Attributes
    ----------
    used
        The calls that went into the last whole value.
    """

    def __init__(self, scope_of: dict[ast.AST, Scope], module: Scope) -> None:
        self._names = Names(self.value, scope_of, module)
        self._depth = 0
        self._steps = 0
        self.used: set[ast.AST] = set()

    def value(self, node: ast.expr, scope: Scope, bound: Bound | None = None) -> Any:
        """Return the value of an expression that stands in a scope.

        Parameters
        ----------
        bound
            What the parameters of the function around it stand for.
        """
        self._steps += 1
        if self._depth > _DEEPEST or self._steps > _MOST_STEPS:
            return unresolved(node)
        self._depth += 1
        try:
            method = getattr(self, f"_{type(node).__name__.lower()}", None)
            return unresolved(node) if method is None else method(node, scope, bound or {})
        finally:
            self._depth -= 1

    def whole(self, node: ast.expr, scope: Scope) -> tuple[Any, set[ast.AST]]:
        """Return the value of an expression, and the calls that went into it."""
        self.used, self._steps = set(), 0
        return self.value(node, scope), self.used

    def called(self, node: ast.Call, function: Scope, site: Scope, root: ast.expr) -> Any:
        """Return the value of an expression in a function, for one call of that function.

        Parameters
        ----------
        site
            Where the call stands.
        root
            The expression.
        """
        self.used, self._steps = set(), 0
        arguments = self._list(ast.Tuple(node.args, ast.Load()), site, {})
        keywords = {each.arg: self.value(each.value, site) for each in node.keywords if each.arg}
        return self.value(root, function, self._names.given(function, arguments, keywords))

    def dotted(self, node: ast.expr, scope: Scope) -> str:
        """Return the full name of something imported; empty where it isn't."""
        return self._names.dotted(node, scope)

    def _name(self, node: ast.Name, scope: Scope, bound: Bound) -> Any:
        return self._names.name(node, scope, bound)

    def _attribute(self, node: ast.Attribute, scope: Scope, bound: Bound) -> Any:
        return self._names.attribute(node, scope, bound)

    def _constant(self, node: ast.Constant, *_: Any) -> Any:
        kinds = (bool, int, float, str, type(None))
        return node.value if isinstance(node.value, kinds) else unresolved(node)

    def _list(self, node: ast.List | ast.Tuple, scope: Scope, bound: Bound) -> Any:
        items: list[Any] = []
        for each in node.elts:
            if isinstance(each, ast.Starred):
                inner = self.value(each.value, scope, bound)
                items += inner if isinstance(inner, (list, tuple)) else [unresolved(each)]
            else:
                items.append(self.value(each, scope, bound))
        return items if isinstance(node, ast.List) else tuple(items)

    _tuple = _list

    def _dict(self, node: ast.Dict, scope: Scope, bound: Bound) -> Any:
        found: Bound = {}
        for key, item in zip(node.keys, node.values):
            inner = self.value(item, scope, bound)
            if key is None:
                if not isinstance(inner, dict):
                    return unresolved(node)
                found |= inner
            else:
                name = self.value(key, scope, bound)
                if not isinstance(name, (str, int, float, bool)):
                    return unresolved(node)
                found[name] = inner  # type: ignore[index]  # keys may be numbers
        return found

    def _unaryop(self, node: ast.UnaryOp, scope: Scope, bound: Bound) -> Any:
        inner = self.value(node.operand, scope, bound)
        if isinstance(node.op, ast.Not) and is_known(inner):
            return not inner
        if isinstance(inner, (int, float)):
            return {ast.USub: -inner, ast.UAdd: inner}.get(type(node.op), unresolved(node))
        return unresolved(node)

    def _binop(self, node: ast.BinOp, scope: Scope, bound: Bound) -> Any:
        left, right = (self.value(each, scope, bound) for each in (node.left, node.right))
        if isinstance(node.op, ast.Add) and isinstance(left, (list, tuple)):
            # What can't be known is one unknown item of the list.
            return [*left, *(right if isinstance(right, (list, tuple)) else [right])]
        result = operate(node.op, left, right)
        return unresolved(node) if result is None else result

    def _boolop(self, node: ast.BoolOp, scope: Scope, bound: Bound) -> Any:
        values = [self.value(each, scope, bound) for each in node.values]
        if not all(map(is_known, values)):
            return unresolved(node)
        ends = (bool(each) is isinstance(node.op, ast.Or) for each in values[:-1])
        return next((each for each, end in zip(values, ends) if end), values[-1])

    def _compare(self, node: ast.Compare, scope: Scope, bound: Bound) -> Any:
        left, right = (self.value(each, scope, bound) for each in (node.left, node.comparators[0]))
        known = len(node.ops) == 1 and is_known(left) and is_known(right)
        result = compare(node.ops[0], left, right) if known else None
        return unresolved(node) if result is None else result

    def _ifexp(self, node: ast.IfExp, scope: Scope, bound: Bound) -> Any:
        test = self.value(node.test, scope, bound)
        if not is_known(test):
            return unresolved(node)
        return self.value(node.body if test else node.orelse, scope, bound)

    def _subscript(self, node: ast.Subscript, scope: Scope, bound: Bound) -> Any:
        inner, key = (self.value(each, scope, bound) for each in (node.value, node.slice))
        if isinstance(inner, dict) and isinstance(key, (str, int)):
            return inner.get(key, unresolved(node))
        if (
            isinstance(inner, (list, tuple))
            and type(key) is int
            and -len(inner) <= key < len(inner)
        ):
            return inner[key]
        return unresolved(node)

    def _call(self, node: ast.Call, scope: Scope, bound: Bound) -> Any:
        self.used.add(node)
        arguments = self._list(ast.Tuple(node.args, ast.Load()), scope, bound)
        keywords: Bound = {}
        for each in node.keywords:
            inner = self.value(each.value, scope, bound)
            if each.arg is None and isinstance(inner, dict):
                keywords |= {str(key): item for key, item in inner.items()}
            else:
                keywords[each.arg or "**"] = inner
        if isinstance(node.func, ast.Name) and node.func.id in BUILTINS and not keywords:
            known = all(map(is_known, arguments))
            result = BUILTINS[node.func.id](*arguments) if known else None
            return unresolved(node) if result is None else result
        name = self._names.dotted(node.func, scope)
        if name in ("?.dict", "argparse.Namespace", "types.SimpleNamespace", "easydict.EasyDict"):
            return {
                **(arguments[0] if arguments and isinstance(arguments[0], dict) else {}),
                **keywords,
            }
        if name:
            return Call(name, arguments, keywords, node.lineno, one_line(node))
        return self._names.own(node, scope, arguments, keywords)
