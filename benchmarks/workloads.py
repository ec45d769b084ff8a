"""The work and the rivals, as tables. To change what is compared, change it here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

RIVALS_FOLDER = Path(__file__).resolve().parent / "rivals"
RECIPES_FOLDER = RIVALS_FOLDER.with_name("recipes")


@dataclass(frozen=True)
class Workload:
    """One kind of work, the same for every rival.

    Attributes
    ----------
    number : int
        Its name in `--only`.
    pictures : str
        The kind of input: a key of `pictures.KINDS`.
    images : int
        How many input files at scale 1; the copies are `ratio` times that.
    format : str
        Format of the copies, `jpg` or `png`.
    resize : str or None
        `HxW`, the size of the copies; None leaves them at the size of their source.
    augtool_flags : tuple of str
        What `augtool expand` is given for this work, beside ratio and workers.
    recipe : str
        What is done to each copy: a file in `recipes/`, which some rivals know; "" for the
        geometry that all do.
    """

    number: int
    title: str
    pictures: str
    images: int
    format: str
    resize: str | None
    augtool_flags: tuple[str, ...] = ()
    ratio: float = 1.5
    recipe: str = ""


def _cropped(number: int, title: str, pictures: str, images: int, resize: str) -> Workload:
    """Return the work of the recipe that crops at random, to a size."""
    flags = ("--resize", resize)
    return Workload(number, title, pictures, images, "jpg", resize, flags, recipe="modern")


WORKLOADS = (
    Workload(1, "CIFAR-sized JPEG to JPEG", "cifar", 10_000, "jpg", None),
    Workload(
        number=2,
        title="CIFAR-sized JPEG to PNG",
        pictures="cifar",
        images=10_000,
        format="png",
        resize=None,
        augtool_flags=("--format", "png", "--set", "output.png_encoder=fpng"),
    ),
    Workload(3, "photographs to JPEG", "photos", 1_000, "jpg", None),
    Workload(
        number=4,
        title="photographs to 150x150 JPEG",
        pictures="photos",
        images=1_000,
        format="jpg",
        resize="150x150",
        augtool_flags=("--resize", "150x150"),
    ),
    Workload(5, "CIFAR-sized JPEG to JPEG", "cifar", 10_000, "jpg", None, ratio=5),
    Workload(6, "photographs to JPEG", "photos", 1_000, "jpg", None, ratio=5),
    _cropped(7, "CIFAR-sized JPEG to 32x32 JPEG", "cifar", 10_000, "32x32"),
    _cropped(8, "photographs to 224x224 JPEG", "photos", 1_000, "224x224"),
    Workload(9, "photographs to JPEG", "photos", 1_000, "jpg", None, recipe="uncropped"),
)


@dataclass(frozen=True)
class Rival:
    """One way to do the work.

    Attributes
    ----------
    environment : str
        A key of `environments.REQUIREMENTS`.
    script : str or None
        File in `rivals/`; None is augtool's own command.
    knows_recipes : bool
        Whether it can do more than the geometry.
    flags : tuple of str
        What that command is given beside the flags of the work.
    """

    name: str
    environment: str
    script: str | None
    knows_recipes: bool = False
    flags: tuple[str, ...] = ()


RIVALS = (
    Rival("augtool", "augtool", None, knows_recipes=True),
    Rival("floor", "augtool", "floor.py"),
    Rival("albumentations", "albumentations", "albumentations_pool.py", knows_recipes=True),
    Rival("keras", "keras", "keras_idg.py"),
    Rival("augmentor", "augmentor", "augmentor_sample.py"),
    Rival("ray", "ray", None, flags=("--engine", "ray")),
)


@dataclass(frozen=True)
class Job:
    """One run to be done: a workload on a folder, into another."""

    workload: Workload
    data: Path
    out: Path
    copies: int
    workers: int


def command_for(rival: Rival, python: Path, job: Job) -> list[str]:
    """Return the command that does `job` in the manner of `rival`."""
    recipe = job.workload.recipe
    if rival.script is None:
        config = ["--config", str(RECIPES_FOLDER / f"{recipe}.yaml")] if recipe else []
        return [
            *(str(python), "-m", "augtool", "expand", str(job.data), str(job.out)),
            *(
                "--ratio",
                str(job.workload.ratio),
                "--originals",
                "omit",
                "--workers",
                str(job.workers),
            ),
            *config,
            *job.workload.augtool_flags,
            *rival.flags,
        ]
    command = [
        *(str(python), str(RIVALS_FOLDER / rival.script)),
        *("--data", str(job.data), "--out", str(job.out), "--copies", str(job.copies)),
        *("--format", job.workload.format, "--workers", str(job.workers)),
    ]
    if job.workload.resize is not None:
        command += ["--resize", job.workload.resize]
    if recipe:
        command += ["--recipe", recipe]
    return command


def environment_for(rival: Rival) -> dict[str, str]:
    """Return the process environment for `rival`."""
    return clean_environment(is_augtool=rival.environment == "augtool")


def clean_environment(*, is_augtool: bool) -> dict[str, str]:
    """Return the process environment for a rival.

    One BLAS thread for all (their threads would only spin), compiled modules are kept as by
    default, and no PYTHONPATH for those that come from PyPI: it is a way to point at an augtool
    checkout.
    """
    environment = dict(os.environ, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if not is_augtool:
        environment.pop("PYTHONPATH", None)
    return environment
