"""Warnings about transforms that turn one class into another, told by the names of the classes.

A mirrored digit is another sign, or none; a mirrored turn to the left is one to the right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from augtool.config.schema import Config
from augtool.core.pipeline import Pipeline
from augtool.core.transforms.flip import HorizontalFlip, VerticalFlip
from augtool.core.transforms.rotate_90 import Rotate90
from augtool.core.transforms.rotation import Rotation

__all__ = ["confused_names"]

_DIGITS = "zero|one|two|three|four|five|six|seven|eight|nine"
#: Class names of signs, whose mirror image is another sign or none.
_SIGN = re.compile(rf"(?:(?:digit|letter|class)[ _-]?)?(?:[0-9]|[a-z]|{_DIGITS})", re.IGNORECASE)

#: Directions and their opposites, by what exchanges them.
_SIDEWAYS = {"left": "right", "leftward": "rightward", "leftwards": "rightwards"}
_UPRIGHT = {"up": "down", "upward": "downward", "upwards": "downwards"}
_TURNS = {"clockwise": "anticlockwise", "cw": "ccw"}
#: An arrow that is turned by less still points rather its own way than another.
_LEAST_TURN_DEG = 45.0


def confused_names(config: Config, classes: Sequence[str]) -> list[str]:
    """Return the warnings for classes that a transform makes look like others.

    Parameters
    ----------
    config
        The settings.
    classes
        Class names.
    """
    return [*_mirrored_signs(config, classes), *_lost_directions(config, classes)]


def _mirrored_signs(config: Config, classes: Sequence[str]) -> Iterator[str]:
    """Warn about flips on classes that are named like digits or letters."""
    signs = [name for name in classes if _SIGN.fullmatch(name)]
    for flip in (HorizontalFlip, VerticalFlip):
        mirrored = [
            name
            for name in signs
            if any(isinstance(each, flip) for each in config.pipeline(name).geometric)
        ]
        if mirrored:
            yield (
                f"{flip.name} mirrors classes that are named like digits or letters"
                f" ({_listed(mirrored)}): a mirrored sign is another sign, or none; if they are"
                f" signs, set transforms.{flip.name}=false"
            )


def _lost_directions(config: Config, classes: Sequence[str]) -> Iterator[str]:
    """Warn about flips and turns of classes that are named after directions."""
    words = {name: _words(name) for name in classes}
    known = {tuple(each) for each in words.values()}
    confused: dict[tuple[str, str], list[str]] = {}
    for name, own in words.items():
        if not _direction(own):
            continue
        for transform, fix, opposites in _exchanges(config.pipeline(name)):
            other = [opposites.get(word, word) for word in own]
            # "right whale" is no direction, unless there is a left whale.
            if other != own and (len(own) == 1 or tuple(other) in known):
                confused.setdefault((transform, fix), []).append(name)
    for (transform, fix), names in confused.items():
        yield (
            f"{transform} changes directions that classes are named after ({_listed(names)}): the"
            f" copy shows another class under the old label; if they are directions, {fix}"
        )


def _exchanges(pipeline: Pipeline) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield the transforms that change directions, how to stop that, and what becomes what."""
    for transform in pipeline.geometric:
        is_policys = transform.name in pipeline.gates.drawn_names
        off = "use another policy" if is_policys else f"set transforms.{transform.name}=false"
        if isinstance(transform, HorizontalFlip):
            yield transform.name, off, _both_ways(_SIDEWAYS, _TURNS)
        elif isinstance(transform, VerticalFlip):
            yield transform.name, off, _both_ways(_UPRIGHT, _TURNS)
        elif isinstance(transform, Rotate90):
            yield transform.name, off, _both_ways(_SIDEWAYS, _UPRIGHT)
        elif isinstance(transform, Rotation) and _furthest(transform) >= _LEAST_TURN_DEG:
            less = f"set transforms.{transform.name} below {_LEAST_TURN_DEG:g} degrees"
            yield transform.name, off if is_policys else less, _both_ways(_SIDEWAYS, _UPRIGHT)


def _furthest(rotation: Rotation) -> float:
    return max(abs(rotation.low), abs(rotation.high))


def _both_ways(*tables: dict[str, str]) -> dict[str, str]:
    together = {one: other for table in tables for one, other in table.items()}
    return together | {other: one for one, other in together.items()}


_DIRECTIONS = frozenset(_both_ways(_SIDEWAYS, _UPRIGHT, _TURNS))


def _direction(words: Sequence[str]) -> bool:
    return not _DIRECTIONS.isdisjoint(words)


def _words(name: str) -> list[str]:
    """Return the words of a class name, in lower case.

    >>> _words("TurnLeft"), _words("arrow-up_2"), _words("counter-clockwise")
    (['turn', 'left'], ['arrow', 'up', '2'], ['anticlockwise'])
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = " ".join(re.findall(r"[a-z]+|[0-9]+", parted.lower()))
    return re.sub(r"\b(anti|counter) ?clockwise\b", "anticlockwise", words).split()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
