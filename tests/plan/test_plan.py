"""Who gets how many copies: exact, stable, and explained."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from augtool.config.schema import Config
from augtool.core.records import Listing, Sample, Samples
from augtool.errors import ConfigError, InputError
from augtool.plan.plan import Plan, make_plan
from augtool.plan.quotas import shares

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


def listing(classes: dict[str, int], held_out: int = 0) -> Listing:
    names = tuple(sorted(classes))
    samples = [
        Sample(f"{name}/{index:04}.png", "train", label, len(name) + 1)
        for label, name in enumerate(names)
        for index in range(classes[name])
    ]
    samples += [Sample(f"val/{names[0]}/{i}.png", "val", 0, 5) for i in range(held_out)]
    return Listing(Samples.of(samples), names, bool(held_out))


def plan(classes: dict[str, int], held_out: int = 0, **settings: Any) -> Plan:
    return make_plan(listing(classes, held_out), Config.model_validate(settings))


def by_class(made: Plan) -> dict[str, int]:
    counts = Counter[str]()
    for sample, copies in zip(made.samples, made.copies):
        counts[made.listing.classes[sample.label]] += copies
    return dict(counts)


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 60), min_size=1),
    st.floats(0, 20, allow_nan=False),
)
def test_the_total_is_exact_for_any_sizes_and_ratio(sizes: dict[str, int], ratio: float) -> None:
    made = plan(sizes, ratio=ratio)
    whole = sum(sizes.values())
    assert made.total_copies == int(ratio * whole)
    for name, copies in by_class(made).items():
        # The total is rounded down, then each share: less than one copy each.
        assert abs(copies - ratio * sizes[name]) < 2
    assert max(made.copies) - min(made.copies) <= 2


@given(st.dictionaries(st.text(min_size=1), st.integers(1, 1000), min_size=1), st.integers(0, 9999))
def test_shares_add_up_and_are_fair(sizes: dict[str, int], total: int) -> None:
    shared = shares(total, sizes)
    assert sum(shared.values()) == total
    for name, share in shared.items():
        assert abs(share - total * sizes[name] / sum(sizes.values())) < 1


def test_the_file_formats_are_those_that_are_read_or_written() -> None:
    config = Config.model_validate({"ratio": 1})
    names = ["a/1.JPEG", "a/2.gif", "a.png/3.tif", "a/4.webp.jpg"]
    samples = [Sample(name, "train", 0) for name in names]
    made = make_plan(Listing(Samples.of(samples), ("a",), False), config)
    assert made.file_formats() == ["gif", "jpg", "png", "tiff"]
    assert replace(made, format="webp").file_formats() == ["gif", "jpg", "tiff", "webp"]
    packed = make_plan(
        Listing(Samples.of([Sample("train/00001", "train", 0)]), ("a",), False),
        config,
        extension=".png",
    )
    assert packed.file_formats() == ["png"]


def test_the_classic_recipe_is_exact() -> None:
    made = plan({str(label): 5000 for label in range(10)}, ratio=1.5)
    assert made.total_copies == 75_000
    assert made.total_records == 125_000
    assert set(by_class(made).values()) == {7_500}
    assert set(made.copies) == {1, 2}
    assert made.arithmetic() == "50,000 originals + 75,000 copies = 125,000 files"


def test_a_higher_ratio_only_adds_copies() -> None:
    few, many = plan({"a": 30, "b": 7}, ratio=0.7), plan({"a": 30, "b": 7}, ratio=1.9)
    assert all(one <= other for one, other in zip(few.copies, many.copies))


def test_a_new_image_moves_at_most_the_margin() -> None:
    before, after = plan({"a": 40}, ratio=0.5), plan({"a": 41}, ratio=0.5)
    moved = sum(one != other for one, other in zip(before.copies, after.copies))
    assert moved <= 1


def test_bootstrap_leaves_some_images_out_but_keeps_the_total() -> None:
    made = plan({"a": 2000, "b": 1000}, ratio=1.5, sampling="bootstrap")
    assert by_class(made) == {"a": 3000, "b": 1500}
    # The share that is never drawn is e^-1.5 = 22.3 %, give or take four standard errors.
    assert made.copies.tolist().count(0) / 3000 == pytest.approx(0.223, abs=0.03)


def test_balance_ends_every_class_at_the_largest() -> None:
    assert by_class(plan({"a": 10, "b": 4}, balance=True)) == {"a": 0, "b": 6}
    assert by_class(plan({"a": 10, "b": 4}, balance=True, ratio=1.5)) == {"a": 15, "b": 21}


def test_amounts_other_than_a_ratio() -> None:
    assert by_class(plan({"a": 10, "b": 5}, total=9)) == {"a": 6, "b": 3}
    assert set(plan({"a": 10, "b": 5}, per_image=3).copies) == {3}
    own = plan({"a": 10, "b": 4}, ratio=1, per_class={"b": {"ratio": 2.5}})
    assert by_class(own) == {"a": 10, "b": 10}


def test_held_out_images_get_no_copies() -> None:
    made = plan({"a": 10}, held_out=4, ratio=2)
    assert made.arithmetic() == "10 originals + 20 copies + 4 held out = 34 files"
    assert all(
        not copies for sample, copies in zip(made.samples, made.copies) if sample.split == "val"
    )


def test_omitted_originals_do_not_count() -> None:
    made = plan({"a": 10}, ratio=2, output={"originals": "omit"})
    assert made.arithmetic() == "10 originals (omitted) + 20 copies = 20 files"


def test_the_digest_tells_plans_apart_that_lay_out_the_same_samples_otherwise() -> None:
    flat, split = (
        make_plan(replace(listing({"cat": 2}), has_splits=has_splits), Config(per_image=1))
        for has_splits in (False, True)
    )
    assert flat.folder_of(flat.samples[0]) != split.folder_of(split.samples[0])
    assert flat.digest() != split.digest()
    assert flat.digest() != plan({"cat": 2}, per_image=2).digest()
    assert flat.digest() == plan({"cat": 2}, per_image=1).digest()


def test_chunks_cover_every_sample_once_and_stay_within_a_split() -> None:
    made = plan({"a": 400, "b": 33}, held_out=10, ratio=1.5)
    chunks = list(made.chunks())
    tasks = [task for chunk in chunks for task in made.tasks(chunk)]
    assert [task.sample for task in tasks] == list(made.samples)
    assert all(len({task.sample.split for task in made.tasks(chunk)}) == 1 for chunk in chunks)
    assert [[task.position for task in chunk] for chunk in chunks] == [
        list(range(len(chunk))) for chunk in chunks
    ]
    assert max(records_by_chunk(made)) <= 512


def test_a_chunk_is_a_sequence_of_its_tasks_and_sent_in_few_bytes() -> None:
    chunk = list(plan({"a": 20_000}, ratio=0).chunks())[3]
    refs = list(chunk)
    assert [(ref.chunk, ref.position) for ref in refs] == [(3, at) for at in range(len(chunk))]
    assert [chunk[at] for at in range(-len(refs), len(refs))] == refs * 2
    assert chunk[5:9] == refs[5:9]
    assert len(pickle.dumps(chunk)) < 200 < len(chunk)


@pytest.mark.parametrize(("originals", "files"), [("copy", 61), ("omit", 44)])
def test_the_files_of_all_chunks_are_those_of_the_plan(originals: str, files: int) -> None:
    made = plan({"a": 17}, held_out=4, total=40, output={"originals": originals})
    assert sum(map(made.records_of, made.chunks())) == made.total_records == files


def records_by_chunk(made: Plan) -> list[int]:
    return [sum(1 + task.copies for task in made.tasks(chunk)) for chunk in made.chunks()]


def test_a_chunk_of_a_large_plan_has_512_records() -> None:
    """... or a few less: no sample has more than 3, so that a chunk with less room is full."""
    records = records_by_chunk(plan({"a": 15_000, "b": 5_000}, ratio=1.5))
    assert max(records) <= 512
    assert min(records[:-1]) > 512 - 3


def test_a_picture_is_not_divided_among_chunks() -> None:
    assert records_by_chunk(plan({"a": 200}, per_image=300)) == [301] * 200


@given(st.integers(1, 1500), st.integers(0, 9))
@settings(max_examples=40)
def test_a_small_plan_is_cut_so_that_all_workers_get_some(samples: int, copies: int) -> None:
    """Into 48 chunks or more, or a chunk for each sample; and not into crumbs."""
    chunks = len(records_by_chunk(plan({"a": samples}, per_image=copies)))
    assert min(samples, 48) <= chunks <= max(2 * 48, samples * (1 + copies) / 256)


def test_unknown_classes_of_per_class_are_named() -> None:
    with pytest.raises(ConfigError, match=r"per_class.six: no such class; found: a"):
        plan({"a": 1}, per_class={"six": {"ratio": 2}})


def test_nothing_to_train_on_is_an_error() -> None:
    with pytest.raises(InputError, match="nothing to expand"):
        make_plan(Listing(Samples.of(()), ("a",), False), Config())


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_golden_plans(case: Path) -> None:
    """Each file in tests/plan/cases holds a config, a listing and what is planned for it."""
    golden = yaml.safe_load(case.read_text())
    classes = sorted({path.split("/")[0] for path in golden["files"]})
    samples = [
        Sample(path, "train", classes.index(path.split("/")[0]), path.index("/") + 1)
        for path in sorted(golden["files"])
    ]
    made = make_plan(
        Listing(Samples.of(samples), tuple(classes), False), Config.model_validate(golden["config"])
    )
    got = {}
    for chunk in made.chunks():
        for task in made.tasks(chunk):
            names = [task.names.original, *(task.names.copy(k) for k in range(task.copies))]
            got[task.sample.id] = [f"{task.folder}/{name}" for name in names]
    assert got == golden["planned"]


@pytest.mark.parametrize("reverse", [False, True])
def test_folders_of_classes_do_not_depend_on_the_order_of_labels(reverse: bool) -> None:
    names = sorted(["train", "train_", "a/b", "a:b", "a_b", "TRAIN"], reverse=reverse)
    samples = [Sample(f"{label}.png", "train", label) for label in range(len(names))]
    made = make_plan(Listing(Samples.of(samples), tuple(names), False), Config())
    folders = dict(zip(names, made.folders))
    assert len({folder.lower() for folder in made.folders}) == len(names)
    assert (folders["train_"], folders["a_b"], folders["a:b"]) == ("train_", "a_b", "a:b")
    assert folders["train"] == "train_-" + hashlib.sha256(b"train").hexdigest()[:8]


def test_an_image_takes_its_name_and_little_more() -> None:
    entries = [Sample(f"cat/{number:08}.jpg", "train", 0, 4) for number in range(10_000)]
    made = make_plan(Listing(Samples.of(entries), ("cat",), False), Config())
    assert not made.renamed
    # Twelve bytes each for the name and where it is; two, here, for the number of copies.
    assert len(pickle.dumps(made)) < 27 * len(entries)


_PLAN_MANY = """
import resource, sys
from augtool.config.schema import Config
from augtool.core.records import Listing, Sample, Samples
from augtool.plan.plan import make_plan
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
count, before = int(sys.argv[1]), peak()
entries = (Sample(f"cat/{number:08}.jpg", "train", 0, 4) for number in range(count))
made = make_plan(Listing(Samples.of(entries), ("cat",), False), Config())
made.renamed, made.digest(), sum(map(len, made.chunks()))
print((peak() - before) * 1024 / count)
"""


@pytest.mark.slow
def test_ten_million_images_would_be_planned_in_600_mb() -> None:
    """The process itself takes 77 MB, so that each image may take 52 bytes at the worst moment."""
    run = "import subprocess, sys; subprocess.run([sys.executable, *sys.argv[1:]], check=True)"
    # One process between, because Linux counts the peak of the process that forks.
    command = [sys.executable, "-c", run, "-c", _PLAN_MANY, "1000000"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 52
