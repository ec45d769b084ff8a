"""The promises of the design, end to end through the Python API."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from augtool import Config, ConfigError, InputError, Options, OutputError, expand
from augtool.core.pipeline import GEOMETRY_COLUMNS
from augtool.engines.progress import NullProgress
from augtool.errors import OccupiedError, StoppedError
from augtool.output.verify import verify
from tests.core.test_transforms import ON
from tests.pictures import contents, make_tree, picture, write

SERIAL = Options(engine="serial")


def run(data: Path, out: Path, options: Options = SERIAL, **settings: Any) -> Any:
    return expand(data, out, config=Config.model_validate(settings), options=options)


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "manifest.csv").open(
        newline="", encoding="utf-8", errors="surrogateescape"
    ) as file:
        return list(csv.DictReader(file))


def failures(out: Path) -> list[dict[str, str]]:
    with (out / "failures.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_example_of_the_readme(tiny_tree: Path, tmp_path: Path) -> None:
    report = run(tiny_tree, tmp_path / "out")
    assert (report.originals, report.copies, report.exit_code) == (12, 18, 0)
    table = rows(tmp_path / "out")
    assert len(table) == 30
    for row in table:
        data = (tmp_path / "out" / row["path"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == row["sha256"]
        assert row["path"].startswith(row["class"] + "/")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("cat", "dataset.json", "deer", "dog", "manifest.csv")
    ]
    keys = [(row["split"], row["class"], row["source"], row["copy"]) for row in table]
    assert keys == sorted(keys)


@pytest.mark.processes
@pytest.mark.parametrize("workers", [1, 3])
def test_the_output_does_not_depend_on_workers_or_engine(
    tiny_tree: Path, tmp_path: Path, workers: int
) -> None:
    run(tiny_tree, tmp_path / "one", transforms=ON)
    run(tiny_tree, tmp_path / "two", Options(workers=workers), transforms=ON)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_the_order_of_listing_does_not_count(
    tiny_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tiny_tree, tmp_path / "one")
    scan = os.scandir

    class Backwards:
        def __init__(self, path: Any) -> None:
            with scan(path) as entries:
                self._entries = sorted(entries, key=lambda entry: entry.name, reverse=True)

        def __enter__(self) -> Any:
            return iter(self._entries)

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(os, "scandir", Backwards)
    run(tiny_tree, tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_copies_are_stable_when_files_come_and_ratios_rise(tiny_tree: Path, tmp_path: Path) -> None:
    run(tiny_tree, tmp_path / "before", ratio=1)
    write(tiny_tree / "cat" / "new.png", picture(99))
    write(tiny_tree / "ant" / "first.png", picture(98))
    run(tiny_tree, tmp_path / "after", ratio=3)
    before, after = contents(tmp_path / "before"), contents(tmp_path / "after")
    pictures = [path for path in before if path.endswith(".png")]
    assert {path: after[path] for path in pictures} == {path: before[path] for path in pictures}


def test_a_manifest_row_explains_its_copy(tiny_tree: Path, tmp_path: Path) -> None:
    run(tiny_tree, tmp_path / "out", transforms={"rotation_range": 30, "zoom_range": 0.3})
    copies = [row for row in rows(tmp_path / "out") if row["kind"] == "augmented"]
    for row in copies:
        source = cv2.imread(str(tiny_tree / row["source"]))
        matrix = np.array([float(row[f"m{i}{j}"]) for i in (0, 1) for j in (0, 1, 2)])
        expected = cv2.warpAffine(
            source,
            matrix.reshape(2, 3),
            source.shape[1::-1],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        got = cv2.imread(str(tmp_path / "out" / row["path"]))
        np.testing.assert_array_equal(got, expected)
        assert all(row[name] for name in GEOMETRY_COLUMNS)


def test_a_row_with_two_more_columns_explains_a_copy_in_perspective(
    tiny_tree: Path, tmp_path: Path
) -> None:
    on = {"crop_range": 0.3, "rotation_range": 30, "perspective_range": 0.5}
    run(tiny_tree, tmp_path / "out", transforms=on)
    for row in [row for row in rows(tmp_path / "out") if row["kind"] == "augmented"]:
        width, height = int(row["width"]), int(row["height"])
        to_source = np.array(
            [float(row[f"m{i}{j}"]) for i in (0, 1) for j in (0, 1, 2)] + [0, 0, 1]
        )
        centre = np.array([[1, 0, (width - 1) / 2], [0, 1, (height - 1) / 2], [0, 0, 1]])
        tilt = np.eye(3)
        tilt[2, 0] = 2 * float(row["perspective_x"]) / width
        tilt[2, 1] = 2 * float(row["perspective_y"]) / height
        expected = cv2.warpPerspective(
            cv2.imread(str(tiny_tree / row["source"])),
            to_source.reshape(3, 3) @ centre @ tilt @ np.linalg.inv(centre),
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        got = cv2.imread(str(tmp_path / "out" / row["path"]))
        assert cv2.absdiff(got, expected).max() <= 1
        assert 0.3 <= float(row["crop_area"]) < 1


def test_columns_follow_the_transforms_that_are_on(tiny_tree: Path, tmp_path: Path) -> None:
    run(
        tiny_tree, tmp_path / "out", per_class={"cat": {"transforms": {"brightness_range": [2, 2]}}}
    )
    table = rows(tmp_path / "out")
    assert "channel_shift" not in table[0]
    bright = {row["class"] for row in table if row["brightness"]}
    assert bright == {"cat"}


def test_dataset_json_says_what_it_should(tiny_tree: Path, tmp_path: Path) -> None:
    report = run(tiny_tree, tmp_path / "out", ratio=0.5)
    dataset = json.loads((tmp_path / "out" / "dataset.json").read_bytes())
    manifest_bytes = (tmp_path / "out" / "manifest.csv").read_bytes()
    assert dataset["digest"] == hashlib.sha256(manifest_bytes).hexdigest() == report.digest
    assert dataset["classes"] == ["cat", "deer", "dog"]
    assert dataset["counts"]["train"]["cat"] == {"original": 4, "augmented": 2}
    assert dataset["versions"]["cv2"] == cv2.__version__
    assert dataset["config"]["ratio"] == 0.5
    pixels = np.concatenate(
        [cv2.imread(str(path)).reshape(-1, 3) for path in sorted(tiny_tree.rglob("*.png"))]
    )
    np.testing.assert_allclose(dataset["mean"], pixels.mean(axis=0)[::-1], rtol=1e-12)
    np.testing.assert_allclose(dataset["std"], pixels.std(axis=0)[::-1], rtol=1e-9)
    text = (tmp_path / "out" / "dataset.json").read_text() + manifest_bytes.decode()
    assert str(tmp_path) not in text


def test_only_the_training_split_is_augmented(tmp_path: Path) -> None:
    for split, count in (("train", 3), ("validation", 2), ("test", 1)):
        make_tree(tmp_path / "data" / split, {"cat": count, "dog": count})
    run(tmp_path / "data", tmp_path / "out", ratio=1, output={"resize": "10x20"})
    table = rows(tmp_path / "out")
    assert {row["split"] for row in table if row["kind"] == "augmented"} == {"train"}
    assert {(row["split"], row["path"].split("/")[0]) for row in table} == {
        *(("train", "train"), ("val", "validation"), ("test", "test"))
    }
    assert {(row["height"], row["width"]) for row in table} == {("10", "20")}
    assert sum(row["split"] == "val" for row in table) == 4


def test_class_order_and_subset_give_the_labels(tiny_tree: Path, tmp_path: Path) -> None:
    run(tiny_tree, tmp_path / "out", classes=["dog", "cat"], ratio=0)
    assert {(row["class"], row["label"]) for row in rows(tmp_path / "out")} == {
        *(("dog", "0"), ("cat", "1"))
    }
    with pytest.raises(InputError, match=r"'cats' of classes is not in .*did you mean 'cat'"):
        run(tiny_tree, tmp_path / "other", classes=["cats"])


def test_what_is_no_class_is_passed_over(tiny_tree: Path, tmp_path: Path) -> None:
    for name in ("__MACOSX", ".cache"):
        write(tiny_tree / name / "x.png", picture())
    (tiny_tree / "cat" / "Thumbs.db").write_bytes(b"x")
    (tiny_tree / "cat" / ".DS_Store").write_bytes(b"x")
    (tiny_tree / "README.txt").write_text("hello")
    report = run(tiny_tree, tmp_path / "out")
    assert report.originals == 12
    assert report.exit_code == 0
    assert report.plan.listing.ignored == {"(hidden)": 1, ".db": 1, ".txt": 1}


def test_an_empty_class_is_named(tiny_tree: Path, tmp_path: Path) -> None:
    (tiny_tree / "wolf").mkdir()
    with pytest.raises(InputError, match=r"class 'wolf' in .* has no images to train on"):
        run(tiny_tree, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_broken_inputs_are_named_and_the_rest_goes_on(tiny_tree: Path, tmp_path: Path) -> None:
    (tiny_tree / "cat" / "00.png").write_bytes(b"")
    (tiny_tree / "dog" / "text.jpg").write_text("hello")
    (tiny_tree / "dog" / "photo.heic").write_bytes(b"x")
    write(tiny_tree / "stray.png", picture())
    report = run(tiny_tree, tmp_path / "out", per_image=2)
    assert (report.exit_code, report.failed, report.missing) == (3, 4, 6)
    assert [(row["source"], row["stage"]) for row in failures(tmp_path / "out")] == [
        *(("cat/00.png", "decode"), ("dog/photo.heic", "list")),
        *(("dog/text.jpg", "decode"), ("stray.png", "list")),
    ]
    assert len(rows(tmp_path / "out")) == 11 * 3
    assert not list((tmp_path / "out" / "cat").glob("00*"))


def test_on_error_fail_stops_at_the_first(tiny_tree: Path, tmp_path: Path) -> None:
    (tiny_tree / "cat" / "00.png").write_bytes(b"")
    with pytest.raises(StoppedError, match=r"cat/00.png: damaged: it is empty") as caught:
        run(tiny_tree, tmp_path / "out", replace(SERIAL, on_error="fail"))
    assert caught.value.exit_code == 1
    assert not (tmp_path / "out" / "manifest.csv").exists()


@pytest.mark.parametrize(
    ("name", "image", "settings", "flag"),
    [
        ("a.png", picture(0, 9, 8, 4), {"format": "jpg"}, "--flatten white"),
        ("a.png", picture(0, 9, 8, 3, np.uint16), {"format": "jpg"}, "--depth 8"),
    ],
)
def test_what_the_format_cannot_hold_is_a_named_failure(
    tiny_tree: Path, tmp_path: Path, name: str, image: Any, settings: Any, flag: str
) -> None:
    write(tiny_tree / "cat" / name, image)
    report = run(tiny_tree, tmp_path / "out", output=settings)
    assert report.exit_code == 3
    (failure,) = failures(tmp_path / "out")
    assert failure["source"] == "cat/a.png"
    assert flag in failure["reason"]
    mended = {**settings, "flatten": "white", "depth": 8}
    assert run(tiny_tree, tmp_path / "mended", output=mended).exit_code == 0


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_depth_and_channels_survive(tmp_path: Path, channels: int, dtype: Any) -> None:
    from augtool.images import codec

    image = picture(0, 24, 31, channels, dtype)
    (tmp_path / "data" / "cat").mkdir(parents=True)
    (tmp_path / "data" / "cat" / "a.png").write_bytes(codec.encode(image, "png", 95))
    run(tmp_path / "data", tmp_path / "out", per_image=2, transforms=ON)
    for path in (tmp_path / "out").rglob("*.png"):
        data = path.read_bytes()
        got = codec.decode(data, codec.probe(data, 10**6))
        assert (got.shape, got.dtype) == (image.shape, image.dtype)


def test_exif_orientation_is_applied_once_and_not_left_behind(tmp_path: Path) -> None:
    from PIL import Image, ImageOps

    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "data" / "cat" / "a.jpg"
    path.parent.mkdir(parents=True)
    Image.fromarray(picture(0, 20, 30)).save(path, exif=exif, quality=95)
    run(tmp_path / "data", tmp_path / "out", per_image=1, transforms={})
    upright = np.asarray(ImageOps.exif_transpose(Image.open(path))).astype(int)
    verdict = verify(tmp_path / "out", replay="all")
    assert verdict.findings == []
    assert verdict.replayed == {"without their source (pass --data)": 1}
    assert verify(tmp_path / "out", replay="all", data=tmp_path / "data").replayed == {"exact": 1}
    for row in rows(tmp_path / "out"):
        written = Image.open(tmp_path / "out" / row["path"])
        assert written.getexif().get(0x0112) is None
        assert np.abs(np.asarray(written) - upright).max() <= 12  # encoded once more
        assert (row["width"], row["height"]) == ("20", "30")
        assert row["sha256"] != row["source_sha256"]


def test_originals_are_copied_byte_for_byte_or_linked_or_left_out(
    tiny_tree: Path, tmp_path: Path
) -> None:
    source = tiny_tree / "cat" / "00.png"
    run(tiny_tree, tmp_path / "copy")
    assert (tmp_path / "copy" / "cat" / "00.png").read_bytes() == source.read_bytes()
    run(tiny_tree, tmp_path / "hard", output={"originals": "hardlink"})
    assert (tmp_path / "hard" / "cat" / "00.png").samefile(source)
    run(tiny_tree, tmp_path / "soft", output={"originals": "symlink"})
    link = tmp_path / "soft" / "cat" / "00.png"
    assert link.is_symlink()
    assert not link.readlink().is_absolute()
    assert link.resolve() == source.resolve()
    run(tiny_tree, tmp_path / "none", output={"originals": "omit"})
    assert {row["kind"] for row in rows(tmp_path / "none")} == {"augmented"}


@pytest.mark.parametrize("format", ["png", "jpg", "webp"])
def test_a_format_is_for_originals_too(tiny_tree: Path, tmp_path: Path, format: str) -> None:
    write(tiny_tree / "cat" / "photo.jpg", picture(5))
    run(tiny_tree, tmp_path / "out", output={"format": format})
    suffixes = {path.suffix for path in (tmp_path / "out" / "cat").iterdir()}
    assert suffixes == {f".{format}"}


def test_resize_with_crop_keeps_the_middle(tmp_path: Path) -> None:
    image = np.zeros((40, 80, 3), np.uint8)
    image[:, 20:60] = 200
    write(tmp_path / "data" / "cat" / "a.png", image)
    run(tmp_path / "data", tmp_path / "out", ratio=0, output={"resize": "10x10", "crop": True})
    assert cv2.imread(str(tmp_path / "out" / "cat" / "a.png")).min() == 200


def test_nested_folders_and_odd_names_survive(tmp_path: Path) -> None:
    names = ["a b", "x,y", 'say "hi"', "two\nlines", "=1+1", "-rf", "ünï", "sub/deep"]
    for name in names:
        write(tmp_path / "data" / "c,lass" / f"{name}.png", picture())
    (tmp_path / "data" / "c,lass" / os.fsdecode(b"caf\xe9.png")).write_bytes(
        (tmp_path / "data" / "c,lass" / "a b.png").read_bytes()
    )
    report = run(tmp_path / "data", tmp_path / "out", per_image=1)
    assert (report.exit_code, report.files) == (0, 18)
    table = rows(tmp_path / "out")
    assert {row["path"] for row in table} == {
        path for path in contents(tmp_path / "out") if path not in ("manifest.csv", "dataset.json")
    }
    assert {row["source"] for row in table if row["copy"]} == {
        *(f"c,lass/{name}.png" for name in names),
        os.fsdecode(b"c,lass/caf\xe9.png"),
    }


def test_links_are_not_followed_out_of_the_data_unless_asked(tmp_path: Path) -> None:
    data, outside = tmp_path / "data", write(tmp_path / "outside" / "x.png", picture(1))
    write(data / "cat" / "in.png", picture(2))
    write(data / ".cache" / "y.png", picture(3))
    (data / "cat" / "link.png").symlink_to(outside)
    (data / "cat" / "folder").symlink_to(outside.parent)
    (data / "cat" / "loop").symlink_to(data / "cat")
    (data / "cat" / "inner.png").symlink_to(data / ".cache" / "y.png")
    report = run(data, tmp_path / "out", per_image=0)
    assert {row["source"] for row in rows(tmp_path / "out")} == {"cat/in.png", "cat/inner.png"}
    assert [row["source"] for row in failures(tmp_path / "out")] == [
        *("cat/folder", "cat/link.png", "cat/loop")
    ]
    assert report.exit_code == 3
    options = replace(SERIAL, source={"follow_links": True})
    run(data, tmp_path / "followed", options, per_image=0)
    assert {row["source"] for row in rows(tmp_path / "followed")} == {
        *("cat/in.png", "cat/inner.png", "cat/folder/x.png")
    }
    assert [(row["source"], row["reason"][:31]) for row in failures(tmp_path / "followed")] == [
        ("cat/link.png", "is a link to cat/folder/x.png, "),
        ("cat/loop", "is a link to a folder above it,"),
    ]


def test_hidden_names_are_said_to_everybody(tiny_tree: Path, tmp_path: Path) -> None:
    told: list[str] = []

    class Told(NullProgress):
        def message(self, text: str) -> None:
            told.append(text)

    write(tiny_tree / "cat/.a.png", picture())
    write(tiny_tree / ".wolf/1.png", picture())
    said = (
        "hidden files and folders ignored: 2 (names that begin with a dot);"
        " rename what should be used"
    )
    for options in (replace(SERIAL, dry_run=True), SERIAL, SERIAL):  # the last is up to date
        told.clear()
        report = expand(tiny_tree, tmp_path / "out", options=options, progress=Told())
        assert told.count(said) == 1
        assert report.exit_code == 0
    assert report.status == "up to date"


def test_links_to_one_image_give_it_once(tiny_tree: Path, tmp_path: Path) -> None:
    plain = run(tiny_tree, tmp_path / "plain")
    for number in range(3):
        (tiny_tree / f"cat/link{number}.png").symlink_to("00.png")
    (tiny_tree / "dog/cats").symlink_to("../cat")
    linked = run(tiny_tree, tmp_path / "linked")
    assert (linked.digest, linked.exit_code) == (plain.digest, 3)
    assert [row["source"] for row in failures(tmp_path / "linked")] == [
        *("cat/link0.png", "cat/link1.png", "cat/link2.png", "dog/cats")
    ]


def test_pipes_and_devices_are_refused_not_read(tiny_tree: Path, tmp_path: Path) -> None:
    os.mkfifo(tiny_tree / "cat" / "pipe.png")
    (tiny_tree / "cat" / "zero.png").symlink_to("/dev/zero")
    options = replace(SERIAL, source={"follow_links": True})
    assert run(tiny_tree, tmp_path / "out", options).exit_code == 3
    assert {row["reason"] for row in failures(tmp_path / "out")} == {
        "is not a regular file; replace it with the image itself"
    }


@pytest.mark.parametrize("place", ["data", "data/inside", "."])
def test_outputs_that_overlap_the_data_are_refused(
    tiny_tree: Path, tmp_path: Path, place: str
) -> None:
    before = contents(tiny_tree)
    with pytest.raises(ConfigError, match=r"is the data itself|lies inside"):
        run(tiny_tree, tmp_path / place)
    assert contents(tiny_tree) == before


LINKED = replace(SERIAL, source={"follow_links": True})


@pytest.mark.parametrize(
    ("link", "target", "said"),
    [
        ("owl", "out", r"data: 'owl' leads into the output"),  # not there yet
        ("owl", "out/cat", r"data: 'owl' leads into the output"),
        ("cat/more", "out/cat", r"data: 'cat/more' leads into the output"),
        ("cat/x.png", "out/cat/00__aug0.png", r"data: 'cat/x.png' leads into the output"),
        ("owl", "above", r"out: lies inside .*above, which the link 'owl' of the data"),
        ("train", "above", r"out: lies inside .*above, which the link 'train' of the data"),
    ],
)
def test_outputs_that_links_of_the_data_lead_to_are_refused(
    tmp_path: Path, link: str, target: str, said: str
) -> None:
    data = make_tree(tmp_path / "data", {"cat": 1} if link != "train" else {"val/cat": 1})
    make_tree(tmp_path / "above", {"cat": 1, "": 1})
    out = tmp_path / ("above/new/out" if target == "above" else "out")
    if target not in ("out", "above"):
        run(make_tree(tmp_path / "others", {"cat": 1}), out)
    (data / link).symlink_to(tmp_path / target)
    before = contents(tmp_path)
    with pytest.raises(ConfigError, match=said):
        run(data, out, LINKED)
    assert contents(tmp_path) == before
    assert target != "above" or not (tmp_path / "above/new").exists()


def test_links_that_are_not_followed_or_lead_beside_the_output_refuse_nothing(
    tmp_path: Path,
) -> None:
    data = make_tree(tmp_path / "data", {"cat": 1})
    (data / "cat/out").symlink_to(tmp_path / "out")
    assert run(data, tmp_path / "out").exit_code == 3  # named as a failure
    (data / "cat/out").unlink()
    write(tmp_path / "photos/one.png", picture(7))
    (data / "cat/one.png").symlink_to(tmp_path / "photos/one.png")
    assert run(data, tmp_path / "photos/out", LINKED).exit_code == 0


def test_a_table_that_lists_files_of_the_output_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "one.png", picture(7))
    table = tmp_path / "table.csv"
    table.write_text("filename,class\none.png,cat\nout/cat/one__aug0.png,cat\n")
    with pytest.raises(ConfigError, match=r"'out/cat/one__aug0.png' leads into the output"):
        run(table, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    table.write_text("filename,class\none.png,cat\n")
    assert run(table, tmp_path / "out").exit_code == 0


def test_an_output_that_is_a_file_or_somebody_elses_is_refused(
    tiny_tree: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="is a file, not a folder"):
        run(tiny_tree, tmp_path / "file")
    with pytest.raises(ConfigError, match="is a file, not a folder"):
        run(tiny_tree, tmp_path / "file" / "below")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    for existing in ("refuse", "overwrite", "update"):
        with pytest.raises(OccupiedError, match=r"did not write, such as 'thesis.txt'"):
            run(tiny_tree, tmp_path / "mine", replace(SERIAL, existing=existing))  # type: ignore[arg-type]
    assert contents(tmp_path / "mine") == {"thesis.txt": b"x"}


def test_a_dry_run_makes_nothing(tiny_tree: Path, tmp_path: Path) -> None:
    report = run(tiny_tree, tmp_path / "out", replace(SERIAL, dry_run=True))
    assert report.status == "planned"
    assert report.to_json()["plan"]["arithmetic"] == "12 originals + 18 copies = 30 files"
    assert not (tmp_path / "out").exists()


def test_a_radian_era_shear_is_warned_about_with_both_readings(
    tiny_tree: Path, tmp_path: Path
) -> None:
    warnings: list[str] = []

    class Warnings(NullProgress):
        def warning(self, text: str) -> None:
            warnings.append(text)

    config = Config.model_validate({"transforms": {"shear_range": 0.2}})
    expand(tiny_tree, tmp_path / "out", config=config, options=SERIAL, progress=Warnings())
    assert warnings == [
        "shear_range 0.2 is 0.2 degrees (0.04 px at the edge of these 24 px images),"
        " which changes next to nothing; if it was meant in radians, set it to 11.46, otherwise to"
        " 5 or more, or leave it out"
    ]


def test_a_fill_by_channel_is_red_green_blue(tiny_tree: Path, tmp_path: Path) -> None:
    settings = {"width_shift_range": [5, 5], "fill_mode": "constant", "cval": [250, 20, 30]}
    values = {"per_image": 1, "transforms": settings, "output": {"format": "png"}}
    config = Config.model_validate(values)
    expand(tiny_tree, tmp_path / "out", config=config)
    made = Pillow.open(tmp_path / "out" / "cat" / "00__aug0.png")
    assert made.getpixel((0, 5)) == (250, 20, 30)


def test_a_cval_that_does_not_fit_names_the_picture(tiny_tree: Path, tmp_path: Path) -> None:
    write(tiny_tree / "cat" / "gray.png", picture(0, channels=1))
    settings = {"fill_mode": "constant", "cval": [1, 2, 3]}
    assert run(tiny_tree, tmp_path / "out", transforms=settings).exit_code == 3
    (failure,) = failures(tmp_path / "out")
    assert failure == {
        "source": "cat/gray.png",
        "stage": "transform",
        "reason": "cval has 3 numbers, the image has 1 channels; set cval to one number",
    }


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_each_form_goes_through_all_transforms_that_take_it_or_is_refused_by_name(
    tmp_path: Path, channels: int, dtype: Any
) -> None:
    """A refused picture is a failure as a whole; without those that refuse it, all is remade."""
    make_tree(tmp_path / "data", {"cat": 2}, channels=channels, dtype=dtype)
    left = dict(ON)
    for turn in range(len(ON)):
        out = tmp_path / f"out{turn}"
        if run(tmp_path / "data", out, per_image=3, transforms=left).exit_code == 0:
            break
        refused = {(each["stage"], each["reason"].split()[0]) for each in failures(out)}
        ((stage, name),) = refused
        assert stage == "transform"
        assert "; pass --" in failures(out)[0]["reason"]
        del left[name]
    refused_names = {
        *(("hue_range", "equalize", "clahe", "jpeg_range") if dtype == np.uint16 else ()),
        *(("jpeg_range",) if channels == 4 else ()),
    } - ({"hue_range"} if channels < 3 else set())
    assert set(ON) - set(left) == refused_names
    verdict = verify(out, replay="all", data=tmp_path / "data")
    assert (verdict.findings, verdict.replayed) == ([], {"exact": 6})


def test_what_a_transform_refuses_is_carried_over_where_nothing_is_augmented(
    tmp_path: Path,
) -> None:
    make_tree(tmp_path / "data" / "train", {"cat": 1})
    make_tree(tmp_path / "data" / "val", {"cat": 1}, dtype=np.uint16)
    report = run(tmp_path / "data", tmp_path / "out", transforms={"equalize": True})
    assert report.exit_code == 0


def test_a_write_error_ends_the_run_without_a_manifest(
    tiny_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, count = os.write, iter(range(10_000))

    def full(fd: int, data: bytes) -> int:
        if next(count) >= 5:
            raise OSError(28, "No space left on device")
        return real(fd, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OutputError, match="No space left") as caught:
            run(tiny_tree, tmp_path / "out")
    assert caught.value.exit_code == 5
    assert not (tmp_path / "out" / "manifest.csv").exists()
    run(tiny_tree, tmp_path / "out")
    run(tiny_tree, tmp_path / "fresh")
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


def test_the_report_is_json(tiny_tree: Path, tmp_path: Path) -> None:
    report = run(tiny_tree, tmp_path / "out")
    assert json.loads(json.dumps(report.to_json()))["files"] == 30
    assert "Sample" not in repr(report)  # a million of them
