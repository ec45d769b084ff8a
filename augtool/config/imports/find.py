"""Finds the pipelines in code, with the names that they go by."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from augtool.config.imports.effects import Framework
from augtool.config.imports.evaluate import Evaluator
from augtool.config.imports.frameworks import FRAMEWORKS, framework_of, is_root
from augtool.config.imports.keras_generator import (
    FLOW_SIZE,
    GENERATOR,
    KERAS_GENERATOR,
    are_arguments,
)
from augtool.config.imports.keras_layers import DATASET, KERAS_LAYERS
from augtool.config.imports.lookup import one_line
from augtool.config.imports.scopes import Scope, build_scopes
from augtool.config.imports.values import Call, Unresolved

__all__ = ["Found", "find_pipelines", "is_for_evaluation"]

_TRAIN = re.compile(r"train|trn|aug", re.IGNORECASE)
_EVALUATION = re.compile(r"val|test|eval|infer|predict|tta", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A pipeline in the code.

    Attributes
    ----------
    name
        What it is bound to: a variable, a key of a dict, the function that returns it.
    imported
        The full names that its code imports.
    """

    name: str
    call: Call
    framework: Framework
    imported: tuple[str, ...] = ()


def is_for_evaluation(name: str) -> bool:
    """Return whether a pipeline is named for validation or tests.

    >>> is_for_evaluation("val_transform"), is_for_evaluation("get_train_valid['train']")
    (True, False)
    >>> is_for_evaluation("get if not (is_test)"), is_for_evaluation("get if not train")
    (False, True)
    """
    own, _, branch = name.partition(" if ")
    for text in (branch, own):
        negated = text.startswith("not ") or "!=" in text
        if _TRAIN.search(text):
            return negated
        if _EVALUATION.search(text):
            return not negated
    return False


def find_pipelines(tree: ast.Module) -> list[Found]:
    """Return the pipelines of a tree, in the order of lines; not those that are part of another."""
    return _Finder(tree).find()


