from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augtool import expand, runtime
from augtool.config.load import load
from augtool.errors import ConfigError
from augtool.run.options import Options
from augtool.sinks import open_sink
from tests.pictures import contents, make_tree, picture, write
from tests.sinks.reading import rows_of

KINDS = pytest.mark.parametrize("sink", ["npz", "npy"])


def arrays_of(out: Path) -> dict[str, Any]:
    if (out / "data.npz").exists():
        with np.load(out / "data.npz") as archive:
            return {name: archive[name] for name in archive.files}
    return {path.stem: np.load(path, mmap_mode="r") for path in out.glob("*.npy")}


def run(data: Path, out: Path, sink: str = "npz", **settings: Any) -> dict[str, Any]:
    workers = settings.pop("workers", 1)
    engine = "serial" if workers == 1 else "processes"
    config = load(None, {"output.to": sink, **settings})
    expand(data, out, config=config, options=Options(workers, engine=engine))
    return arrays_of(out)


@pytest.fixture
def split_tree(tmp_path: Path) -> Path:
    make_tree(tmp_path / "split/train", {"cat": 6, "dog": 4})
    make_tree(tmp_path / "split/val", {"cat": 2, "dog": 1})
    return tmp_path / "split"


@KINDS
def test_splits_become_pairs_of_arrays(split_tree: Path, tmp_path: Path, sink: str) -> None:
    arrays = run(split_tree, tmp_path / "out", sink)
    assert {name: each.shape for name, each in arrays.items()} == {
        "x_train": (25, 24, 31, 3),
        "y_train": (25,),
        "x_val": (3, 24, 31, 3),
        "y_val": (3,),
    }
    assert arrays["x_train"].dtype == np.uint8


def test_without_splits_all_is_train(tiny_tree: Path, tmp_path: Path) -> None:
    assert set(run(tiny_tree, tmp_path / "out")) == {"x_train", "y_train"}


@KINDS
@pytest.mark.parametrize("shuffle", [False, True])
def test_labels_stand_with_their_pictures(
    tiny_tree: Path, tmp_path: Path, sink: str, shuffle: bool
) -> None:
    arrays = run(tiny_tree, tmp_path / "out", sink, **{"output.shuffle": shuffle})
    rows = rows_of(tmp_path / "out")
    places = [int(row["path"].split("[")[1][:-1]) for row in rows]
    assert sorted(places) == list(range(30))
    assert (places == sorted(places)) is not shuffle
    assert [arrays["y_train"][at] for at in places] == [int(row["label"]) for row in rows]


def test_shuffle_leaves_held_out_splits_alone(split_tree: Path, tmp_path: Path) -> None:
    plain = run(split_tree, tmp_path / "plain")
    mixed = run(split_tree, tmp_path / "mixed", **{"output.shuffle": True})
    np.testing.assert_array_equal(mixed["x_val"], plain["x_val"])
    assert not np.array_equal(mixed["y_train"], plain["y_train"])


def test_shuffle_depends_on_the_seed_alone(tiny_tree: Path, tmp_path: Path) -> None:
    settings = {"output.shuffle": True}
    run(tiny_tree, tmp_path / "one", **settings)
    run(tiny_tree, tmp_path / "two", **settings)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    first = run(tiny_tree, tmp_path / "three", **settings, seed=1)["y_train"]
    assert not np.array_equal(first, arrays_of(tmp_path / "one")["y_train"])


@KINDS
def test_class_modes(tiny_tree: Path, split_tree: Path, tmp_path: Path, sink: str) -> None:
    sparse = run(tiny_tree, tmp_path / "sparse", sink)["y_train"]
    one_hot = run(tiny_tree, tmp_path / "hot", sink, **{"output.class_mode": "categorical"})
    binary = run(split_tree, tmp_path / "binary", sink, **{"output.class_mode": "binary"})
    assert sparse.dtype == np.int64
    np.testing.assert_array_equal(one_hot["y_train"], np.eye(3, dtype=np.float32)[sparse])
    assert one_hot["y_train"].dtype == binary["y_train"].dtype == np.float32
    assert set(binary["y_train"]) == {0.0, 1.0}


