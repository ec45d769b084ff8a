"""Looks up what names and attributes stand for: bindings, parameters, classes, imports."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable
from typing import Any

from augtool.config.imports.scopes import Binding, Function, Scope
from augtool.config.imports.values import Call, Instance, Reference, Unresolved, is_known

__all__ = ["USUAL_MODULES", "Bound", "Names", "one_line", "unresolved"]

#: Names that stand for a module where a snippet does not import it.
USUAL_MODULES = {
    "A": "albumentations",
    "alb": "albumentations",
    "albu": "albumentations",
    "albumentations": "albumentations",
    "Augmentor": "Augmentor",
    "cv2": "cv2",
    "keras": "keras",
    "layers": "keras.layers",
    "nn": "torch.nn",
    "T": "torchvision.transforms",
    "tf": "tensorflow",
    "torchvision": "torchvision",
    "transforms": "torchvision.transforms",
    "v2": "torchvision.transforms.v2",
}
Bound = dict[str, Any]
Value = Callable[..., Any]


class Names:
    """The names of one text.

    Parameters
    ----------
    value
        Evaluates an expression, in a scope, with what its function's parameters stand for.
    """

    def __init__(self, value: Value, scope_of: dict[ast.AST, Scope], module: Scope) -> None:
        self._value = value
        self._scope_of = scope_of
        self._module = module
        self._calls = [node for node in scope_of if isinstance(node, ast.Call)]

    def _is_bound(self, name: str, scope: Scope) -> bool:
        return any(
            name in each.names or name in each.inner or name in _parameters(each)
            for each in scope.outwards()
        )

    def dotted(self, node: ast.expr, scope: Scope) -> str:
        """Return the full name of something imported; empty where it isn't."""
        parts = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        module = scope.module()
        root = module.imports.get(node.id)
        if root is None:
            if self._is_bound(node.id, scope):
                return ""
            bare = f"?.{node.id}" if node.id[0].isupper() or node.id == "dict" else None
            root = USUAL_MODULES.get(node.id) if parts else bare
        return ".".join([root, *reversed(parts)]) if root else ""

    def name(self, node: ast.Name, scope: Scope, bound: Bound) -> Any:
        """Return the value of a name."""
        for each in scope.outwards():
            if each is scope and node.id in bound:
                return bound[node.id]
            if node.id in each.names:
                return self._bound_value(node, each, each is scope, bound)
            if node.id in each.inner:
                inner = each.inner[node.id]
                return (
                    Instance(inner, {}, one_line(node))
                    if isinstance(inner.node, ast.ClassDef)
                    else unresolved(node)
                )
            if node.id in _parameters(each):
                return self._parameter(node, each)
        name = self.dotted(node, scope)
        return unresolved(node) if not name or name.startswith("?") else Reference(name)

    def _bound_value(self, node: ast.expr, scope: Scope, is_own: bool, bound: Bound) -> Any:
        """Return the value of a name: its last binding, plus what its list got since then."""
        name = ast.unparse(node)
        places = scope.names[name]
        before = [each for each in places if _ends_before(each, node)] if is_own else places
        starts = [each for each in before if not each.grows]
        own = bound if is_own else {}
        if not starts or starts[-1].node is None:
            return unresolved(node)
        start = starts[-1]
        assert start.node is not None
        value = self._value(start.node, scope, own)
        for each in before:
            if each.grows and each.line >= start.line and isinstance(value, (list, tuple)):
                within = dataclasses.replace(each, tests=each.tests[_shared(start, each) :])
                value = [*value, *self._growth(within, scope, own)]
        return value

    def _growth(self, binding: Binding, scope: Scope, bound: Bound) -> list[Any]:
        """Return the items that a list gets, each call with the condition that it stands under."""
        assert binding.node is not None
        conditions = []
        for test, holds in binding.tests:
            decided = self._value(test, scope, bound)
            if is_known(decided) and bool(decided) is not holds:
                return []
            if not is_known(decided):
                conditions.append(ast.unparse(test) if holds else f"not ({ast.unparse(test)})")
        value = self._value(binding.node, scope, bound)
        many = binding.grows == "extend" and isinstance(value, (list, tuple))
        condition = " and ".join(conditions)
        return [
            dataclasses.replace(each, condition=condition) if isinstance(each, Call) else each
            for each in (value if many else [value])
        ]

    def _parameter(self, node: ast.Name, scope: Scope) -> Any:
        """Return a parameter's default, or what all calls in the text pass for it."""
        parameters = _parameters(scope)
        default = parameters[node.id]
        outer = scope.parent or scope
        if default is not None:
            return self._value(default, outer)
        place, passed = list(parameters).index(node.id), []
        for call in self._calls:
            if not isinstance(call.func, ast.Name) or call.func.id != scope.name:
                continue
            given = {each.arg: each.value for each in call.keywords}
            found = call.args[place] if place < len(call.args) else given.get(node.id)
            if found is not None:
                passed.append(self._value(found, self._scope_of[call]))
        same = passed and all(each == passed[0] for each in passed)
        return passed[0] if same else unresolved(node)

    def attribute(self, node: ast.Attribute, scope: Scope, bound: Bound) -> Any:
        """Return the value of an attribute."""
        name = ast.unparse(node)
        for each in scope.outwards():
            if name in each.names:
                return self._bound_value(node, each, each is scope, bound)
        if dotted := self.dotted(node, scope):
            return Reference(dotted)
        inner = self._value(node.value, scope, bound)
        if isinstance(inner, dict) and node.attr in inner:
            return inner[node.attr]
        if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            inner = next((Instance(each, {}, each.name) for each in _classes(scope)), inner)
        if isinstance(inner, Instance):
            return self._member(node, inner)
        option = self._option(node.attr)
        return unresolved(node) if option is None else self._value(option, self._module)

    def _member(self, node: ast.Attribute, owner: Instance) -> Any:
        """Return an attribute of a class of the text, or of an instance."""
        if node.attr in owner.given:
            return owner.given[node.attr]
        methods = (each for each in owner.scope.inner.values() if isinstance(each.node, Function))
        for scope, name in [
            (owner.scope, node.attr),
            *((each, f"self.{node.attr}") for each in methods),
        ]:
            starts = [each for each in scope.names.get(name, []) if not each.grows]
            if starts and (value := starts[-1].node) is not None:
                return self._value(value, scope)
        return unresolved(node)

    def _option(self, name: str) -> ast.expr | None:
        """Return the default of an argparse option of this name."""
        for call in self._calls:
            if isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument":
                flags = [each.value for each in call.args if isinstance(each, ast.Constant)]
                names = {str(flag).lstrip("-").replace("-", "_") for flag in flags}
                given = {each.arg: each.value for each in call.keywords}
                destination = given.get("dest")
                if isinstance(destination, ast.Constant):
                    names = {str(destination.value)}
                if name in names and "default" in given:
                    return given["default"]
        return None

    def own(self, node: ast.Call, scope: Scope, arguments: Any, keywords: Bound) -> Any:
        """Return what one of the text's own functions returns, or an instance of its classes."""
        found: Scope | None = None
        if isinstance(node.func, ast.Name):
            found = next(
                (
                    each.inner[node.func.id]
                    for each in scope.outwards()
                    if node.func.id in each.inner
                ),
                None,
            )
        elif isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "self":
            found = next((each.inner.get(node.func.attr) for each in _classes(scope)), None)
            arguments = (Unresolved("self"), *arguments)
        if found is None:
            return unresolved(node)
        if isinstance(found.node, ast.ClassDef):
            return Instance(found, keywords, one_line(node))
        returns = [each for each in ast.walk(found.node) if isinstance(each, ast.Return)]
        returned = returns[0].value if len(returns) == 1 else None
        if returned is None or "**" in keywords:
            return unresolved(node)
        return self._value(returned, found, self.given(found, arguments, keywords))

    def given(self, function: Scope, arguments: Any, keywords: Bound) -> Bound:
        """Return what the parameters of a function stand for in a call."""
        names = _parameters(function)
        given = dict(zip(names, arguments)) | keywords
        for name, default in names.items():
            if name not in given and default is not None:
                given[name] = self._value(default, function.parent or function)
        return given


