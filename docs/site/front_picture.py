"""Make the picture that opens README.md and the first page: ``docs/preview.jpg``.

Run it from the repository, where augtool and scikit-image are installed::

    python docs/site/front_picture.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from gallery import PHOTOS, photos

TARGET = Path(__file__).parents[1] / "preview.jpg"


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
