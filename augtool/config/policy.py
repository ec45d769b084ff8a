"""The `policy:` key: steps that say how transforms are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator

from augtool.config.fields import STRICT
from augtool.core.gates import Drawn, Gates, OneOf
from augtool.core.policies.joining import widened
from augtool.core.policies.policy import Policy
from augtool.core.transforms import TRANSFORMS

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "POLICIES",
    "PolicySteps",
    "as_steps",
    "at_its_key",
    "clash",
    "draws_its_own",
    "gates_of",
]

#: Keys of a step that draws transforms of its own.
POLICIES = ("trivialaugment", "randaugment", "autoaugment")
#: What a policy that is only named means; autoaugment needs a data set.
_ALONE: dict[str, Any] = {"trivialaugment": True, "randaugment": {}, "autoaugment": ""}


class RandAugmentSettings(BaseModel):
    """Settings of RandAugment, which are torchvision's."""

    model_config = STRICT

    num_ops: int = Field(2, ge=1, le=14, description="how many of the 14 operations a copy gets")
    magnitude: int = Field(9, ge=0, le=30, description="how strong they are, of 30")


class PolicyStep(BaseModel):
    """A step of `policy:`: one of several transforms, or a policy that draws its own."""

    model_config = STRICT

    one_of: list[str] | None = Field(
        None, min_length=1, description="a copy gets at most one of these transforms"
    )
    trivialaugment: Literal[True] | None = Field(
        None, description="one of 14 operations, at any strength"
    )
    randaugment: RandAugmentSettings | None = Field(
        None, description="some of 14 operations, all at one strength"
    )
    autoaugment: Literal["cifar10", "imagenet", "svhn"] | None = Field(
        None, description="one of 25 pairs of operations, found on this data set"
    )
    probability: float = Field(1.0, ge=0, le=1, description="chance that a copy gets this step")

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        kinds = ("one_of", *POLICIES)
        given = [kind for kind in kinds if getattr(self, kind) is not None]
        if not given:
            raise ValueError(f"says nothing to draw; set one of {', '.join(kinds)}")
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are set; keep one, or make them two steps")
        return self

    @property
    def drawn(self) -> Policy | None:
        """The policy that draws transforms of its own; None for `one_of`."""
        from augtool.core.policies import autoaugment, randaugment  # noqa: PLC0415 - few runs have one

        if self.randaugment is not None:
            settings = self.randaugment
            return randaugment.RandAugment(settings.num_ops, settings.magnitude)
        if self.autoaugment is not None:
            return autoaugment.AutoAugment(self.autoaugment)
        return randaugment.TrivialAugment() if self.trivialaugment else None


def as_steps(value: Any) -> Any:
    """Return a policy as a list of steps; what can't be one stays, to be refused.

    >>> as_steps("trivialaugment")
    [{'trivialaugment': True}]
    """
    if isinstance(value, str):
        value = {value: _ALONE.get(value)}
    return [value] if isinstance(value, (Mapping, PolicyStep)) else value


def draws_its_own(value: Any) -> dict[str, str]:
    """Return the transforms that a policy, as it was read, draws by itself: name to step's key."""
    drawing = _drawing(value)
    return {name: key for key, settings in drawing.items() for name in settings}


def _drawing(value: Any) -> dict[str, dict[str, Any]]:
    """Return the settings that a policy, as it was read, draws by itself, by its step's key."""
    steps = as_steps(value)
    found = {}
    for step in steps if isinstance(steps, list) else []:
        try:
            read = PolicyStep.model_validate(step)
        except ValidationError:  # which is reported where it stands
            continue
        if read.drawn is not None:
            key = next(key for key in POLICIES if getattr(read, key) is not None)
            found[key] = read.drawn.settings()
    return found


def clash(policy: Any, name: str, value: Any) -> str:
    """Return why a transform can't be set beside a policy, both as they were read; "" if it can.

    Where one transform can do for both, it may.
    """
    for key, settings in _drawing(policy).items():
        if name not in settings:
            continue
        kind = next(kind for kind in TRANSFORMS if kind.name == name)
        drawn: Any = kind.parse(settings[name])
        if widened(drawn, drawn) is None:
            return f"{key} draws it; leave it out"
        try:
            own: Any = kind.parse(value)
        except ValueError:  # which is reported for itself
            return ""
        if own is not None and widened(own, drawn) is None:
            unit = "as a share of the side" if drawn.unit == "fraction" else "in pixels"
            return f"{key} draws it {unit}; write it so, too, or leave it out"
    return ""


def at_its_key(problem: str, policy: Any) -> str:
    """Return a sentence about the only step of a policy that was written without a list."""
    is_list = isinstance(policy, list)
    return problem if is_list else problem.replace("policy.0", "policy", 1)


def gates_of(steps: list[PolicyStep] | None, chances: Mapping[str, float]) -> Gates:
    """Return the gates of a policy, and of probabilities by the name of a transform."""
    choices = [OneOf(tuple(each.one_of), each.probability) for each in steps or () if each.one_of]
    drawn = [Drawn(each.drawn, each.probability) for each in steps or () if each.drawn]
    return Gates(tuple(sorted(chances.items())), tuple(choices), drawn[0] if drawn else None)


def _short_forms(schema: dict[str, Any]) -> None:
    """Add the forms without a list to the JSON Schema."""
    step = schema["anyOf"][0]["items"]
    schema["anyOf"][:0] = [{"enum": ["trivialaugment", "randaugment"]}, dict(step)]


PolicySteps = Annotated[
    Annotated[list[PolicyStep], Field(min_length=1)] | None,
    BeforeValidator(as_steps),
    Field(json_schema_extra=_short_forms),
]
