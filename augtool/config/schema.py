"""The config: its schema, its digest, and the pipelines that it describes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field, model_validator

from augtool.config.amounts import Balance
from augtool.config.contradictions import contradictions
from augtool.config.fields import (
    STRICT,
    WARP_DEFAULTS,
    Flatten,
    Resize,
    ShardSize,
    TransformSettings,
)
from augtool.config.own_code import OwnCode, load_own
from augtool.config.policy import PolicySteps, draws_its_own, gates_of
from augtool.config.split import SplitSettings
from augtool.core.geometry import Size, WarpOptions
from augtool.core.image_spec import MAX_PIXELS
from augtool.core.pipeline import Pipeline
from augtool.core.standardize import Standardization
from augtool.core.transforms.ranges import is_pair

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "DEFAULT_RATIO",
    "DEFAULT_TRANSFORMS",
    "Config",
    "OutputSettings",
    "PerClass",
    "schema",
]

DEFAULT_RATIO = 1.5

#: The default of `transforms:`. A `transforms:` block in a file replaces all of it, because a
#: pasted ImageDataGenerator call means "and nothing else".
DEFAULT_TRANSFORMS: dict[str, Any] = {
    "rotation_range": 20,
    "width_shift_range": 0.1,
    "height_shift_range": 0.1,
    "zoom_range": 0.1,
    "horizontal_flip": True,
}


class OutputSettings(BaseModel):
    """The `output:` block: how and in which format records are written."""

    model_config = STRICT

    to: str = Field("tree", description="the sink: how records are stored")
    format: Literal["keep", "png", "jpg", "webp"] = Field(
        "keep", description="file format of copies, and of originals in another format"
    )
    quality: int = Field(95, ge=1, le=100, description="of JPEG and WebP")
    png_encoder: Literal["opencv", "fpng"] = Field(
        "opencv", description="fpng (an extra) is faster and writes larger files"
    )
    originals: Literal["copy", "hardlink", "symlink", "omit"] = Field(
        "copy", description="what to do with the originals"
    )
    resize: Resize = Field(None, description="height x width in pixels, e.g. 150x150")
    crop: bool = Field(
        False, description="with resize: use the largest centred part instead of stretching"
    )
    flatten: Flatten = Field(
        None, description="put images with alpha on this background colour: white, #rrggbb"
    )
    color_mode: Literal["keep", "rgb", "rgba", "grayscale"] = Field(
        "keep", description="channels of every image; keep: those of its source"
    )
    depth: Literal[8] | None = Field(None, description="8: convert 16-bit images to 8 bits")
    stats: bool = Field(True, description="mean and std of the training originals")
    shard_size: ShardSize = Field(
        None, description="maximum size of a shard, e.g. 100MB (default 256MB)"
    )
    shuffle: bool = Field(False, description="shuffle the training split, by hash")
    class_mode: Literal["sparse", "categorical", "binary"] | None = Field(
        None, description="labels of arrays: numbers (default), one-hot, or 0 and 1"
    )
    metadata: Literal["hf", "hf-parquet"] | None = Field(
        None, description="hf: write metadata.csv for datasets; hf-parquet: with class names"
    )
    manifest: Literal["auto", "csv", "parquet"] = Field(
        "auto", description="csv: manifest.csv; parquet: parts in a folder; auto: by the size"
    )
    number_classes: bool | None = Field(
        None, description="put labels in front of class folders, so that loaders number them alike"
    )

    @property
    def frame(self) -> Size | None:
        """The size of every image, None to keep its own."""
        return Size(*self.resize) if self.resize else None

    @property
    def rewriting(self) -> list[str]:
        """The settings that make originals other than they were, beside `format`."""
        names = [name for name in ("resize", "flatten", "depth") if getattr(self, name)]
        return names + ["color_mode"] * (self.color_mode != "keep")


class PerClass(BaseModel):
    """Settings that differ for one class."""

    model_config = STRICT

    ratio: float | None = Field(None, ge=0, le=1000, description="copies per original")
    transforms: TransformSettings = Field(
        default_factory=TransformSettings,
        description="settings that override the general ones, key by key",
    )


class Config(BaseModel):
    """Everything that determines what a run writes, and nothing else.

    How it is run (workers, engine, progress) is not included, so that it can't change a byte.
    Transforms of the user's own are refused, unless values are validated in the context
    :data:`augtool.config.own_code.ALLOWED`: a config that holds any may import them.
    """

    model_config = STRICT

    seed: int = Field(0, ge=0, lt=2**63, description="same seed, same images")
    ratio: float | None = Field(
        None,
        ge=0,
        le=1000,
        description=f"copies per original, added to them (default {DEFAULT_RATIO})",
    )
    total: int | None = Field(None, ge=0, description="copies in total, instead of a ratio")
    per_image: int | None = Field(
        None, ge=0, le=1000, description="copies of every image, instead of a ratio"
    )
    balance: Balance = Field(
        False, description="bring every class to the size of the largest, the median, or a number"
    )
    undersample: bool | None = Field(
        None, description="with balance: leave originals of larger classes out"
    )
    sampling: Literal["stratified", "bootstrap"] = Field(
        "stratified", description="share copies evenly, or draw images with replacement"
    )
    transforms: TransformSettings = Field(
        default_factory=lambda: TransformSettings(**DEFAULT_TRANSFORMS),
        description="ImageDataGenerator's arguments",
    )
    policy: PolicySteps = Field(
        None,
        description="choices among the transforms, or published policies",
    )
    output: OutputSettings = Field(default_factory=OutputSettings, description="what is written")
    split: SplitSettings | None = Field(None, description="hold out a part of the training data")
    classes: list[str] | None = Field(
        None, min_length=1, description="order or subset of the classes; default: sorted names"
    )
    per_class: dict[str, PerClass] = Field(
        default_factory=dict, description="class name to settings that differ for it"
    )
    portable: bool = Field(
        False, description="the same bytes on any CPU and OpenCV from 4.13; refuses what can't be"
    )
    max_pixels: int = Field(
        MAX_PIXELS, ge=1, description="larger images are refused; 16-bit colour counts double"
    )

    @model_validator(mode="before")
    @classmethod
    def _leave_defaults_out(cls, values: Any) -> Any:
        """Have a policy that draws its own transforms replace the default ones."""
        if isinstance(values, dict) and draws_its_own(values.get("policy")):
            return {"transforms": {}, **values}
        return values

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        problems = contradictions(self.model_dump())
        if problems:
            raise ValueError(*problems)
        return self

    def _settings(self, class_name: str | None = None) -> dict[str, Any]:
        """Return the transform settings of a class by key, without those that are not set."""
        settings = WARP_DEFAULTS | self.transforms.model_dump(exclude_none=True)
        block = self.per_class.get(class_name) if class_name is not None else None
        special = block.transforms.model_dump(exclude_none=True) if block else {}
        own = {**settings.get("own", {}), **special.get("own", {})}
        return {**settings, **special, "own": own}

    def pipeline(self, class_name: str | None = None) -> Pipeline:
        """Return the pipeline of a class, or the one shared by classes without their own.

        It is for images in OpenCV's order of channels; `cval` is written in the order R, G, B, A.
        """
        settings = self._settings(class_name)
        own = settings.pop("own")
        cval = settings["cval"]
        levels = tuple(float(level) for level in (cval if is_pair(cval) else [cval]))
        fill_mode, order = settings["fill_mode"], settings["interpolation_order"]
        sampling = WarpOptions(fill_mode, levels, order, self.portable).swapped()
        gates = gates_of(self.policy, settings.get("probability", {}))
        return Pipeline.parse({**settings, **own}, sampling, gates, [load_own(key) for key in own])

    @property
    def own_code(self) -> dict[str, OwnCode]:
        """What the code of the user's own transforms is known by, by their names."""
        blocks = (self.transforms, *(block.transforms for block in self.per_class.values()))
        keys = {key for block in blocks for key in getattr(block, "own", None) or ()}
        return {key: load_own(key).code for key in sorted(keys)}

    def ratio_of(self, class_name: str) -> float:
        """Return the copies per original of a class, if set by a ratio."""
        own = self.per_class.get(class_name)
        if own is not None and own.ratio is not None:
            return own.ratio
        return DEFAULT_RATIO if self.ratio is None else self.ratio

    def standardization(self) -> Standardization:
        """Return how the numbers of arrays are standardised."""
        return Standardization.parse(self.transforms.model_dump())

    def array_dtype(self) -> str | None:
        """Return the dtype of arrays, None for that of the images."""
        dtype: str | None = self.transforms.model_dump()["dtype"]
        return dtype or (None if self.standardization().is_identity else "float32")

    @property
    def photometric_columns(self) -> tuple[str, ...]:
        """The manifest columns beyond geometry: those of every level change that is on."""
        pipelines = [self.pipeline(), *(self.pipeline(name) for name in self.per_class)]
        return tuple(sorted({column for each in pipelines for column in each.photometric_columns}))

    def resolved(self) -> dict[str, object]:
        """Return the whole config as JSON-able values, with defaults, without unset keys."""
        amounts = (self.ratio, self.total, self.per_image)
        by_default = all(amount is None for amount in amounts) and not self.balance
        filled = self.model_copy(update={"ratio": DEFAULT_RATIO}) if by_default else self
        values = filled.model_dump(mode="json", exclude_none=True)
        values["transforms"] = {**WARP_DEFAULTS, **values["transforms"]}
        return values

    def digest(self) -> str:
        """Return the SHA-256 of the resolved config, in hexadecimal."""
        text = json.dumps(self.resolved(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def schema(sinks: Sequence[str]) -> dict[str, object]:
    """Return the JSON Schema of the YAML, for editors; `sinks` are the values of ``output.to``."""
    values: dict[str, Any] = Config.model_json_schema()
    values["$defs"]["OutputSettings"]["properties"]["to"]["enum"] = list(sinks)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **values}