class _Finder:
    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.scope_of = build_scopes(tree)
        self.module = self.scope_of[tree]
        self.evaluator = Evaluator(self.scope_of, self.module)
        self.parent = {
            child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)
        }
        #: The calls of methods, by the text of what they are called on, and by its node.
        self.called_on: dict[str | ast.AST, list[ast.Call]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                for key in (node.func.value, ast.unparse(node.func.value)):
                    self.called_on.setdefault(key, []).append(node)

    def find(self) -> list[Found]:
        roots: list[tuple[ast.Call, Found]] = []
        within: set[ast.AST] = set()
        nodes = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]
        for node in sorted(nodes, key=lambda each: (each.lineno, each.col_offset)):
            if not any(self._last(node) in each.roots for each in FRAMEWORKS):
                continue
            call, used = self.evaluator.whole(node, self._scope(node))
            framework = framework_of(call) if isinstance(call, Call) else None
            if framework is None or not is_root(call, framework) or not self._fits(call, framework):
                continue
            sites = self._per_call(call, node)
            named = sites or [(self._name(node), self._completed(call, node))]
            if framework is KERAS_LAYERS and (first := self._dataset(nodes)):
                named = [(name, _after(first, each)) for name, each in named]
            roots += [(node, Found(name, each, framework)) for name, each in named]
            within |= used - {node}
        found = [each for node, each in roots if node not in within]
        loose = self._loose(nodes, within | {node for node, _ in roots}, bool(found))
        found += loose
        found = found or list(self._of_generators(nodes))
        imported = tuple(self.module.imports.values())
        every = [replace(each, imported=imported) for each in found]
        return sorted(every, key=lambda each: each.call.line)

    def _last(self, node: ast.Call) -> str:
        return self.evaluator.dotted(node.func, self._scope(node)).rpartition(".")[2]

    def _scope(self, node: ast.AST) -> Scope:
        return self.scope_of.get(node, self.module)

    def _fits(self, call: Call, framework: Framework) -> bool:
        """Return whether it holds operations: a Sequential may be a network."""
        if call.last != "Sequential":
            return True
        items = call.arguments[0] if call.arguments else call.keywords.get("layers", ())
        held = items if isinstance(items, (list, tuple)) else call.arguments
        return any(
            isinstance(each, Call) and each.last in framework.rules and _augments(each)
            for each in held
        )

    def _dataset(self, nodes: list[ast.Call]) -> Call | None:
        """Return the call that reads the pictures for layers, where it is the same for all."""
        read = [
            self.evaluator.value(node, self._scope(node))
            for node in nodes
            if self._last(node) == DATASET
        ]
        calls = [each for each in read if isinstance(each, Call)]
        sizes = [each.keywords.get("image_size") for each in calls]
        return calls[0] if calls and all(each == sizes[0] for each in sizes) else None

    def _per_call(self, call: Call, node: ast.Call) -> list[tuple[str, Call]]:
        """Return a pipeline whose list is a parameter, once for each call of its function."""
        scope = self._scope(node)
        held = call.arguments[0] if call.arguments else None
        if not isinstance(held, Unresolved) or not isinstance(scope.node, ast.FunctionDef):
            return []
        found = []
        for other in ast.walk(self.tree):
            if not isinstance(other, ast.Call) or not isinstance(other.func, ast.Name):
                continue
            if other.func.id != scope.name or self._scope(other) is scope:
                continue
            each = self.evaluator.called(other, scope, self._scope(other), node)
            if isinstance(each, Call) and not isinstance(each.arguments[0], Unresolved):
                found.append((self._name(other), replace(each, line=other.lineno)))
        return found

    def _completed(self, call: Call, node: ast.Call) -> Call:
        """Return a pipeline with what is said about it elsewhere: methods called on it."""
        name = self._target(node)
        calls: list[Call] = []
        for other in (*self.called_on.get(node, ()), *self.called_on.get(name, ())):
            assert isinstance(other.func, ast.Attribute)
            inside = self._scope(other) is self._scope(node) or "." in name
            if other.lineno < node.lineno or not inside:
                continue
            method = replace(call, name=f"{call.name}.{other.func.attr}")
            dressed = ast.Call(ast.Name("dict", ast.Load()), [], other.keywords)
            keywords = self.evaluator.value(ast.copy_location(dressed, other), self._scope(other))
            arguments = tuple(self.evaluator.value(each, self._scope(other)) for each in other.args)
            text = ast.unparse(
                ast.Call(ast.Name(other.func.attr, ast.Load()), other.args, other.keywords)
            )
            calls.append(
                replace(
                    method,
                    arguments=arguments,
                    keywords=keywords,
                    line=other.lineno,
                    text=text[:80],
                )
            )
        if call.last == "ImageDataGenerator":
            sizes = [
                each.keywords["target_size"] for each in calls if "target_size" in each.keywords
            ]
            return replace(call, keywords={**call.keywords, FLOW_SIZE: sizes[0]}) if sizes else call
        if call.last in ("Pipeline", "DataPipeline") and call.name.startswith(("Augmentor", "?")):
            return replace(call, arguments=(), keywords={"operations": calls})
        return self._grown(call, node, name)

    def _grown(self, call: Call, node: ast.Call, name: str) -> Call:
        """Return a pipeline with what its list of transforms gets later."""
        scope = self._scope(node)
        places = scope.names.get(f"{name}.transforms", []) if name else []
        later = [each.node for each in places if each.grows and each.line > node.lineno]
        if not later:
            return call
        values = [self.evaluator.value(each, scope) for each in later if each is not None]
        held = call.arguments[0] if call.arguments else ()
        first = list(held) if isinstance(held, (list, tuple)) else [held]
        return replace(call, arguments=([*first, *values], *call.arguments[1:]))

    def _loose(self, nodes: list[ast.Call], taken: set[ast.AST], is_rest: bool) -> Iterator[Found]:
        """Yield operations that no pipeline holds: lists, snippets, layers called one by one."""
        groups: dict[tuple[str, str], list[Call]] = {}
        frameworks: dict[str, Framework] = {}
        for node in sorted(nodes, key=lambda each: (each.lineno, each.col_offset)):
            if node in taken:
                continue
            if not any(self._last(node) in each.rules for each in FRAMEWORKS):
                continue
            call, used = self.evaluator.whole(node, self._scope(node))
            framework = framework_of(call) if isinstance(call, Call) else None
            if (
                framework is None
                or framework.title == "Augmentor"
                or call.last not in framework.rules
            ):
                continue
            taken |= used
            if not is_rest or framework.title == "Keras layers":
                groups.setdefault((framework.title, self._scope(node).name), []).append(call)
                frameworks[framework.title] = framework
        for (title, name), calls in groups.items():
            if title != "Keras layers" or any(_augments(each) for each in calls):
                root = "Compose" if "Compose" in frameworks[title].rules else "Sequential"
                whole = Call(f"{frameworks[title].modules[0]}.{root}", (calls,), {}, calls[0].line)
                yield Found(name or "the operations", whole, frameworks[title])

    def _of_generators(self, nodes: list[ast.Call]) -> Iterator[Found]:
        """Yield dicts of ImageDataGenerator's arguments that go to another file."""
        dicts = [node for node in ast.walk(self.tree) if isinstance(node, ast.Dict)]
        for node in (*nodes, *dicts):
            if not are_arguments(_keys(node)):
                continue
            value, _ = self.evaluator.whole(node, self._scope(node))
            if isinstance(value, dict):
                keywords = {str(name): each for name, each in value.items()}
                call = Call(GENERATOR, (), keywords, node.lineno, one_line(node))
                yield Found(self._target(node) or "a dict", call, KERAS_GENERATOR)

    def _target(self, node: ast.AST) -> str:
        """Return the variable that a call is assigned to."""
        outer = self.parent.get(node)
        if isinstance(outer, ast.Assign):
            return ast.unparse(outer.targets[0])
        return ast.unparse(outer.target) if isinstance(outer, ast.AnnAssign) else ""

    def _name(self, node: ast.AST) -> str:
        """Return what a pipeline is bound to, and the branch that it stands in."""
        branch = ""
        key = ""
        each: ast.AST = node
        while (outer := self.parent.get(each)) is not None:
            if isinstance(outer, ast.Dict) and each in outer.values and not key:
                at = outer.keys[outer.values.index(each)]
                key = f"[{ast.unparse(at)}]" if at is not None else ""
            if isinstance(outer, (ast.If, ast.IfExp)) and not branch:
                test = ast.unparse(outer.test)
                body = outer.body if isinstance(outer.body, list) else [outer.body]
                if each is not outer.test:
                    branch = f" if {test}" if each in body else f" if {_negated(test)}"
            if isinstance(outer, (ast.Assign, ast.AnnAssign)):
                target = outer.targets[0] if isinstance(outer, ast.Assign) else outer.target
                own = self._scope(node).name
                inner = ast.unparse(target) + key
                return (f"{own}: {inner}" if own else inner) + branch
            if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                return (self._scope(outer).name or outer.name) + key + branch
            if isinstance(outer, ast.keyword) and outer.arg and not key:
                key = f" {outer.arg}"
            each = outer
        return (key.strip() or "the pipeline") + branch


def _keys(node: ast.expr) -> list[object]:
    """Return the keys of a dict, as far as they are written out."""
    if isinstance(node, ast.Dict):
        return [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "dict" and not node.args:
        return [each.arg for each in node.keywords]
    return []


def _after(first: Call, pipeline: Call) -> Call:
    """Return a pipeline with an operation before its own."""
    held = pipeline.arguments[0] if pipeline.arguments else None
    if not isinstance(held, (list, tuple)):
        return pipeline
    return replace(pipeline, arguments=([first, *held], *pipeline.arguments[1:]))


def _negated(test: str) -> str:
    return test.removeprefix("not ") if test.startswith("not ") else f"not ({test})"


def _augments(call: Call) -> bool:
    return "Random" in call.last or call.last in ("HorizontalFlip", "VerticalFlip", "Rotate")
