"""Whatever bytes stand where JSON of ours should be: a value of the right type, or a ValueError."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augtool.storage.json_fields import JsonFields, is_sealed, sealed_bytes

values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_every_getter_returns_its_kind_or_raises_a_value_error(value: Any) -> None:
    try:
        fields = JsonFields.parse(json.dumps({"x": value}).encode())
        got = fields.get("x", int)
    except ValueError:
        assert type(value) is not int
    else:
        assert type(got) is int
        assert got == value
    for getter in (fields.mapping, fields.lists, fields.items, fields.rows):
        try:
            getter("x", str)
        except ValueError:
            continue
        assert isinstance(value, (dict, list))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"3", b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"object|Expecting|decode|nested|Extra"):
        JsonFields.parse(data)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(ValueError, match="identity is missing"):
        JsonFields.parse(b"{}").get("identity", str)


def test_a_seal_breaks_with_any_byte() -> None:
    data = sealed_bytes({"name": "\udc80 cat", "numbers": [1, 0.1], "is_open": True})
    assert is_sealed(data)
    for at in range(len(data)):
        assert not is_sealed(data[:at])
        assert not is_sealed(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    assert not is_sealed(b"{}")
    assert not is_sealed(b"[]")
