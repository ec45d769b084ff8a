from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augtool.core.records import Listing, Sample, Samples
from augtool.errors import ConfigError, InputError
from augtool.plan.splits import SplitRule, split_listing


def _listing(sizes: dict[str, int], *, held_out: Sequence[Sample] = ()) -> Listing:
    samples = [
        Sample(f"{name}/{number:04}.png", "train", label, len(name) + 1)
        for label, (name, size) in enumerate(sizes.items())
        for number in range(size)
    ]
    return Listing(Samples.of([*held_out, *samples]), tuple(sizes), bool(held_out))


def _split(
    listing: Listing,
    rule: SplitRule,
    duplicates: Sequence[Sequence[str]] = (),
    *,
    by_class: bool = True,
) -> dict[str, str]:
    """Return the split of each id."""
    at = {sample.id: index for index, sample in enumerate(listing.samples)}
    indices = [[at[each] for each in alike] for alike in duplicates]
    result = split_listing(listing, rule, indices, by_class=by_class)
    return {sample.id: sample.split for sample in result.samples}


def _changes(before: dict[str, str], after: dict[str, str]) -> int:
    return sum(after[sample_id] != split for sample_id, split in before.items())


SIZES = st.dictionaries(st.sampled_from("abcdef"), st.integers(2, 60), min_size=1)
FRACTIONS = st.fixed_dictionaries(
    {"val": st.sampled_from([0.05, 0.1, 0.29, 0.3, 0.5])},
    optional={"test": st.sampled_from([0.1, 0.2, 0.33])},
)


@given(SIZES, FRACTIONS, st.integers(0, 99))
@settings(max_examples=60)
def test_sizes_are_exact_and_in_every_class_within_one(
    sizes: dict[str, int], fractions: dict[str, float], seed: int
) -> None:
    # Smaller classes may have to give less, so that they keep something to train on.
    sizes = {name: size + 8 for name, size in sorted(sizes.items())}
    splits = _split(_listing(sizes), SplitRule(fractions, seed))
    counts = Counter(splits.values())
    by_class = Counter((split, sample_id[0]) for sample_id, split in splits.items())
    for name, fraction in fractions.items():
        assert counts[name] == int(round(fraction * 100) * sum(sizes.values()) / 100)
        for class_name, size in sizes.items():
            assert abs(by_class[name, class_name] - fraction * size) < 1


@given(
    st.lists(st.sampled_from([10, 15, 22, 37]), min_size=1, max_size=9),
    st.sampled_from([0.05, 0.1, 0.25, 0.3]),
    st.sampled_from([0.1, 0.2, 0.33]),
)
@settings(max_examples=60)
def test_classes_of_one_size_give_as_much_to_all_splits_within_one(
    sizes: list[int], val: float, test: float
) -> None:
    """Else a class that was rounded up for one split may be rounded up for the next as well."""
    by_class = dict(zip("abcdefghi", sizes))
    splits = _split(_listing(by_class), SplitRule({"val": val, "test": test}))
    held_out = Counter(sample_id[0] for sample_id, split in splits.items() if split != "train")
    for size in set(sizes):
        alike = [held_out[name] for name, own in by_class.items() if own == size]
        assert max(alike) - min(alike) <= 1


def test_who_gave_one_more_to_the_first_split_gives_one_less_to_the_second() -> None:
    """Of 15 pictures, a tenth is 1.5: of ten classes, five give 2 to each split, five give 1."""
    splits = _split(_listing(dict.fromkeys("abcdefghij", 15)), SplitRule({"val": 0.1, "test": 0.1}))
    held = Counter((sample_id[0], split) for sample_id, split in splits.items())
    assert Counter((held[name, "val"], held[name, "test"]) for name in "abcdefghij") == {
        (2, 1): 5,
        (1, 2): 5,
    }


@given(SIZES, FRACTIONS, st.sampled_from("abcdef"))
@settings(max_examples=60)
def test_one_more_picture_moves_only_the_margin(
    sizes: dict[str, int], fractions: dict[str, float], class_name: str
) -> None:
    sizes = dict(sorted({class_name: 3, **sizes}.items()))
    before = _split(_listing(sizes), SplitRule(fractions))
    after = _split(_listing({**sizes, class_name: sizes[class_name] + 1}), SplitRule(fractions))
    # By one at each border of that class; a remainder may pass by one between classes.
    assert _changes(before, after) <= 3 * len(fractions)


