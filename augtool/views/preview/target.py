"""Where a contact sheet goes: into a file, or onto the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from augtool.core.geometry import Image
from augtool.errors import ConfigError
from augtool.images import codec
from augtool.storage.files import is_special, write_atomic, write_target
from augtool.views.preview.terminal import encode, protocol_of

__all__ = ["DEFAULT", "choose_target", "encode", "protocol_of_stdout", "write"]

#: Written if no output is set and the terminal can't show images.
DEFAULT = Path("preview.png")
_FORMATS = ("png", "jpg", "webp")
_QUALITY = 90


def protocol_of_stdout() -> str | None:
    """Return how standard output shows images; None if it is not a terminal that can."""
    try:
        return protocol_of(os.environ) if sys.stdout.isatty() else None
    except ValueError:  # closed
        return None


def choose_target(output: Path | None, inputs: Sequence[str]) -> Path:
    """Return the file to write.

    Raises
    ------
    ConfigError
        When its name is not that of an image, or it is one of the inputs.
    """
    target = DEFAULT if output is None else output
    if codec.format_of_name(target.name) not in _FORMATS and not is_special(target):
        raise ConfigError(f"{target}: does not end like an image name; use .png, .jpg or .webp")
    if any(os.path.realpath(target) == os.path.realpath(path) for path in inputs):
        raise ConfigError(f"{target}: is one of the inputs; pass another name with -o")
    return target


def write(image: Image, target: Path) -> None:
    """Write a sheet; as PNG to a device or a pipe without the name of an image.

    Raises
    ------
    OutputError
        When it can't be written.
    """
    file_format = codec.format_of_name(target.name)
    data = codec.encode(image, file_format if file_format in _FORMATS else "png", _QUALITY)
    # A link under the name that is only the default is not followed.
    (write_atomic if target is DEFAULT else write_target)(target, data)
