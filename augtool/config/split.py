"""The `split:` block of the config, and the flag that is short for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, Field, model_validator

from augtool.config.fields import STRICT
from augtool.errors import ConfigError

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["SplitSettings", "parse_split"]


def _group(value: str | None) -> str | None:
    """Check ``split.group``: a regular expression with a group."""
    if value is None:
        return None
    try:
        groups = re.compile(value).groups
    except re.error as error:
        raise ValueError(
            f"got {value!r}: not a valid regular expression ({error}); fix it"
        ) from error
    if not groups:
        raise ValueError(
            f"got {value!r}: has no group; put parentheses around the part that names the group"
        )
    return value


_Fraction = Annotated[float | None, Field(gt=0, lt=1)]


class SplitSettings(BaseModel):
    """The `split:` block: which training images are held out."""

    model_config = STRICT

    val: _Fraction = Field(None, description="fraction of each class held out as val")
    test: _Fraction = Field(None, description="fraction of each class held out as test")
    seed: int = Field(0, ge=0, lt=2**63, description="seed of the split")
    group: Annotated[str | None, AfterValidator(_group)] = Field(
        None, description="regex: images whose first capture group is equal stay in one split"
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if not self.fractions:
            raise ValueError("holds nothing out; set val or test to a fraction, e.g. val: 0.2")
        if sum(self.fractions.values()) >= 1:
            raise ValueError("val and test together leave nothing to train on; use less than 1")
        return self

    @property
    def fractions(self) -> dict[str, float]:
        """Fraction of the training images by split."""
        both = {"val": self.val, "test": self.test}
        return {name: part for name, part in both.items() if part is not None}


def parse_split(text: str) -> dict[str, object]:
    """Return the overrides of a ``--split val=0.1,test=0.1``.

    Raises
    ------
    ConfigError
        When it has another form.
    """
    from augtool.config import yaml12  # noqa: PLC0415 - most runs read no YAML

    overrides: dict[str, object] = {}
    for part in text.split(","):
        name, equals, fraction = (each.strip() for each in part.partition("="))
        if not equals or name not in ("val", "test"):
            raise ConfigError(f"--split {text}: expected val=0.2, test=0.2 or both with a comma")
        overrides[f"split.{name}"] = yaml12.load_text(fraction, f"--split {text}")
    return overrides
