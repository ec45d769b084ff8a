"""What the tests of imported configs share: a vocabulary with everything in it, and a check."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import yaml

from augtool.config.imports.importer import Imported, import_config
from augtool.config.imports.vocabulary import Vocabulary
from augtool.config.load import load


class Accepting:
    """A transform that takes any setting."""

    @staticmethod
    def parse(value: object) -> object:
        return value


#: Names of transforms that a rule may give, whether they are registered yet or not.
NAMES = (
    *(
        "scale_range",
        "crop_range",
        "rotate_90",
        "vertical_shear_range",
        "perspective_range",
        "contrast_range",
    ),
    *("contrast_range", "gamma_range", "invert", "solarize_threshold", "posterize_bits"),
    *("autocontrast", "equalize", "grayscale", "channel_shuffle", "white_balance_range"),
    *("saturation_range", "hue_range", "sharpness_range", "gaussian_blur_range", "median"),
    *("motion_blur_range", "downscale_range", "gaussian_noise_range", "salt_pepper_range"),
    *("jpeg_range", "erasing_range", "clahe"),
)


def everything(*, probability: bool = True, policy: bool = True) -> Vocabulary:
    """Return a vocabulary with all transforms, those of this version checked by themselves."""
    here = Vocabulary.of_this_version().transforms
    return Vocabulary({**dict.fromkeys(NAMES, Accepting), **here}, probability, policy)


def small(*names: str, probability: bool = False, policy: bool = False) -> Vocabulary:
    """Return a vocabulary with these transforms only."""
    return Vocabulary(dict.fromkeys(names, Accepting), probability, policy)


def run(code: str, vocabulary: Vocabulary | None = None, **options: Any) -> Imported:
    """Import a snippet."""
    vocabulary = vocabulary or everything()
    return import_config(textwrap.dedent(code), "train.py", vocabulary=vocabulary, **options)


def config(code: str, vocabulary: Vocabulary | None = None, **options: Any) -> dict[str, Any]:
    """Return the config that a snippet gives, as YAML reads it."""
    value = yaml.safe_load(run(code, vocabulary, **options).yaml)
    assert isinstance(value, dict)
    return value


def transforms(code: str, vocabulary: Vocabulary | None = None) -> dict[str, Any]:
    """Return the transforms that a snippet gives, without their probabilities."""
    found: dict[str, Any] = config(code, vocabulary)["transforms"]
    return {key: value for key, value in found.items() if key != "probability"}


def said(code: str, vocabulary: Vocabulary | None = None) -> str:
    """Return the YAML that a snippet gives, each comment in one line."""
    return re.sub(r"\n *#  +(?=\S)", " ", run(code, vocabulary).yaml)


def check(code: str, path: Path) -> None:
    """Load what this version makes of a snippet, as ``augtool config check`` does."""
    path.write_text(import_config(textwrap.dedent(code), "train.py").yaml)
    load(path)
