"""Groups are those that comparing all with all finds."""

from __future__ import annotations

from collections.abc import Hashable

from hypothesis import given
from hypothesis import strategies as st

from augtool.core.grouping import DisjointSets, equal_groups

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
