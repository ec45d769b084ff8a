from __future__ import annotations

import pytest

from augtool.core.crc32c import crc32c, masked_crc32c


def slow(data: bytes) -> int:
    """The definition: divide bit by bit."""
    state = 0xFFFFFFFF
    for each in data:
        state ^= each
        for _ in range(8):
            state = (state >> 1) ^ (0x82F63B78 if state & 1 else 0)
    return state ^ 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_known_answers(data: bytes, expected: int) -> None:
    """RFC 3720, B.4, and the catalogue's check value."""
    assert crc32c(data) == expected


@pytest.mark.parametrize(
    "size", [1, 3, 4, 5, 63, 64, 65, 4095, 4096, 4097, 4100, 4159, 4160, 8191, 8192, 8193, 20_000]
)
def test_blocks_make_no_difference(size: int) -> None:
    data = bytes((7 * at * at + at) % 251 for at in range(size))
    assert crc32c(data) == slow(data)


def test_mask_is_tensorflows() -> None:
    """``((crc >> 15) | (crc << 17)) + 0xa282ead8``, of the length 24 in TFRecord's own header."""
    crc = crc32c((24).to_bytes(8, "little"))
    rotated = ((crc >> 15) | (crc << 17)) & 0xFFFFFFFF
    assert masked_crc32c((24).to_bytes(8, "little")) == (rotated + 0xA282EAD8) % 2**32
