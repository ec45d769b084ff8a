"""Groups are those that comparing all with all finds."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from augtool.core.grouping import DisjointSets, equal_groups, lowest, places_by_key

NUMBER = st.integers(0, 12)


def positions(keys: list[Hashable]) -> list[list[int]]:
    return equal_groups(range(len(keys)), keys.__getitem__)


def test_equal_groups_are_of_two_or_more() -> None:
    assert positions([b"a", b"b", b"a", b"c", b"a"]) == [[0, 2, 4]]


def test_groups_come_in_the_order_of_their_first_items() -> None:
    assert positions(["b", "a", "a", "b"]) == [[0, 3], [1, 2]]


def test_none_is_equal_to_nothing() -> None:
    assert positions([None, "", None, ""]) == [[1, 3]]


def test_what_was_never_joined_is_alone() -> None:
    sets = DisjointSets[str]()
    sets.join("a", "b")
    assert sets.root_of("c") == "c"


def test_the_root_of_the_first_stands_for_both() -> None:
    sets = DisjointSets[str]()
    sets.join("b", "c")
    sets.join("a", "c")
    assert {sets.root_of(member) for member in "abc"} == {"a"}


@given(st.lists(st.tuples(NUMBER, NUMBER)))
def test_two_have_one_root_where_a_chain_of_pairs_joins_them(pairs: list[tuple[int, int]]) -> None:
    sets = DisjointSets[int]()
    expected = [{member} for member in range(13)]
    for one, other in pairs:
        sets.join(one, other)
        both = expected[one] | expected[other]
        for member in both:
            expected[member] = both
    for one in range(13):
        assert {each for each in range(13) if sets.root_of(each) == sets.root_of(one)} == (
            expected[one]
        )


@given(st.lists(st.integers(0, 5)))
def test_places_by_key_are_all_of_them_in_order(keys: list[int]) -> None:
    found = {key: places.tolist() for key, places in places_by_key(np.array(keys, np.uint32))}
    assert list(found) == sorted(set(keys))
    assert found == {each: [at for at, key in enumerate(keys) if key == each] for each in keys}


@given(st.lists(st.integers(0, 9)), st.integers(0, 12))
def test_lowest_are_those_that_a_stable_sort_puts_first(values: list[int], count: int) -> None:
    chosen = lowest(np.array(values, np.uint64), count)
    assert np.flatnonzero(chosen).tolist() == sorted(
        sorted(range(len(values)), key=values.__getitem__)[:count]
    )
