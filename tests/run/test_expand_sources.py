"""Every kind of data set, through a whole run."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from augtool import Config, ConfigError, InputError, Options, Report, expand
from augtool.config.load import load
from augtool.output.manifest import read
from augtool.output.verify import verify
from tests import packed_data as packed
from tests.conftest import Run
from tests.pictures import contents, make_tree

CONFIGS = Path(__file__).parents[2] / "configs"


def _expand(data: Path, out: Path, values: dict[str, Any] | None = None, **how: Any) -> Report:
    return expand(data, out, config=load(None, values), options=Options(workers=1, **how))


def _cifar(folder: Path) -> Path:
    return packed.write_tar(
        folder / "cifar-10-python.tar.gz", "cifar-10-batches-py", packed.cifar10_files()
    )


def test_cifar_archive_becomes_png_files_in_splits(tmp_path: Path) -> None:
    report = _expand(_cifar(tmp_path), tmp_path / "out")
    assert (report.originals, report.copies, report.exit_code) == (120, 150, 0)
    files = Counter(path.parts[-3] for path in (tmp_path / "out").rglob("*.png"))
    assert files == {"train": 250, "test": 20}
    original = cv2.imread(str(tmp_path / "out/test/automobile/00001.png"))
    row = packed.planes(20, 99)[1].reshape(3, 32, 32)
    assert np.array_equal(original[..., ::-1].transpose(2, 0, 1), row)


def test_copies_of_packed_pictures_follow_their_originals_in_the_manifest(tmp_path: Path) -> None:
    _expand(_cifar(tmp_path), tmp_path / "out")
    rows = list(read(tmp_path / "out/manifest.csv"))
    keys = [
        (row.split, row.class_name, row.source, -1 if row.copy is None else row.copy)
        for row in rows
    ]
    assert sorted(keys) == keys
    assert len({row.path for row in rows}) == len(rows)


@pytest.mark.processes
@pytest.mark.parametrize(
    "make", ["cifar", *(pytest.param(each, marks=pytest.mark.slow) for each in ("idx", "npz"))]
)
def test_spawned_workers_make_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: str
) -> None:
    if make == "cifar":
        data = _cifar(tmp_path)
    elif make == "idx":
        data = packed.write_folder(tmp_path / "m", packed.gzipped(packed.idx_files()))
    else:
        data = tmp_path / "mnist.npz"
        np.savez_compressed(data, **packed.keras_arrays())
    monkeypatch.setattr("augtool.engines.processes._start_method", lambda: "spawn")
    expand(data, tmp_path / "one", options=Options(engine="serial"))
    expand(data, tmp_path / "two", options=Options(workers=2))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_output_is_the_same_whether_archive_or_folder(tmp_path: Path) -> None:
    folder = packed.write_folder(tmp_path / "folder", packed.cifar10_files())
    _expand(folder, tmp_path / "a")
    _expand(_cifar(tmp_path), tmp_path / "b")
    assert (tmp_path / "a/manifest.csv").read_bytes() == (tmp_path / "b/manifest.csv").read_bytes()


def test_coarse_labels_make_other_folders(tmp_path: Path) -> None:
    folder = packed.write_folder(tmp_path / "c", packed.cifar100_files())
    _expand(folder, tmp_path / "out", {"ratio": 0}, source={"label": "coarse"})
    assert len(list((tmp_path / "out/train").iterdir())) == 20


def test_class_names_with_slashes_are_safe_folders_and_true_in_the_manifest(
    tmp_path: Path,
) -> None:
    data = packed.write_folder(tmp_path / "fashion", packed.idx_files())
    _expand(data, tmp_path / "out", {"classes": packed.FASHION, "ratio": 0.5})
    assert (tmp_path / "out/train/T-shirt_top/00000.png").is_file()
    names = {row.class_name for row in read(tmp_path / "out/manifest.csv")}
    assert names == set(packed.FASHION)
    dataset = json.loads((tmp_path / "out/dataset.json").read_text())
    assert dataset["classes"] == packed.FASHION


def test_class_names_that_would_share_a_folder_get_their_own(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "a.npz",
        x=packed.gray(8),
        y=np.arange(8) % 4,
        classes=["a/b", "a_b", "A_B", ".."],
    )
    _expand(tmp_path / "a.npz", tmp_path / "out", {"ratio": 1})
    assert sum(path.is_dir() for path in (tmp_path / "out").iterdir()) == 4


ODD_NAMES = [
    *("manifest.csv", "Manifest.CSV", "dataset.json", "failures.csv", "metadata.csv"),
    *("report.html", ".augtool", "train", "Val", "dots..", "space ", "Train_"),
]


@pytest.mark.parametrize(
    ("to", "metadata"),
    [
        ("tree", None),
        pytest.param("tree", "hf", marks=pytest.mark.slow),
        pytest.param("webdataset", None, marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("split", [None, {"val": 0.4}])
def test_classes_that_are_called_like_files_of_the_output_are_written(
    tmp_path: Path, to: str, metadata: str | None, split: dict[str, float] | None
) -> None:
    root = make_tree(tmp_path / "data", {str(number): 4 for number in range(len(ODD_NAMES))})
    with (root / "t.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["filename", "class"])
        for path in sorted(root.rglob("*.png")):
            number = path.parent.name
            writer.writerow([path.relative_to(root), ODD_NAMES[int(number)]])
    (root / "broken.png").write_bytes(b"")
    with (root / "t.csv").open("a") as file:
        file.write("broken.png,train\n")  # so that there is a failures.csv
    settings = {"output": {"to": to, "metadata": metadata}, "split": split, "ratio": 1}
    report = _expand(root / "t.csv", tmp_path / "out", settings)
    assert (report.originals, report.exit_code) == (len(ODD_NAMES) * 4, 3)
    rows = list(read(tmp_path / "out/manifest.csv"))
    assert {row.class_name for row in rows} == set(ODD_NAMES)
    assert (tmp_path / "out/failures.csv").is_file()
    assert verify(tmp_path / "out").exit_code == 0
    if to == "tree":
        folders = {row.path.rpartition("/")[0] for row in rows if row.split == "train"}
        assert len(folders) == len(ODD_NAMES)
        assert {
            str(path.parent.relative_to(tmp_path / "out")) for path in tmp_path.glob("out/**/*.png")
        } >= folders
    if metadata:
        tables = {
            str(path.relative_to(tmp_path / "out")) for path in tmp_path.glob("out/**/metadata.csv")
        }
        assert tables == ({"train/metadata.csv", "val/metadata.csv"} if split else {"metadata.csv"})
    assert _expand(root / "t.csv", tmp_path / "out", settings).status == "up to date"


@pytest.mark.parametrize("folders", [("",), ("train", "val")])
def test_class_folders_that_are_called_like_files_of_the_output_are_written(
    tmp_path: Path, folders: tuple[str, ...]
) -> None:
    """A class called train with folders in it looks like a split to whoever goes by the path."""
    names = [name for name in ODD_NAMES if not name.startswith(".")]
    for folder in folders:
        make_tree(tmp_path / "data" / folder, {f"{name}/sub": 2 for name in names})
    _expand(tmp_path / "data", tmp_path / "out", {"ratio": 1, "output": {"metadata": "hf"}})
    rows = list(read(tmp_path / "out/manifest.csv"))
    assert {(row.split, row.class_name) for row in rows} == {
        (folder or "train", name) for folder in folders for name in names
    }
    tables = [tmp_path / "out" / folder / "metadata.csv" for folder in folders]
    assert [path for path in tables if path.is_file()] == tables
    assert len(list(tmp_path.glob("out/**/metadata.csv"))) == len(tables)
    assert verify(tmp_path / "out").exit_code == 0


def test_arrays_of_16_bits_keep_their_depth(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 2**16, (4, 9, 7), np.uint16)
    np.savez(tmp_path / "deep.npz", x=images, y=[0, 0, 1, 1])
    _expand(tmp_path / "deep.npz", tmp_path / "out")
    for path in (tmp_path / "out").rglob("*.png"):
        assert cv2.imread(str(path), cv2.IMREAD_UNCHANGED).dtype == np.uint16
    stored = cv2.imread(str(tmp_path / "out/0/00000.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(stored, images[0])


def test_table_gives_the_same_pictures_as_its_files(tmp_path: Path) -> None:
    root = make_tree(tmp_path / "data", {"cat": 3, "dog": 3})
    with (root / "t.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["filename", "class", "split"])
        for path in root.rglob("*.png"):
            split = "test" if path.stem == "02" else "train"
            writer.writerow([path.relative_to(root), path.parent.name, split])
    report = _expand(root / "t.csv", tmp_path / "out")
    assert (report.originals, report.copies) == (6, 6)
    copied = (tmp_path / "out/test/cat/02.png").read_bytes()
    assert copied == (root / "cat/02.png").read_bytes()


def test_second_run_is_up_to_date(tmp_path: Path) -> None:
    data = _cifar(tmp_path)
    assert _expand(data, tmp_path / "out").status == "done"
    assert _expand(data, tmp_path / "out").status == "up to date"
    assert _expand(data, tmp_path / "out", checksum=True).status == "up to date"


def test_split_holds_out_a_part_that_gets_no_copies(tiny_tree: Path, tmp_path: Path) -> None:
    report = _expand(tiny_tree, tmp_path / "out", {"split.val": 0.25, "ratio": 2})
    assert (report.originals, report.copies) == (12, 18)
    rows = list(read(tmp_path / "out/manifest.csv"))
    assert {row.copy for row in rows if row.split == "val"} == {None}
    assert Counter(row.split for row in rows) == {"train": 27, "val": 3}
    assert all(row.path.startswith(f"{row.split}/") for row in rows)


def test_split_of_packed_data_keeps_ids_and_the_test_set(tmp_path: Path) -> None:
    _expand(_cifar(tmp_path), tmp_path / "out", {"split.val": 0.3, "split.seed": 777})
    rows = [row for row in read(tmp_path / "out/manifest.csv") if row.copy is None]
    assert Counter(row.split for row in rows) == {"train": 70, "val": 30, "test": 20}
    assert all(row.source.startswith("train/") for row in rows if row.split == "val")


def test_same_bytes_never_lie_in_two_splits(tmp_path: Path) -> None:
    root = make_tree(tmp_path / "data", {"cat": 20, "dog": 20})
    for number in range(10):
        shutil.copy(root / f"cat/{number:02}.png", root / f"dog/copy{number:02}.png")
    _expand(root, tmp_path / "out", {"split.val": 0.5, "ratio": 0})
    splits: dict[str, set[str]] = {}
    for row in read(tmp_path / "out/manifest.csv"):
        splits.setdefault(row.source_sha256, set()).add(row.split)
    assert all(len(each) == 1 for each in splits.values())


def test_copies_of_training_pictures_do_not_depend_on_the_split(tmp_path: Path) -> None:
    root = make_tree(tmp_path / "data", {"cat": 8, "dog": 8})
    _expand(root, tmp_path / "a", {"per_image": 2})
    _expand(root, tmp_path / "b", {"per_image": 2, "split.val": 0.5})
    whole = {(row.source, row.copy): row.sha256 for row in read(tmp_path / "a/manifest.csv")}
    for row in read(tmp_path / "b/manifest.csv"):
        assert whole[row.source, row.copy] == row.sha256


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"split.val": 1.5}, "split.val: 1.5 is out of range; use less than 1"),
        ({"split.val": 0}, "split.val: 0 is out of range; use more than 0"),
        ({"split.val": 0.6, "split.test": 0.4}, "split: val and test together leave nothing"),
        ({"split.seed": 3}, "split: holds nothing out; set val or test to a fraction"),
        (
            {"split.val": 0.2, "split.group": "p("},
            "split.group: got 'p(': not a valid regular expression",
        ),
        ({"split.val": 0.2, "split.group": "p"}, "split.group: got 'p': has no group"),
        ({"split.dev": 0.2}, "split.dev: unknown key"),
        ({"transforms.validation_split": 0.2}, "use split: {val: 0.2}"),
    ],
)
def test_split_that_makes_no_sense_is_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, values)
    assert words in str(caught.value)


def test_config_without_a_split_has_the_digest_of_before() -> None:
    assert "split" not in Config().resolved()


def test_flags_choose_files_splits_and_groups(tiny_tree: Path, run_cli: Run) -> None:
    paths = sorted(f"{path.relative_to(tiny_tree)}" for path in tiny_tree.glob("[cd]*/0[0-2].png"))
    flags = ("--split", "val=0.3", "--split-seed", 777, "--group", r"/(\d)", "--json")
    done = run_cli(
        *("expand", tiny_tree, "out", "--files-from", "-", "-0", *flags),
        input="\0".join([*paths, "cat/99.png", ""]),
    )
    report = json.loads(done.stdout)
    # All share one group, which stays in training: a class must keep something to train on.
    assert (done.returncode, report["originals"], report["failed"]) == (3, 9, 1)


def test_class_that_is_one_group_is_warned_about(tiny_tree: Path, run_cli: Run) -> None:
    done = run_cli("expand", tiny_tree, "out", "--split", "val=0.3", "--group", "(^[a-z]+)")
    assert done.returncode == 0
    assert "val has no images of class 'cat' (nor of 2 other classes)" in done.stderr


def test_id_that_no_group_matches_ends_with_exit_2(tiny_tree: Path, run_cli: Run) -> None:
    done = run_cli("expand", tiny_tree, "out", "--split", "val=0.3", "--group", r"patient(\d+)")
    assert done.returncode == 2
    assert "cat/00.png: does not match --group" in done.stderr


def test_split_of_another_form_is_refused(tiny_tree: Path, run_cli: Run) -> None:
    done = run_cli("expand", tiny_tree, "out", "--split", "0.3")
    assert done.returncode == 2
    assert "--split 0.3: expected val=0.2" in done.stderr


def test_malicious_batch_ends_with_exit_2_and_nothing_made(tmp_path: Path) -> None:
    evil = b"cos\nsystem\n(S'touch witness'\ntR."
    folder = packed.write_folder(tmp_path / "c", packed.cifar10_files() | {"data_batch_4": evil})
    with pytest.raises(InputError, match=r"data_batch_4: asks to load 'os.system'") as caught:
        _expand(folder, tmp_path / "out")
    assert caught.value.exit_code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("recipe", "counts"),
    [
        ("cifar10-150", {"train": 100 + 150, "test": 20}),
        ("cifar10-split", {"train": 70 + 105, "val": 30, "test": 20}),
    ],
)
def test_recipes_for_cifar_run(tmp_path: Path, recipe: str, counts: dict[str, int]) -> None:
    config = load(CONFIGS / f"{recipe}.yaml")
    expand(_cifar(tmp_path), tmp_path / "out", config=config, options=Options(workers=1))
    rows = read(tmp_path / "out/manifest.csv")
    assert Counter(row.split for row in rows) == counts
    dataset = json.loads((tmp_path / "out/dataset.json").read_text())
    assert len(dataset["mean"]) == len(dataset["std"]) == 3


@pytest.mark.parametrize("form", ["idx", "npz"])
def test_recipe_for_mnist_runs(tmp_path: Path, form: str) -> None:
    data = tmp_path / "mnist.npz"
    if form == "idx":
        data = packed.write_folder(tmp_path / "mnist", packed.idx_files())
    else:
        np.savez_compressed(data, **packed.keras_arrays())
    config = load(CONFIGS / "mnist.yaml")
    report = expand(data, tmp_path / "out", config=config, options=Options(workers=1))
    assert (report.originals, report.copies) == (60, 45)
