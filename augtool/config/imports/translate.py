"""Walks a pipeline through the rules of its framework: chances, choices, operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from augtool.config.imports.arguments import Arguments, Untranslatable
from augtool.config.imports.draft import Draft, Gate
from augtool.config.imports.effects import Effect, Either, Framework, Rule, Setting
from augtool.config.imports.find import Found
from augtool.config.imports.frameworks import framework_of
from augtool.config.imports.line import Line
from augtool.config.imports.shared_rules import tidy
from augtool.config.imports.values import Call
from augtool.config.imports.vocabulary import Vocabulary

__all__ = ["translate"]


def translate(found: Found, vocabulary: Vocabulary, place_of: Callable[[int], str]) -> Draft:
    """Return what becomes of a pipeline.

    Parameters
    ----------
    place_of
        Says where a line of the code is, for people.
    """
    draft = Draft(vocabulary, place_of)
    _Walk(found.framework, draft).visit(found.call, Gate())
    return draft


@dataclass(frozen=True, slots=True)
class _Walk:
    framework: Framework
    draft: Draft

    def visit(self, node: Any, gate: Gate) -> int:
        """Translate what stands in a pipeline; return how many settings came of it."""
        if isinstance(node, (list, tuple)):
            return sum(self.visit(each, gate) for each in node)
        if node is None:
            return 0
        if not isinstance(node, Call):
            text = getattr(node, "text", "") or getattr(node, "name", "") or repr(node)
            self.draft.miss(Call(text, text=text), "what it holds can't be told from the code")
            return 0
        if node.condition:
            gate = gate.noting(f"there only if {node.condition}")
        try:
            rule = self._rule(node)
            if rule is None:
                raise Untranslatable("augtool has nothing like it")
            return self._apply(node, rule, gate)
        except Untranslatable as reason:
            self.draft.miss(node, str(reason))
            return 0

    def _rule(self, call: Call) -> Rule | None:
        """Return the rule of a call: its framework's, or that of the one it is imported from."""
        if call.name.startswith("?"):
            return self.framework.rules.get(call.last)
        named = framework_of(call)
        if named is None:
            module = call.name.rpartition(".")[0]
            raise Untranslatable(f"it comes from {module}, which is not read")
        return self.framework.rules.get(call.last) or named.rules.get(call.last)

    def _apply(self, call: Call, rule: Rule, gate: Gate) -> int:
        size, keeps_shape = self.draft.size, self.draft.is_cropped
        arguments = Arguments(call, rule.parameters.split(), size, keeps_shape=keeps_shape)
        own = 1.0 if gate.is_forced else self._chance(arguments, rule)
        if own <= 0:
            return 0
        inner = replace(gate, chance=gate.chance * own, is_forced=False)
        if not rule.holds:
            return self._operation(call, rule, arguments, inner)
        held = _held(arguments, rule)
        if rule.holds == "all":
            together = own < 1 and len(held) > 1
            return self.visit(
                held, inner.noting("drawn apart, there all or none") if together else inner
            )
        if rule.holds == "some":
            count = min(max(arguments.number("n", len(held)), 0), len(held))
            part = replace(inner, chance=inner.chance * count / max(len(held), 1), is_choice=True)
            few = f"drawn on its own; there {count:g} of {len(held)} are chosen"
            return self.visit(held, part.noting(few) if count < len(held) else inner)
        return self._one_of(call, arguments, held, inner)

    def _chance(self, arguments: Arguments, rule: Rule) -> float:
        """Return an operation's own probability."""
        name = self.framework.chance_name
        if rule.chance is None or not name:
            return 1.0
        if arguments.value("always_apply", False) is True and not arguments.has(name):
            return 1.0
        return min(max(arguments.number(name, rule.chance), 0.0), 1.0)

    def _operation(self, call: Call, rule: Rule, arguments: Arguments, gate: Gate) -> int:
        """Take the effects of one operation, those before an argument that can't be told too."""
        effects: list[Effect] = []
        reason = ""
        try:
            effects.extend(rule.effects(arguments))
        except Untranslatable as error:
            reason = str(error)
        parts = sum(isinstance(each, (Setting, Either)) for each in effects)
        if parts > 1 and gate.chance < 1 and self.draft.vocabulary.has_probability:
            gate = gate.noting("its parts are drawn apart, there together")
        count = self.draft.add(call, effects, gate)
        if reason:
            self.draft.miss(call, reason)
        return count

    def _one_of(self, call: Call, arguments: Arguments, held: Sequence[Any], gate: Gate) -> int:
        """Translate a choice: by a policy, or else by a chance for each."""
        weights = self._weights(arguments, held)
        notes = [] if len(set(weights)) < 2 else ["chosen alike, there with unequal chances"]
        if not self.draft.vocabulary.has_policy or gate.is_choice:
            count = 0
            apart = gate.noting(f"drawn on its own; there one of {len(held)}")
            for weight, each in zip(weights, held):
                chance = gate.chance * weight
                forced = self.framework.forces
                inner = replace(apart, chance=chance, is_choice=True, is_forced=forced)
                count += self.visit(each, inner)
            return count
        group: list[str] = []
        share = 0.0
        for weight, each in zip(weights, held):
            inner = Gate(1.0, gate.notes, group, is_choice=True, is_forced=self.framework.forces)
            came = self.visit(each, inner)
            share += weight if came else 0
            if came > 1:
                notes.append(f"{_name(each)} has {came} parts, of which one is chosen")
        self._choose(call, group, tidy(gate.chance * share), notes)
        return len(group)

    def _choose(self, call: Call, group: list[str], chance: float, notes: list[str]) -> None:
        """Note that one of a group is drawn, with a chance."""
        if len(group) == 1 and self.draft.vocabulary.has_probability:
            line = self.draft.settings[group[0]]
            line.times(chance)
            line.notes += notes
        if len(group) < 2:
            return
        value = {"one_of": group} | ({"probability": chance} if chance < 1 else {})
        self.draft.choices.append(Line(value, self.draft.origin(call), notes))

    def _weights(self, arguments: Arguments, held: Sequence[Any]) -> list[float]:
        """Return the chance of each of a choice."""
        weights = [1.0] * len(held)
        if self.framework.forces:
            for place, each in enumerate(held):
                rule = self.framework.rules.get(each.last) if isinstance(each, Call) else None
                usual = 0.5 if rule is None or rule.chance is None else rule.chance
                given = each.keywords.get("p", usual) if isinstance(each, Call) else usual
                weights[place] = float(given) if isinstance(given, (int, float)) else usual
        elif isinstance(given := arguments.value("p", None), (list, tuple)):
            weights = [float(each) for each in given] if len(given) == len(held) else weights
        total = sum(weights)
        return [each / total for each in weights] if total > 0 else [1 / len(held)] * len(held)


def _held(arguments: Arguments, rule: Rule) -> Sequence[Any]:
    """Return the operations that one holds: a list, one, or several arguments."""
    name = rule.parameters.split()[0]
    items = [*arguments.call.arguments]
    given = arguments.call.keywords.get(name)
    first = given if given is not None else (items[0] if items else None)
    if isinstance(first, (list, tuple)):
        return first
    calls = [each for each in (given, *items) if isinstance(each, Call)]
    if rule.parameters.startswith("first"):
        calls += [each for each in arguments.call.keywords.values() if isinstance(each, Call)]
    return calls if calls or first is None else [first]


def _name(node: Any) -> str:
    return node.last if isinstance(node, Call) else "one of them"
