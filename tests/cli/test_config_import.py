"""``augtool config import``."""

from __future__ import annotations

from pathlib import Path

import pytest

from augtool.config.imports.importer import read_input
from augtool.errors import ConfigError
from tests.conftest import Run

CODE = """from keras.preprocessing.image import ImageDataGenerator

train = ImageDataGenerator(rotation_range=20, horizontal_flip=True)
test = ImageDataGenerator(rescale=1 / 255)
"""


def test_a_whole_translation_ends_with_0_and_passes_the_check(run_cli: Run, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(CODE)
    done = run_cli("config", "import", "train.py", check=True)
    (tmp_path / "recipe.yaml").write_text(done.stdout)
    run_cli("config", "check", "recipe.yaml", check=True)
    assert "rotation_range: 20" in done.stdout
    assert done.stderr == (
        "translated Keras ImageDataGenerator: 'train' (train.py, line 3)\n"
        "also found: Keras ImageDataGenerator: 'test' (train.py, line 4), which does not augment\n"
    )


def test_what_is_missing_is_listed_and_ends_with_3(run_cli: Run) -> None:
    code = "A.Compose([A.HorizontalFlip(), A.RandomFog()])"
    done = run_cli("config", "import", "-", input=code)
    assert done.returncode == 3
    assert "horizontal_flip: true" in done.stdout
    assert done.stderr == (
        "translated Albumentations: 'the pipeline' (standard input, line 1)\n"
        "not translated: line 1: A.RandomFog(): augtool has nothing like it\n"
    )


def test_a_name_chooses(run_cli: Run) -> None:
    code = "a = A.Compose([A.HorizontalFlip()])\nb = A.Compose([A.VerticalFlip(), A.D4()])"
    done = run_cli("config", "import", "-", "--name", "a", input=code)
    assert "horizontal_flip: true" in done.stdout
    assert "choose it with --name" in done.stderr


def test_what_can_t_be_read_ends_with_2_and_prints_nothing(run_cli: Run, tmp_path: Path) -> None:
    done = run_cli("config", "import", "-", input="x = 1")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: standard input: no pipeline found")
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"bytes\.py: not UTF-8 at byte 0"):
        read_input(tmp_path / "bytes.py")
    with pytest.raises(ConfigError, match=r"none\.py: can't read it: No such file or directory"):
        read_input(tmp_path / "none.py")


def test_code_is_never_run(spawn_cli: Run, tmp_path: Path) -> None:
    (tmp_path / "albumentations.py").write_text("open('imported', 'w')")
    code = "import albumentations as A\nopen('run', 'w')\nt = A.Compose([A.HorizontalFlip()])"
    (tmp_path / "train.py").write_text(code)
    spawn_cli("config", "import", "train.py", check=True)
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "imported").exists()
