"""What a translation has come to: settings, with their notes, and what could not be said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from augtool.config.imports.effects import (
    Block,
    Border,
    Effect,
    Either,
    Frame,
    Policy,
    Remark,
    Setting,
)
from augtool.config.imports.line import FLIPS, Line, ends_of, joined, same_unit
from augtool.config.imports.shared_rules import tidy
from augtool.config.imports.values import Call
from augtool.config.imports.vocabulary import Vocabulary
from augtool.config.policy import as_steps, clash, draws_its_own

__all__ = ["Draft", "Gate", "Missing"]

_AXES = {"height_shift_range": 0, "width_shift_range": 1}
_BORDERED = (
    *("rotation_range", "width_shift_range", "height_shift_range", "shear_range", "zoom_range"),
    *("vertical_shear_range", "perspective_range", "scale_range", "elastic"),
)


@dataclass(frozen=True, slots=True)
class Missing:
    """An operation, or a part of one, that was not translated."""

    place: str
    operation: str
    reason: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.place, self.operation, self.reason)))


@dataclass(frozen=True, slots=True)
class Gate:
    """Under which chance an operation stands.

    Attributes
    ----------
    chance
        The product of the probabilities around it.
    notes
        What is lost on the way, such as a shared draw.
    group
        Where the names of the settings go that a choice is made from.
    is_choice
        It stands in a choice: to apply it to every copy would be wrong.
    is_forced
        Its own probability does not count, because it was chosen.
    """

    chance: float = 1.0
    notes: tuple[str, ...] = ()
    group: list[str] | None = None
    is_choice: bool = False
    is_forced: bool = False

    def noting(self, *notes: str) -> Gate:
        """Return it with more notes."""
        return replace(self, notes=(*self.notes, *notes))


@dataclass(slots=True)
class Draft:
    """A config in the making.

    Attributes
    ----------
    place_of
        Says where a line is, as ``line 3`` or ``cell 2, line 3``.
    augments
        Whether anything in it changes from copy to copy.
    needs_border
        Whether anything in it can show what lies beyond the edge.
    """

    vocabulary: Vocabulary
    place_of: Callable[[int], str]
    settings: dict[str, Line] = field(default_factory=dict)
    choices: list[Line] = field(default_factory=list)
    policy: Line | None = None
    frame: Line | None = None
    is_cropped: bool = False
    fit: str = "stretched"
    border: Line | None = None
    cval: Any = 0
    blocks: dict[str, Line] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    size: tuple[int, int] | None = None

    @property
    def augments(self) -> bool:
        """Whether anything in it changes from copy to copy."""
        return bool(self.settings or self.policy or self.missing)

    @property
    def needs_border(self) -> bool:
        """Whether anything in it can show what lies beyond the edge."""
        drawn = draws_its_own(self.policy.value) if self.policy else {}
        return any(name in self.settings or name in drawn for name in _BORDERED)

    @property
    def has_constant_border(self) -> bool:
        """Whether what lies beyond the edge is filled with ``cval``."""
        return self.border is not None and self.needs_border and self.border.value == "constant"

    def settle(self) -> None:
        """Choose ``cval`` where only boxes are filled with it, and say where they differ."""
        filled = [line for line in self.settings.values() if line.fill is not None]
        if not self.has_constant_border:
            self.cval = filled[0].fill if filled else 0
        for line in filled:
            if line.fill != self.cval:
                line.notes.append(f"filled with {self.cval}; originally with {line.fill}")

    def miss(self, call: Call, reason: str) -> None:
        """Note that an operation could not be translated."""
        place = self.place_of(call.line) if call.line else ""
        self.missing.append(Missing(place, call.text or call.last, reason))

    def origin(self, call: Call) -> str:
        """Return what an operation is called, and where it stands."""
        return f"{call.last}, {self.place_of(call.line)}" if call.line else call.last

    def add(self, call: Call, effects: Iterable[Effect], gate: Gate) -> int:
        """Take what a rule says about a call; return how many settings came of it."""
        return sum(self._add(call, effect, gate) for effect in effects)

    def _add(self, call: Call, effect: Effect, gate: Gate) -> int:
        origin = self.origin(call)
        if isinstance(effect, Either):
            best = next((each for each in effect.choices if self._has(each)), effect.choices[0])
            return self.add(call, best, gate)
        if isinstance(effect, Setting):
            return self._set(call, effect, gate, origin)
        if isinstance(effect, Frame):
            self._resize(effect, origin)
        elif isinstance(effect, Border):
            self._fill(effect, origin)
        elif isinstance(effect, Policy):
            return self._govern(call, effect, gate, origin)
        elif isinstance(effect, Block):
            self.blocks[effect.key] = Line(effect.value, origin, [effect.note] * bool(effect.note))
        elif isinstance(effect, Remark) and effect.text:
            self.remarks.append(f"{origin}: {effect.text}")
        return 0

    def _has(self, effects: Iterable[Effect]) -> bool:
        names = [each.name for each in effects if isinstance(each, Setting)]
        return all(name in self.vocabulary.transforms for name in names)

    def _set(self, call: Call, setting: Setting, gate: Gate, origin: str) -> int:
        value, chance = setting.value, gate.chance * setting.chance
        notes = [*([setting.note] if setting.note else []), *gate.notes]
        if setting.is_switch:
            value, chance = tidy(float(value) * chance), 1.0
            value = True if value == 0.5 and setting.name in FLIPS else value
        if reason := self.vocabulary.refusal(setting.name, value):
            self.miss(call, reason)
            return 0
        line = Line(value, origin)
        if reason := self._clash(setting.name, line):
            self.miss(call, reason)
            return 0
        value = line.value
        if setting.name in self.settings:
            return self._merge(call, setting, Line(value, origin, notes, chance), gate)
        if chance < 1 and not self.vocabulary.has_probability:
            if gate.is_choice:
                self.miss(call, f"{setting.name} is one of a choice, which augtool can't make")
                return 0
            notes.append(f"on every copy; originally on {100 * chance:.3g} %")
            chance = 1.0
        self.settings[setting.name] = Line(
            value,
            origin,
            notes,
            tidy(chance),
            setting.hint,
            setting.is_switch,
            setting.beside,
            setting.fill,
        )
        if gate.group is not None:
            gate.group.append(setting.name)
        return 1

    def _merge(self, call: Call, setting: Setting, second: Line, gate: Gate) -> int:
        """Widen a setting by a second operation that gives it."""
        first = self.settings[setting.name]
        same = gate.group is not None and setting.name in gate.group
        groups = [each.value["one_of"] for each in self.choices]
        # What is chosen on its own is a switch with a chance of its own.
        is_apart = gate.is_choice and not (setting.is_switch and gate.group is None)
        chosen = not same and (is_apart or any(setting.name in names for names in groups))
        axis = _AXES.get(setting.name)
        size_px = self.size[axis] if self.size and axis is not None else None
        if axis is not None and not same_unit(first, second, size_px):
            chosen = True
        merged = first.value if chosen else joined(setting, first, second)
        if chosen or merged is None or self.vocabulary.refusal(setting.name, merged):
            self.miss(call, f"{setting.name} is set by {first.origin}; it is drawn once for a copy")
            return 0
        first.value = merged
        if not setting.is_switch:
            first.chance = tidy(1 - (1 - first.chance) * (1 - second.chance))
            first.notes.append("one draw from the wider range of two; originally two draws")
        if setting.fill != first.fill:
            first.notes.append(f"filled with {setting.fill} in {second.origin}")
        first.notes += second.notes
        first.origin += f"; {second.origin}"
        return int(same)

    def _resize(self, frame: Frame, origin: str) -> None:
        self.size = (frame.height, frame.width)
        if frame.fit == "window" and self.fit == "kept":
            self.is_cropped = False  # the longer side was all there to choose from
        self.is_cropped = self.is_cropped or frame.crop
        self.fit = "cut" if self.is_cropped else "stretched"
        if frame.fit in ("kept", "padded"):
            self.fit = frame.fit
        notes = [frame.note] if frame.note else []
        self.frame = Line(f"{frame.height}x{frame.width}", origin, notes)

    def _fill(self, border: Border, origin: str) -> None:
        notes = [border.note] if border.note else []
        if self.border is None:
            self.border, self.cval = Line(border.fill_mode, origin, notes), border.cval
        elif self.border.value != border.fill_mode:
            self.border.notes.append(f"{border.fill_mode} in {origin}")

    def _govern(self, call: Call, policy: Policy, gate: Gate, origin: str) -> int:
        if not (self.vocabulary.has_policy and self.vocabulary.takes_policy(policy.value)):
            self.miss(call, "augtool has no such policy")
            return 0
        if self.policy is not None or gate.is_choice:
            self.miss(call, "augtool draws from one policy")
            return 0
        for name in (name for each in self.choices for name in each.value["one_of"]):
            if clash(policy.value, name, self.settings[name].value):
                self.miss(call, f"it draws {name}, which is one of a choice")
                return 0
        value = policy.value
        if gate.chance < 1:
            value = {**as_steps(value)[0], "probability": gate.chance}
        self.policy = Line(value, origin, [*[policy.note][: bool(policy.note)], *gate.notes])
        for name, line in list(self.settings.items()):
            if reason := self._clash(name, line):
                del self.settings[name]
                self.missing.append(Missing("", line.origin, reason))
        return 1

    def _clash(self, name: str, line: Line) -> str:
        """Return why a setting can't stand beside the policy, in its unit or in the policy's."""
        if self.policy is None or not (reason := clash(self.policy.value, name, line.value)):
            return ""
        axis = _AXES.get(name)
        if self.size is not None and axis is not None:
            side = self.size[axis]
            in_pixels = max(map(abs, ends_of(line.value))) >= 1
            other = [tidy(end / side if in_pixels else end * side) for end in ends_of(line.value)]
            if not clash(self.policy.value, name, other):
                line.value = other
                return ""
        return f"{name}: {reason.partition(';')[0]}"
