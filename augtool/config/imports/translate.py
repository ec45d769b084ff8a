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
from augtool.config.imports.values import Call, Instance
from augtool.config.imports.vocabulary import Vocabulary

__all__ = ["translate"]


def translate(
    found: Found,
    vocabulary: Vocabulary,
    place_of: Callable[[int], str],
    *,
    is_dated: bool | None = None,
) -> Draft:
    """Return what becomes of a pipeline.

    Parameters
    ----------
    place_of
        Says where a line of the code is, for people.
    is_dated
        Whether it is of a version whose defaults have changed since; None where it doesn't say.
    """
    draft = Draft(vocabulary, place_of)
    _Walk(found.framework, draft, is_dated).visit(found.call, Gate())
    draft.settle()
    return draft


@dataclass(frozen=True, slots=True)
class _Walk:
    framework: Framework
    draft: Draft
    is_dated: bool | None

    def visit(self, node: Any, gate: Gate) -> int:
        """Translate what stands in a pipeline; return how many settings came of it."""
        if isinstance(node, (list, tuple)):
            return sum(self.visit(each, gate) for each in self.framework.in_order(node))
        if node is None:
            return 0
        if not isinstance(node, Call):
            text = getattr(node, "text", "") or getattr(node, "name", "") or repr(node)
            why = "what it holds can't be told from the code"
            if isinstance(node, Instance):
                why = "a class of the code's own"
            self.draft.miss(Call(text, text=text), why)
            return 0
        if node.condition:
            gate = gate.noting(f"originally only if {node.condition}")
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
        names = rule.parameters.split()
        size, fit = self.draft.size, self.draft.fit
        arguments = Arguments(call, names, size, fit=fit, is_dated=self.is_dated)
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
                held, inner.noting("drawn apart; originally all or none") if together else inner
            )
        if not held:
            raise Untranslatable("holds nothing")
        if rule.holds == "some":
            return self._some_of(arguments, held, inner)
        return self._one_of(call, arguments, held, inner)

    def _chance(self, arguments: Arguments, rule: Rule) -> float:
        """Return an operation's own probability."""
        name = self.framework.chance_name
        if rule.chance is None or not name:
            return 1.0
        if arguments.value("always_apply", False) is True:
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
            gate = gate.noting("its parts are drawn apart; originally together")
        count = self.draft.add(call, effects, gate)
        if reason:
            self.draft.miss(call, reason)
        return count

    def _some_of(self, arguments: Arguments, held: Sequence[Any], gate: Gate) -> int:
        """Translate a choice of several by a chance for each.

        Albumentations 1.x draws with replacement, by their probabilities, and applies what it drew;
        2.x draws each once, all alike, and then by its own probability.
        """
        is_old = self.is_dated is True
        count = int(max(arguments.number("n", 1), 0))
        again = bool(arguments.value("replace", is_old))
        if count >= len(held) and not again:
            return self.visit(held, replace(gate, is_forced=is_old))
        weights = self._weights(arguments, held) if is_old else [1 / len(held)] * len(held)
        few = f"drawn on its own; originally {count} of {len(held)} are chosen"
        if self.is_dated is None and any(self._usual(each) < 1 for each in held):
            few += ", each then by its own chance, as in 2.x; 1.x applies what it chose"
        came = 0
        for weight, each in zip(weights, held):
            chance = 1 - (1 - weight) ** count if again else min(count * weight, 1.0)
            part = replace(gate, chance=gate.chance * chance, is_choice=True, is_forced=is_old)
            came += self.visit(each, part.noting(few))
        return came

    def _one_of(self, call: Call, arguments: Arguments, held: Sequence[Any], gate: Gate) -> int:
        """Translate a choice: by a policy, or else by a chance for each."""
        weights = self._weights(arguments, held)
        notes = [] if len(set(weights)) < 2 else ["equal chances; originally unequal"]
        if not self.draft.vocabulary.has_policy or gate.is_choice:
            count = 0
            apart = gate.noting(f"drawn on its own; originally one of {len(held)}")
            for weight, each in zip(weights, held):
                chance = gate.chance * weight
                forced = self.framework.forces
                inner = replace(apart, chance=chance, is_choice=True, is_forced=forced)
                count += self.visit(each, inner)
            return count
        group: list[str] = []
        share = 0.0
        parted: list[str] = []
        for weight, each in zip(weights, held):
            inner = Gate(1.0, gate.notes, group, is_choice=True, is_forced=self.framework.forces)
            came = self.visit(each, inner)
            share += weight if came else 0
            if came > 1:
                parted.append(f"{_name(each)} has {came} parts, of which one is chosen")
        unequal = notes if len(group) > 1 else []  # one alone has the chance that it has there
        self._choose(call, group, tidy(gate.chance * share), [*unequal, *parted])
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
            weights = [self._usual(each) for each in held]
        elif isinstance(given := arguments.value("p", None), (list, tuple)):
            weights = [float(each) for each in given] if len(given) == len(held) else weights
        total = sum(weights)
        return [each / total for each in weights] if total > 0 else [1 / len(held)] * len(held)

    def _usual(self, node: Any) -> float:
        """Return the probability that an operation has by itself."""
        rule = self.framework.rules.get(node.last) if isinstance(node, Call) else None
        usual = 0.5 if rule is None or rule.chance is None else rule.chance
        given = node.keywords.get("p", usual) if isinstance(node, Call) else usual
        return float(given) if isinstance(given, (int, float)) else usual


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
