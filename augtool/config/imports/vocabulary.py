"""What can be said in this augtool's YAML: which transforms, and whether chances and policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from augtool.config.fields import TransformSettings
from augtool.config.schema import Config
from augtool.core.transforms import TRANSFORMS

__all__ = ["Vocabulary"]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The settings that may be printed.

    Attributes
    ----------
    transforms
        The registered transforms, by name.
    has_probability
        Whether ``transforms:`` takes a ``probability:`` of each.
    has_policy
        Whether there is a ``policy:``, with ``one_of``.
    takes_policy
        Whether a whole policy, such as ``trivialaugment``, can be printed.
    """

    transforms: Mapping[str, Any]
    has_probability: bool = False
    has_policy: bool = False
    takes_policy: Callable[[Any], bool] = bool

    @classmethod
    def of_this_version(cls) -> Vocabulary:
        """Return what this version of augtool understands."""
        return cls(
            {kind.name: kind for kind in TRANSFORMS},
            "probability" in TransformSettings.model_fields,
            "policy" in Config.model_fields,
            _takes_policy,
        )

    def refusal(self, name: str, value: Any) -> str:
        """Return why a setting can't be printed; empty where it can."""
        kind = self.transforms.get(name)
        if kind is None:
            return f"augtool has no {name}"
        try:
            kind.parse(value)
        except ValueError as error:
            return f"{name}: {error}"
        return ""


def _takes_policy(value: Any) -> bool:
    try:
        Config.model_validate({"policy": value})
    except ValidationError:
        return False
    return True