def test_growing_by_a_tenth_moves_few() -> None:
    before = _split(_listing({"a": 1000, "b": 1000}), SplitRule({"val": 0.3}))
    after = _split(_listing({"a": 1100, "b": 1100}), SplitRule({"val": 0.3}))
    assert _changes(before, after) < 40


@given(st.integers(1, 40), st.integers(0, 10))
@settings(max_examples=40)
def test_groups_are_never_divided(groups: int, seed: int) -> None:
    samples = [
        Sample(f"{name}/p{number % groups}-{number:03}.png", "train", label)
        for label, name in enumerate(("cat", "dog"))
        for number in range(80)
    ]
    listing = Listing(Samples.of(sorted(samples, key=lambda each: each.id)), ("cat", "dog"), False)
    splits = _split(listing, SplitRule({"val": 0.3, "test": 0.1}, seed, r"/(p\d+)-"))
    by_group: dict[str, set[str]] = {}
    for sample_id, split in splits.items():
        by_group.setdefault(sample_id[4:].partition("-")[0], set()).add(split)
    assert all(len(each) == 1 for each in by_group.values())
    if groups >= 20:
        assert Counter(splits.values())["val"] == pytest.approx(48, abs=8)


@given(
    st.lists(st.lists(st.integers(0, 39), min_size=2, max_size=4, unique=True), max_size=8),
    st.integers(0, 20),
)
@settings(max_examples=60)
def test_same_bytes_never_leak_not_even_across_classes_and_groups(
    duplicates: list[list[int]], seed: int
) -> None:
    listing = _listing({"a": 20, "b": 20})
    ids = [sample.id for sample in listing.samples]
    alike = [[ids[index] for index in each] for each in duplicates]
    for group in (None, r"/\d\d(\d)"):
        splits = _split(listing, SplitRule({"val": 0.3}, seed, group), alike)
        for each in alike:
            assert len({splits[sample_id] for sample_id in each}) == 1


def test_every_class_keeps_something_to_train_on() -> None:
    listing = _listing({"a": 1, "b": 2, "c": 9})
    splits = _split(listing, SplitRule({"val": 0.6, "test": 0.3}))
    assert {sample_id[0] for sample_id, split in splits.items() if split == "train"} == set("abc")


@pytest.mark.parametrize(("fraction", "size"), [(0.29, 100), (0.57, 100), (0.1, 30), (0.7, 10)])
def test_fraction_is_taken_as_it_is_written(fraction: float, size: int) -> None:
    """As floats, 0.29 of 100 is 28.999999999999996."""
    for sizes in ({"a": size}, {"a": size // 2, "b": size // 2}):
        splits = _split(_listing(sizes), SplitRule({"val": fraction}))
        assert Counter(splits.values())["val"] == round(fraction * size)


def test_seed_chooses_others() -> None:
    one, other = (_split(_listing({"a": 200}), SplitRule({"val": 0.5}, seed)) for seed in (0, 1))
    assert Counter(one.values()) == Counter(other.values())
    assert 60 < _changes(one, other) < 140


def test_held_out_pictures_of_the_data_stay_and_are_not_split() -> None:
    own = [Sample(f"test/{number}", "test", 0) for number in range(5)]
    splits = _split(_listing({"a": 10}, held_out=own), SplitRule({"val": 0.3}))
    assert Counter(splits.values()) == {"test": 5, "val": 3, "train": 7}
    assert all(splits[each.id] == "test" for each in own)


def test_split_that_the_data_came_with_is_refused() -> None:
    listing = _listing({"a": 10}, held_out=[Sample("v/1", "val", 0)])
    with pytest.raises(ConfigError, match=r"split.val: the data already has a split 'val'"):
        _split(listing, SplitRule({"val": 0.3}))


def test_id_that_does_not_match_the_group_is_named() -> None:
    with pytest.raises(InputError, match=r"^a/0000.png: does not match --group 'p\(\\\\d\)'"):
        _split(_listing({"a": 4}), SplitRule({"val": 0.3}, 0, r"p(\d)"))


@pytest.mark.parametrize("by_class", [True, False])
def test_result_is_sorted_as_the_source_is(by_class: bool) -> None:
    samples = [Sample(f"train/{number:05}", "train", number % 3) for number in range(60)]
    listing = Listing(Samples.of(samples), ("c", "b", "a"), True)
    result = split_listing(listing, SplitRule({"val": 0.3}), [], by_class=by_class)
    names = [
        (each.split, listing.classes[each.label] if by_class else "", each.id)
        for each in result.samples
    ]
    assert sorted(names) == names
    assert result.has_splits