def _ends_before(binding: Binding, node: ast.expr) -> bool:
    """Return whether a binding stands before an expression, which is not part of its value."""
    last = binding.line if binding.node is None else binding.node.end_lineno or binding.line
    return last < node.lineno


def _classes(scope: Scope) -> list[Scope]:
    """Return the classes that a scope stands in, from the inside out."""
    found, each = [], scope.parent
    while each is not None:
        if isinstance(each.node, ast.ClassDef):
            found.append(each)
        each = each.parent
    return found


def _parameters(scope: Scope) -> dict[str, ast.expr | None]:
    """Return the parameters of a function with their defaults."""
    if not isinstance(scope.node, Function):
        return {}
    given = scope.node.args
    names = [each.arg for each in (*given.posonlyargs, *given.args)]
    defaults: list[ast.expr | None] = [None] * (len(names) - len(given.defaults))
    both = dict(zip(names, [*defaults, *given.defaults]))
    return both | dict(zip([each.arg for each in given.kwonlyargs], given.kw_defaults))


def _shared(start: Binding, later: Binding) -> int:
    """Return under how many tests both stand."""
    count = 0
    for one, other in zip(start.tests, later.tests):
        if one != other:
            break
        count += 1
    return count


def one_line(node: ast.expr) -> str:
    """Return an expression as written, in one line that is not too long."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 80 else text[:77] + "..."


def unresolved(node: ast.expr) -> Unresolved:
    """Return an expression as something that can't be known."""
    return Unresolved(one_line(node))
