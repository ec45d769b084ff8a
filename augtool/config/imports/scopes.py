"""Finds out which names a Python text binds where, without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Binding", "Scope", "build_scopes"]

Function = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class Binding:
    """One place where a name gets a value, or where a list grows.

    Attributes
    ----------
    node
        The value; None where it is not an expression (a loop, a with).
    grows
        ``append`` or ``extend`` where a list gets more items, otherwise empty.
    tests
        The tests of the ``if`` blocks around it, each with whether it must hold.
    """

    line: int
    node: ast.expr | None
    grows: str = ""
    tests: tuple[tuple[ast.expr, bool], ...] = ()


@dataclass(slots=True)
class Scope:
    """A module, class or function, with the names that it binds."""

    node: ast.AST
    name: str
    parent: Scope | None
    names: dict[str, list[Binding]] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    inner: dict[str, Scope] = field(default_factory=dict)

    def bind(self, name: str, binding: Binding) -> None:
        """Add a place where `name` is bound."""
        self.names.setdefault(name, []).append(binding)

    def outwards(self) -> Iterator[Scope]:
        """Yield this scope and those around it that its names are looked up in."""
        scope: Scope | None = self
        while scope is not None:
            if scope is self or not isinstance(scope.node, ast.ClassDef):
                yield scope
            scope = scope.parent

    def module(self) -> Scope:
        """Return the outermost scope."""
        return self if self.parent is None else self.parent.module()


def build_scopes(tree: ast.Module) -> dict[ast.AST, Scope]:
    """Return the scope that each node of a tree stands in."""
    reader = _Reader(Scope(tree, "", None))
    reader.visit_all(tree.body)
    return reader.scope_of


class _Reader(ast.NodeVisitor):
    """Walks a tree once and notes every binding."""

    def __init__(self, module: Scope) -> None:
        self.scope = module
        self.scope_of: dict[ast.AST, Scope] = {module.node: module}
        self.tests: tuple[tuple[ast.expr, bool], ...] = ()

    def visit_all(self, nodes: list[ast.stmt]) -> None:
        for node in nodes:
            self.visit(node)

    def visit(self, node: ast.AST) -> None:
        self.scope_of[node] = self.scope
        super().visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            self.scope.module().imports[bound] = alias.name if alias.asname else bound

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.scope.module().stars.append(node.module or "")
            else:
                source = f"{node.module}.{alias.name}" if node.module else alias.name
                self.scope.module().imports[alias.asname or alias.name] = source

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        before = self.tests
        self.tests = (*before, (node.test, True))
        self.visit_all(node.body)
        self.tests = (*before, (node.test, False))
        self.visit_all(node.orelse)
        self.tests = before

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._assign(target, node.value, node.lineno)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._assign(node.target, node.value, node.lineno)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        grows = "extend" if isinstance(node.op, ast.Add) else ""
        if name := _dotted(node.target):
            binding = Binding(node.lineno, node.value if grows else None, grows, self.tests)
            self.scope.bind(name, binding)
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        self._assign(node.target, None, node.lineno)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func
        if (
            isinstance(function, ast.Attribute)
            and function.attr in ("append", "extend", "insert")
            and len(node.args) == 1 + (function.attr == "insert")
            and (name := _dotted(function.value))
        ):
            grows = "extend" if function.attr == "extend" else "append"  # where does not matter
            binding = Binding(node.lineno, node.args[-1], grows, self.tests)
            self.scope.bind(name, binding)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._enter(node, node.name)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._enter(node, node.name)

    def _enter(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, name: str
    ) -> None:
        outer, tests = self.scope, self.tests
        dotted = f"{outer.name}.{name}" if isinstance(outer.node, ast.ClassDef) else name
        self.scope = outer.inner[name] = Scope(node, dotted, outer)
        self.tests = ()
        self.generic_visit(node)
        self.scope_of[node] = self.scope
        self.scope, self.tests = outer, tests

    def _assign(self, target: ast.expr, value: ast.expr | None, line: int) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
            same = len(parts) == len(target.elts)
            for place, each in enumerate(target.elts):
                self._assign(each, parts[place] if same else None, line)
        elif name := _dotted(target):
            self.scope.bind(name, Binding(line, value, tests=self.tests))


def _dotted(node: ast.expr) -> str:
    """Return ``a`` or ``a.b`` for a name or an attribute of one, otherwise nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return ""
