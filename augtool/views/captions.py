"""Drawn parameters as a few words, such as ``rot -12``, ``zoom 1.1``, ``flip``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from augtool.core.transforms import TRANSFORMS

__all__ = ["all_words", "short_number", "words"]

_NAMES = {
    "rotation": "rot",
    "shift_x": "x",
    "shift_y": "y",
    "flip_horizontal": "flip",
    "flip_vertical": "flip v",
    "crop_area": "crop",
    "perspective_x": "tilt x",
    "perspective_y": "tilt y",
    "brightness": "light",
    "channel_shift": "level",
}
_MEASURES = {
    column: measure for kind in TRANSFORMS for column, measure in zip(kind.columns, kind.measures)
}
_SIGNED = frozenset({"shift_x", "shift_y", "channel_shift"})
_AT_REST = {
    column: value for kind in TRANSFORMS for column, value in zip(kind.columns, kind.identity)
}


def words(params: Mapping[str, float]) -> tuple[str, ...]:
    """Return a word for each parameter that changes the image.

    Parameters
    ----------
    params
        By column of the manifest. Shifts are in pixels, angles in degrees.

    >>> words({"rotation": -12.3, "zoom_x": 1.1, "zoom_y": 1.1, "flip_horizontal": 1})
    ('rot -12', 'zoom 1.1', 'flip')
    """
    moved = {name: value for name, value in params.items() if value != _AT_REST.get(name)}
    moved = {name: value for name, value in moved.items() if _MEASURES.get(name) != "key"}
    if "zoom_x" in moved or "zoom_y" in moved:  # one word for both axes
        moved = {name: params[name] for name in params if name in moved or name == "zoom_x"}
        moved.pop("zoom_y", None)
    return tuple(_word(name, value, params, short_number) for name, value in moved.items())


def all_words(params: Mapping[str, float]) -> tuple[str, ...]:
    """Return a word for each parameter, even if it changes nothing.

    >>> all_words({"rotation": 0.0, "flip_horizontal": 0})
    ('rot 0', 'no flip')
    """
    shown = [name for name in params if _MEASURES.get(name) != "key"]
    if "zoom_x" in params:  # one word for both axes
        shown = [name for name in shown if name != "zoom_y"]
    return tuple(_word(name, params[name], params, "{:.3g}".format) for name in shown)


def _word(
    name: str, value: float, params: Mapping[str, float], number: Callable[[float], str]
) -> str:
    label = _NAMES.get(name, name.replace("_", " "))
    if _MEASURES.get(name) == "switch":
        return label if value else f"no {label}"
    if name == "zoom_x":
        shown = [_factor(params[axis]) for axis in ("zoom_x", "zoom_y")]
        return f"zoom {' x '.join(dict.fromkeys(shown))}"
    if _MEASURES.get(name) == "factor":
        return f"{label} {_factor(value)}"
    sign = "+" if name in _SIGNED and value > 0 else ""
    return f"{label} {sign}{number(value)}"


def _factor(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def short_number(value: float) -> str:
    """Return a number in as few digits as the eye needs.

    >>> [short_number(value) for value in (-12.34, 1.26, 0.126, 0.00321, 20.0)]
    ['-12', '1.3', '0.13', '0.003', '20']
    """
    size = abs(value)
    if 0 < size < 0.01:
        return f"{value:.1g}"
    digits = 0 if size >= 10 else 1 if size >= 1 else 2
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
