from __future__ import annotations

import cv2
import numpy as np
import pytest

from augtool.views.inspect.perceptual_hash import (
    PerceptualHash,
    near_groups,
    perceptual_hash,
)
from augtool.views.inspect.perceptual_hash import PerceptualHash as Hash
from tests.pictures import picture

PLAIN = b"\x80" * 192


def photo(seed: int) -> np.ndarray:
    """A picture with structure of several sizes, as photos have."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (6, 8, 3), np.uint8)
    return cv2.resize(coarse, (160, 120), interpolation=cv2.INTER_CUBIC)


def changed(image: np.ndarray, how: str) -> np.ndarray:
    if how == "jpeg":
        return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 50])[1], 1)
    if how == "half":
        return cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return cv2.convertScaleAbs(image, alpha=0.99, beta=2)


@pytest.mark.parametrize("how", ["jpeg", "half", "brighter"])
def test_the_same_picture_stored_otherwise_looks_the_same(how: str) -> None:
    originals = [photo(seed) for seed in range(30)]
    looks = [
        perceptual_hash(image)
        for image in [*originals, *(changed(each, how) for each in originals)]
    ]
    assert near_groups(looks) == [[index, index + 30] for index in range(30)]


def test_different_pictures_look_different() -> None:
    assert near_groups([perceptual_hash(photo(seed)) for seed in range(200)]) == []


def test_a_mirrored_picture_is_another_one() -> None:
    assert near_groups([perceptual_hash(photo(1)), perceptual_hash(cv2.flip(photo(1), 1))]) == []


def test_pictures_of_one_colour_are_told_apart_by_it() -> None:
    looks = [perceptual_hash(np.full((9, 9, 3), level, np.uint8)) for level in (0, 90, 180, 90)]
    assert near_groups(looks) == [[1, 3]]


def test_colour_tells_apart_what_is_equal_in_gray() -> None:
    red, green = np.zeros((2, 9, 9, 3), np.uint8)
    red[..., 2], green[..., 1] = 157, 80
    assert near_groups([perceptual_hash(red), perceptual_hash(green)]) == []


@pytest.mark.parametrize("bits", [0, 1, 2, 3])
def test_hashes_are_near_up_to_two_bits_wherever_they_are(bits: int) -> None:
    rng = np.random.default_rng(bits)
    for _ in range(200):
        first = int(rng.integers(0, 2**63))
        other = first
        for bit in rng.choice(64, bits, replace=False):
            other ^= 1 << int(bit)
        groups = near_groups(
            [PerceptualHash(first, PLAIN), PerceptualHash(other, PLAIN[:-1] + b"\x81")]
        )
        assert groups == ([[0, 1]] if bits <= 2 else [])


def test_the_search_finds_what_comparing_all_with_all_finds() -> None:
    rng = np.random.default_rng(0)
    hashes = [int(value) for value in rng.integers(0, 2**63, 60)]
    for value in list(hashes):
        flips = rng.choice(64, rng.integers(0, 5), replace=False)
        hashes.append(value ^ sum(1 << int(bit) for bit in flips))
    expected = [
        [one, other]
        for one in range(120)
        for other in range(one + 1, 120)
        if bin(hashes[one] ^ hashes[other]).count("1") <= 2
    ]
    assert near_groups([PerceptualHash(value, PLAIN) for value in hashes]) == expected


def test_equal_hashes_are_not_enough() -> None:
    assert near_groups([Hash(7, PLAIN), Hash(7, b"\x85" * 192)]) == []  # 5 levels everywhere
    assert near_groups([Hash(7, PLAIN), Hash(7, b"\xff" + PLAIN[1:])]) == []  # one cell by far


def test_a_search_compares_fewer_pairs_than_there_are_pictures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All with all would be 1.8 billion; a third of the hash is shared by 1 pair of 2 million."""
    compared: list[int] = []

    def count_bits(hashes: np.ndarray) -> np.ndarray:
        compared.append(hashes.size)
        return bitwise_count(hashes)

    bitwise_count = np.bitwise_count
    monkeypatch.setattr(np, "bitwise_count", count_bits)
    rng = np.random.default_rng(0)
    values = rng.integers(0, 2**63, 60_000)
    looks = [PerceptualHash(int(value), PLAIN) for value in values]
    looks[-1] = PerceptualHash(looks[0].hash ^ 5, PLAIN)
    assert near_groups(looks) == [[0, 59_999]]
    assert 0 < sum(compared) < len(looks)


def test_one_picture_makes_no_group() -> None:
    assert near_groups([perceptual_hash(picture())]) == []
