"""The registry of frameworks, and how a name in code is told to be one of theirs."""

from __future__ import annotations

from augtool.config.imports.albumentations import ALBUMENTATIONS
from augtool.config.imports.augmentor import AUGMENTOR
from augtool.config.imports.effects import Framework
from augtool.config.imports.keras_generator import KERAS_GENERATOR
from augtool.config.imports.keras_layers import KERAS_LAYERS
from augtool.config.imports.torchvision import TORCHVISION
from augtool.config.imports.values import Call

__all__ = ["FRAMEWORKS", "framework_of", "is_root"]

FRAMEWORKS: tuple[Framework, ...] = (
    KERAS_GENERATOR,
    ALBUMENTATIONS,
    TORCHVISION,
    KERAS_LAYERS,
    AUGMENTOR,
)


def framework_of(call: Call) -> Framework | None:
    """Return the framework that a call belongs to.

    A name without a module, as in a snippet that shows no imports, belongs to the first framework
    that knows it and whatever it holds.
    """
    module, _, last = call.name.rpartition(".")
    if module.strip("?"):
        return next((each for each in FRAMEWORKS if _is_within(module, each.modules)), None)
    knowing = [each for each in FRAMEWORKS if last in each.rules]
    inner = [item for item in _items(call) if isinstance(item, Call)]
    return max(knowing, key=lambda each: sum(i.last in each.rules for i in inner), default=None)


def is_root(call: Call, framework: Framework) -> bool:
    """Return whether a call makes a whole pipeline."""
    return call.last in framework.roots


def _items(call: Call) -> list[object]:
    held = [*call.arguments, *call.keywords.values()]
    return [item for each in held if isinstance(each, (list, tuple)) for item in each]


def _is_within(module: str, modules: tuple[str, ...]) -> bool:
    # Albumentations has a module a transform in its serialised form.
    prefixes = ("albumentations.", "torchvision.transforms.", "Augmentor.")
    return module in modules or any(
        module.startswith(prefix) and modules[0].startswith(prefix.rstrip("."))
        for prefix in prefixes
    )
