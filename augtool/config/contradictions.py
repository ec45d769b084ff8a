"""Finds keys of a config that contradict each other, whatever else is wrong with it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from augtool.config.array_fields import ARRAY_FIELDS
from augtool.config.own_code import is_own_key
from augtool.config.policy import POLICIES, as_steps, clash, draws_its_own
from augtool.core.standardize import KEYS
from augtool.core.transforms import TRANSFORMS

__all__ = ["contradictions"]

_NAMES = [kind.name for kind in TRANSFORMS]
#: What ``portable: true`` refuses, and what to do about it.
_NOT_PORTABLE = [*(kind.name for kind in TRANSFORMS if not kind.portable), "zca_whitening"]
_INSTEAD = {"interpolation_order": "set it to 0 or 1, or leave out portable"}


def contradictions(values: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each contradiction in a config as it was read, checked or not."""
    problems = []
    given = [name for name in ("ratio", "total", "per_image") if values.get(name) is not None]
    if len(given) > 1:
        problems.append(f"{given[0]}: {given[1]} is also set; keep one of {' and '.join(given)}")
    balance = values.get("balance") not in (None, False)
    if balance and given and given != ["ratio"]:
        problems.append(f"balance: works with a ratio, not with {given[0]}; leave out one of them")
    has_size = balance and values["balance"] is not True and values["balance"] != "largest"
    if values.get("undersample") is True and not has_size:
        problems.append(
            "undersample: leaves images out of classes larger than balance says, and none is; set"
            " balance to median, or to a number of images"
        )
    rival = "balance" if balance else next(iter(given), None)
    per_class = _block(values, "per_class")
    for name in per_class:
        has_ratio = _block(per_class, name).get("ratio") is not None
        if has_ratio and rival not in (None, "ratio"):
            problems.append(
                f"per_class.{name}.ratio: can't be combined with {rival}; leave out one of them"
            )
        if isinstance(values.get("classes"), list) and name not in values["classes"]:
            problems.append(f"per_class.{name}: is not one of classes; add it there")
    problems += _array_problems(values)
    problems += _gate_problems(values)
    problems += _portability_problems(values) if values.get("portable") is True else []
    output = _block(values, "output")
    if output.get("crop") is True and output.get("resize") is None:
        problems.append("output.crop: only works with resize; set resize too, e.g. 150x150")
    names = values["classes"] if isinstance(values.get("classes"), list) else []
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    return problems + [f"classes: {name!r} is listed twice; remove one" for name in twice]


def _portability_problems(values: Mapping[str, Any]) -> list[str]:
    """Return which settings give other bytes on another CPU or with another OpenCV."""
    blocks = {"transforms": _block(values, "transforms")}
    for name, own in _block(values, "per_class").items():
        blocks[f"per_class.{name}.transforms"] = _block(own, "transforms")
    problems = []
    for place, block in blocks.items():
        on = [name for name in _NOT_PORTABLE if block.get(name) not in (None, False, 0)]
        on += ["interpolation_order"] * (block.get("interpolation_order") == 3)
        problems += [
            f"{place}.{name}: differs from CPU to CPU, and portable is on; "
            f"{_INSTEAD.get(name, 'leave out one of them')}"
            for name in on
        ]
    return problems


def _gate_problems(values: Mapping[str, Any]) -> list[str]:
    """Return what is wrong between the transforms and what says which of them a copy gets."""
    transforms = _block(values, "transforms")
    drawn = draws_its_own(values.get("policy"))
    problems = _policy_problems(values)
    for name in _block(transforms, "probability"):
        if (name in _NAMES or is_own_key(name)) and _setting(transforms, name) is None:
            reason = f"{name} is off; set transforms.{name} too, or leave it out"
            if name in drawn:
                reason = f"{drawn[name]} draws it; leave it out"
            problems.append(f"transforms.probability.{name}: {reason}")
    if transforms.get("crop_ratio") is not None and transforms.get("crop_range") is None:
        problems.append(
            "transforms.crop_ratio: crop_range is off; set transforms.crop_range too, or leave"
            " crop_ratio out"
        )
    return problems + _choice_problems(values)


def _policy_problems(values: Mapping[str, Any]) -> list[str]:
    """Return which transforms can't be set beside a policy that draws them by itself."""
    policy = values.get("policy")
    own = [
        key for key in POLICIES for step in _blocks(as_steps(policy)) if step.get(key) is not None
    ]
    problems = []
    if len(own) > 1:
        problems.append(f"policy: {own[0]} and {own[1]} draw the same transforms; keep one")
    for name, value in _block(values, "transforms").items():
        reason = clash(policy, name, value) if name in _NAMES and value is not None else ""
        problems += [f"transforms.{name}: {reason}"] * bool(reason)
    drawn = draws_its_own(policy)
    for class_name, block in _block(values, "per_class").items():
        problems += [
            f"per_class.{class_name}.transforms.{name}: {drawn[name]} draws it for every class;"
            " leave it out"
            for name, value in _block(block, "transforms").items()
            if name in drawn and value is not None
        ]
    return problems


def _choice_problems(values: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with what is chosen from."""
    transforms = _block(values, "transforms")
    drawn = draws_its_own(values.get("policy"))
    has_defaults = "transforms" not in values and not drawn
    problems = []
    known = set[str]()
    for place, step in enumerate(_blocks(as_steps(values.get("policy")))):
        named = step.get("one_of")
        names = named if isinstance(named, list) else []
        key = f"policy.{place}.one_of"
        for name in names:
            if name not in _NAMES and not is_own_key(name):
                near = difflib.get_close_matches(str(name), _NAMES, 1)
                hint = f"did you mean {near[0]!r}?" if near else "name a transform"
                problems.append(f"{key}: {name!r} is not a transform; {hint}")
            elif name in drawn and transforms.get(name) is None:
                problems.append(f"{key}: {drawn[name]} draws {name}; leave it out")
            elif not has_defaults and _setting(transforms, name) is None:
                problems.append(f"{key}: {name} is off; set transforms.{name} too")
            elif name in known:
                problems.append(f"{key}: {name} is listed twice; remove one")
            known.add(name)
    return problems


def _setting(transforms: Mapping[str, Any], name: str) -> Any:
    """Return the setting of a transform, which may be one of the user's own."""
    return (_block(transforms, "own") if is_own_key(name) else transforms).get(name)


def _array_problems(values: Mapping[str, Any]) -> list[str]:
    """Return what is wrong between the keys that make numbers and the rest."""
    transforms = _block(values, "transforms")
    on = [key for key in KEYS if transforms.get(key)]
    dtype = transforms.get("dtype")
    problems = [
        f"per_class.{name}.transforms.{key}: applies to the whole array; set it in transforms"
        for name, own in _block(values, "per_class").items()
        for key, value in _block(own, "transforms").items()
        if key in ARRAY_FIELDS and value is not None
    ]
    if on and isinstance(dtype, str) and dtype.startswith("uint"):
        problems.append(f"transforms.dtype: {dtype} can't hold the result of {on[0]}; use float32")
    return problems


def _block(values: Any, key: str) -> Mapping[str, Any]:
    """Return the keys below `key`, none where there is no block."""
    block = values.get(key) if isinstance(values, Mapping) else None
    return block if isinstance(block, Mapping) else {}


def _blocks(steps: Any) -> list[Mapping[str, Any]]:
    """Return the items of a list, an empty block for each that is none."""
    items = steps if isinstance(steps, list) else []
    return [step if isinstance(step, Mapping) else {} for step in items]