def test_binary_needs_two_classes(tiny_tree: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="binary needs two classes, but there are 3"):
        run(tiny_tree, tmp_path / "out", **{"output.class_mode": "binary"})


def test_gray_sixteen_bit_pictures_keep_depth_and_get_an_axis(tmp_path: Path) -> None:
    image = picture(1, channels=1, dtype=np.uint16)
    write(tmp_path / "data/a/1.png", image)
    x = run(tmp_path / "data", tmp_path / "out")["x_train"]
    assert x.dtype == np.uint16
    np.testing.assert_array_equal(x[0, ..., 0], image)


def test_alpha_is_the_fourth_channel(tmp_path: Path) -> None:
    image = picture(1, channels=4)
    write(tmp_path / "data/a/1.png", image)
    x = run(tmp_path / "data", tmp_path / "out")["x_train"]
    np.testing.assert_array_equal(x[0], image[..., [2, 1, 0, 3]])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "uint16"])
def test_dtype_is_obeyed(tiny_tree: Path, tmp_path: Path, dtype: str) -> None:
    plain = run(tiny_tree, tmp_path / "plain")["x_train"]
    made = run(tiny_tree, tmp_path / "out", **{"transforms.dtype": dtype})["x_train"]
    assert made.dtype == dtype
    np.testing.assert_array_equal(made, plain)


def test_rescale_makes_float32(tiny_tree: Path, tmp_path: Path) -> None:
    plain = run(tiny_tree, tmp_path / "plain")["x_train"]
    made = run(tiny_tree, tmp_path / "out", **{"transforms.rescale": "1/255"})["x_train"]
    assert made.dtype == np.float32
    np.testing.assert_array_equal(made, plain.astype(np.float32) * np.float32(1 / 255))


