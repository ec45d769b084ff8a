"""Make the picture that opens the README: ``examples/preview.jpg``.

The photos are those that scikit-image ships in its wheel: chelsea (a cat), by Stefan van der
Walt, and coffee, by Rachel Michetti, both CC0, and a rocket that SpaceX gave to the public domain.
Run it from the repository, where both packages are installed::

    pip install scikit-image
    python examples/readme_picture.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

PHOTOS = {"cat": "chelsea.png", "cup": "coffee.png", "rocket": "rocket.jpg"}
TARGET = Path(__file__).with_name("preview.jpg")


def photos() -> Path:
    """Return the folder of scikit-image's photos, without importing it."""
    package = find_spec("skimage")
    if package is None or package.origin is None:
        sys.exit("scikit-image is not installed; pip install scikit-image")
    return Path(package.origin).parent / "data"


def main() -> None:
    """Lay the photos out as a data set and preview it."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        for class_name, name in PHOTOS.items():
            (data / class_name).mkdir(parents=True)
            shutil.copy(photos() / name, data / class_name)
        settings = ["--set", "transforms.brightness_range=[0.7, 1.3]"]
        command = ["preview", str(data), "-o", str(TARGET), "--grid", "3x5", "--tile", "172"]
        subprocess.run([sys.executable, "-m", "augtool", *command, *settings], check=True)


if __name__ == "__main__":
    main()
