"""Samples in columns are the samples that were put in."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augtool.core.samples import Group, Sample, Samples
from augtool.core.texts import Texts

CHARACTERS = st.characters(exclude_categories=["Cs"]) | st.sampled_from("\udc80\udcff/")
#: As file names are read: bytes that are not UTF-8 are kept, and none of them make a character.
IDS = st.text(CHARACTERS, max_size=9).map(
    lambda text: text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
)
SAMPLES = st.lists(
    st.tuples(IDS, st.sampled_from(["train", "val"]), st.integers(0, 3)).map(
        lambda each: Sample(*each, each[0].find("/") + 1)
    )
)


@settings(max_examples=30)
@given(SAMPLES, st.data())
def test_columns_hold_what_was_put_in(given: list[Sample], data: st.DataObject) -> None:
    held = Samples.of(iter(given))
    assert list(held) == given == [held[index] for index in range(len(held))]
    assert [each.decode("utf-8", "surrogateescape") for each in held.ids()] == [s.id for s in given]
    assert held.labels().tolist() == [sample.label for sample in given]
    assert held.in_split("val").tolist() == [sample.split == "val" for sample in given]
    assert pickle.loads(pickle.dumps(held)) == held
    indices = data.draw(st.lists(st.integers(0, len(given) - 1)) if given else st.just([]))
    assert list(held.take(np.array(indices, int))) == [given[index] for index in indices]
    assert list(held[1:3]) == given[1:3]


@settings(max_examples=30)
@given(SAMPLES)
def test_sums_are_those_of_each_group(given: list[Sample]) -> None:
    held = Samples.of(given)
    sums = held.sums(np.arange(len(given), dtype=np.uint32))
    keys = [(each.split, each.label, each.id[: each.start]) for each in given]
    assert sums == [sum(at for at, key in enumerate(keys) if key == group) for group in held.groups]
    assert dict(held.used_groups()) == {key: keys.count(key) for key in keys}


def test_moved_samples_are_in_other_splits_and_otherwise_the_same() -> None:
    given = [Sample(f"cat/{number}.png", "train", 0, 4) for number in range(5)]
    moved = Samples.of(given).moved(np.array([0, 2, 1, 0, 2], np.uint8), ["val", "dev"])
    assert [each.split for each in moved] == ["train", "dev", "val", "train", "dev"]
    assert [each._replace(split="train") for each in moved] == given


def test_equal_are_those_with_the_same_samples() -> None:
    one = [Sample("cat/1.png", "train", 0, 4), Sample("dog/1.png", "train", 1, 4)]
    assert Samples.of(one) == Samples.of(one[::-1])[::-1]
    assert Samples.of(one) != Samples.of(one[::-1])
    assert Samples.of(one) != one


@pytest.mark.parametrize("size", [0, 255, 256, 2**16 - 1, 2**16])
def test_texts_keep_their_places_at_every_width_of_offsets(size: int) -> None:
    given = ["", "x" * (size // 2), "", "y" * (size - size // 2)]
    assert list(Texts.of(given)) == given


@settings(max_examples=30)
@given(st.lists(st.lists(IDS, max_size=5), max_size=4))
def test_joined_samples_are_those_of_each_group(names: list[list[str]]) -> None:
    groups = [Group("train", label, f"{label}/") for label in range(len(names))]
    joined = Samples.joined((group, Texts.of(own)) for group, own in zip(groups, names))
    assert list(joined) == [
        Sample(group.prefix + name, "train", group.label, len(group.prefix))
        for group, own in zip(groups, names)
        for name in own
    ]