@KINDS
def test_statistics_are_stored_and_of_originals(
    split_tree: Path, tmp_path: Path, sink: str
) -> None:
    raw = run(split_tree, tmp_path / "raw", sink, per_image=0)["x_train"]
    made = run(
        split_tree,
        tmp_path / "out",
        sink,
        per_image=2,
        **{"transforms.featurewise_std_normalization": True},
    )
    np.testing.assert_allclose(made["featurewise_mean"], raw.mean(axis=(0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(made["featurewise_std"], raw.std(axis=(0, 1, 2)), rtol=1e-6)


@pytest.mark.processes
@KINDS
def test_normalised_bytes_do_not_depend_on_workers(
    tmp_path: Path, sink: str, split_tree: Path
) -> None:
    settings = {
        "transforms.zca_whitening": True,
        "transforms.rescale": "1/255",
        "output.resize": "8x8",
        "output.shuffle": True,
    }
    run(split_tree, tmp_path / "one", sink, **settings)
    run(split_tree, tmp_path / "two", sink, **settings, workers=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_no_clock_in_the_archive(tiny_tree: Path, tmp_path: Path) -> None:
    run(tiny_tree, tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "out/data.npz") as archive:
        assert {each.date_time for each in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {each.compress_type for each in archive.infolist()} == {zipfile.ZIP_STORED}


def refusal(data: Path, out: Path, workers: int, **settings: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        run(data, out, workers=workers, **settings)
    assert not (out / "manifest.csv").exists()
    assert not (out / "data.npz").exists()
    return str(caught.value)


@pytest.mark.parametrize(
    ("workers", "form", "words"),
    [
        (1, {"height": 20, "width": 31}, "--resize 24x31"),
        (1, {"channels": 4}, "--flatten white"),
        (1, {"dtype": np.uint16}, "--depth 8"),
        pytest.param(
            2, {"channels": 1}, "hold both; pass --color-mode rgb", marks=pytest.mark.processes
        ),
        (1, {"height": 9, "dtype": np.uint16, "channels": 4}, "--resize 24x31 --flatten white"),
    ],
)
def test_first_unequal_picture_is_named(
    tmp_path: Path, workers: int, form: dict[str, Any], words: str
) -> None:
    data = make_tree(tmp_path / "data", {"cat": 30, "dog": 30})
    for name in ("cat/17", "cat/29", "dog/03", "dog/28"):
        write(data / f"{name}.png", picture(5, **form))
    text = refusal(data, tmp_path / "out", workers)
    assert text.startswith("cat/17.png: is ")
    assert "but the first image is 24x31 (height x width), colour, 8 bits" in text
    assert words in text


def test_first_picture_that_can_be_read_sets_the_form(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data", {"cat": 5})
    (data / "cat/00.png").write_bytes(b"nothing")
    assert run(data, tmp_path / "out")["x_train"].shape == (10, 24, 31, 3)


def test_resize_makes_sizes_equal(tmp_path: Path) -> None:
    data = make_tree(tmp_path / "data", {"cat": 3})
    write(data / "cat/9.png", picture(1, 50, 20))
    arrays = run(data, tmp_path / "out", **{"output.resize": "16x12"})
    assert arrays["x_train"].shape == (10, 16, 12, 3)


def test_whitening_that_does_not_fit_is_refused(
    tiny_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augtool.sinks.arrays.memory_bytes", lambda: 10**8)
    with pytest.raises(ConfigError) as caught:
        run(tiny_tree, tmp_path / "out", **{"transforms.zca_whitening": True})
    text = str(caught.value)
    assert "images of 24x31 with 3 channels make a matrix of 2,232 x 2,232" in text
    assert "--resize" in text
    assert not (tmp_path / "out").exists()


def test_memory_is_that_of_the_machine() -> None:
    assert runtime.memory_bytes() > 10**8


def test_omitted_originals_leave_nothing_to_fit(tiny_tree: Path, tmp_path: Path) -> None:
    settings = {"transforms.featurewise_center": True, "output.originals": "omit"}
    with pytest.raises(ConfigError, match="omit leaves nothing to compute the featurewise"):
        run(tiny_tree, tmp_path / "out", **settings)


@pytest.mark.parametrize("to", ["tree", "webdataset", "tfrecord"])
def test_image_sinks_name_the_array_sinks(to: str) -> None:
    settings = {"output.to": to, "transforms.rescale": 0.5, "transforms.dtype": "float32"}
    config = load(None, settings)
    with pytest.raises(ConfigError) as caught:
        open_sink(config)
    assert list(caught.value.problems) == [
        f"transforms.{key}: changes numbers, not images, and {to} holds image files;"
        " use --to npz or --to npy, or leave it out and do it when you load"
        for key in ("rescale", "dtype")
    ]


def test_what_is_off_is_taken_by_any_sink() -> None:
    settings = {"transforms.featurewise_center": False, "transforms.rescale": None}
    open_sink(load(None, settings))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"transforms.rescale": "1/0"}, "expected a factor, such as 1/255"),
        ({"transforms.dtype": "int8"}, "expected one of uint8"),
        ({"transforms.zca_whitening": 1}, "expected true or false"),
        (
            {"transforms.rescale": 2, "transforms.dtype": "uint8"},
            "uint8 can't hold the result of rescale",
        ),
        ({"per_class.cat.transforms.rescale": 2}, "applies to the whole array"),
        ({"output.shard_size": "many"}, "expected a size such as 100MB"),
        ({"output.shard_size": 10}, "at least 1,000 bytes"),
    ],
)
def test_settings_are_checked(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        load(None, {"output.to": "npz", **settings})


@pytest.mark.slow
def test_arrays_are_never_built_in_memory(tmp_path: Path) -> None:
    """A gigabyte of floats from a process that may not have that much."""
    data = make_tree(tmp_path / "data", {"cat": 2}, height=512, width=512)
    code = (
        "import resource, sys; from augtool.runtime import load_opencv; load_opencv()\n"
        "from augtool.config.load import load; from augtool import expand\n"
        "from augtool.run.options import Options; to = {'output.to': 'npz', 'per_image': 80}\n"
        "config = load(None, {**to, 'transforms.dtype': 'float64'})\n"
        "expand(sys.argv[1], sys.argv[2], config=config, options=Options(1, engine='serial'))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, data, tmp_path / "out"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert (tmp_path / "out/data.npz").stat().st_size > 1_000_000_000
    assert int(done.stdout) < 400  # MB
