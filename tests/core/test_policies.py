"""Policies against the probabilities, strengths and pictures that their papers and Pillow give."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps
from scipy import stats

from augtool.config.schema import Config
from augtool.core.geometry import Size, Sizes
from augtool.core.pipeline import Copies, Pipeline, Subject
from augtool.core.policies.autoaugment import AUTOAUGMENT
from augtool.core.resize import ResizeGeometry
from augtool.core.transforms import TRANSFORMS
from tests.pictures import picture

COPIES = 20_000
SIZE = Size(60, 90)
IDENTITIES = {
    column: rest for kind in TRANSFORMS for column, rest in zip(kind.columns, kind.identity)
}
#: What shows in a row that a copy got an operation.
SHOWN = {
    "ShearX": "shear",
    "ShearY": "vertical_shear",
    "TranslateX": "shift_x",
    "TranslateY": "shift_y",
    "Rotate": "rotation",
    "Brightness": "brightness",
    "Color": "saturation",
    "Contrast": "contrast",
    "Sharpness": "sharpness",
    "Posterize": "posterize",
    "Solarize": "solarize",
    "AutoContrast": "autocontrast",
    "Equalize": "equalize",
    "Invert": "invert",
}
SIGNED = list(SHOWN)[:9]
DRAWN = list(SHOWN)[:-1]
POLICIES: list[Any] = [
    "trivialaugment",
    {"randaugment": {"num_ops": 2, "magnitude": 9}},
    {"randaugment": {"num_ops": 14, "magnitude": 30}},
    *({"autoaugment": name} for name in AUTOAUGMENT),
]


def drawn(policy: Any, copies: int = COPIES, size: Size = SIZE, **config: Any) -> Copies:
    pipeline = Config.model_validate({"policy": policy, **config}).pipeline()
    return pipeline.draw(3, [Subject("cat/1.png", ResizeGeometry.fit(size), copies)])


def shown(params: dict[str, float]) -> frozenset[str]:
    """Return the operations that a copy shows."""
    return frozenset(
        name
        for name, column in SHOWN.items()
        if params.get(column, IDENTITIES[column]) != IDENTITIES[column]
    )


def counted(copies: Copies) -> Counter[frozenset[str]]:
    return Counter(shown(copies.params(at)) for at in range(len(copies.rows)))


def test_trivialaugment_draws_each_operation_alike() -> None:
    counts = counted(drawn("trivialaugment"))
    # The weakest of 31 strengths changes nothing, unless it says so by itself.
    chances = {frozenset([name]): (30 / 31 if name in SIGNED else 1) / 14 for name in DRAWN}
    chances[frozenset()] = 1 - sum(chances.values())
    assert counts.keys() == chances.keys()
    observed = [counts[each] for each in chances]
    assert stats.chisquare(observed, [COPIES * each for each in chances.values()]).pvalue > 0.001


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("rotation", [sign * 4.5 * level for level in range(1, 31) for sign in (-1, 1)]),
        ("brightness", [1 + sign * 0.033 * level for level in range(1, 31) for sign in (-1, 1)]),
        ("solarize", [255 - 8.5 * level for level in range(31)]),
    ],
)
def test_trivialaugment_draws_each_strength_alike(column: str, values: list[float]) -> None:
    copies = drawn("trivialaugment", 3 * COPIES)
    found = Counter(round(copies.params(at)[column], 6) for at in range(3 * COPIES))
    observed = [found[round(value, 6)] for value in values]
    assert found.total() == sum(observed) + found[IDENTITIES[column]]
    assert stats.chisquare(observed).pvalue > 0.001


def test_randaugment_draws_each_pair_alike() -> None:
    counts = counted(drawn("randaugment"))
    pairs = [frozenset(pair) for pair in combinations(DRAWN, 2)]
    pairs += [frozenset([name]) for name in DRAWN]  # and no change
    assert counts.keys() == set(pairs)
    assert stats.chisquare([counts[pair] for pair in pairs]).pvalue > 0.001


@pytest.mark.parametrize("policy", ["randaugment", {"autoaugment": "imagenet"}], ids=str)
def test_operations_go_either_way_alike(policy: Any) -> None:
    copies = drawn(policy)
    rows = [copies.params(at) for at in range(COPIES)]
    for column in (SHOWN[name] for name in SIGNED if SHOWN[name] in copies.pipeline.columns):
        rest = IDENTITIES[column]
        ways = [sum(row[column] > rest for row in rows), sum(row[column] < rest for row in rows)]
        assert sum(ways) == 0 or stats.binomtest(ways[0], sum(ways)).pvalue > 0.0005, column


def test_a_copy_keeps_its_operations_when_their_number_rises() -> None:
    fewer, more = (
        [shown(copies.params(at)) for at in range(200)]
        for copies in (
            drawn({"randaugment": {"num_ops": count, "magnitude": 9}}, 200) for count in (2, 5)
        )
    )
    assert all(few < many for few, many in zip(fewer, more))
    assert {len(each) for each in more} == {4, 5}


def pairs_of(data: str) -> list[list[tuple[str, float, int | None]]]:
    """Return the pairs of a table: operation, probability, level."""
    pairs = []
    for line in AUTOAUGMENT[data].strip().splitlines():
        words = [each.split() for each in line.split(",")]
        pairs.append(
            [
                (name, float(chance), int(*level) if level else None)
                for name, chance, *level in words
            ]
        )
    return pairs


def chances_of(data: str) -> dict[frozenset[str], float]:
    """Return the probability of each set of operations that a copy can show."""
    chances: Counter[frozenset[str]] = Counter()
    for pair in pairs_of(data):
        for gates in product((True, False), repeat=2):
            on = [each for each, is_on in zip(pair, gates) if is_on]
            chance = 1 / 25
            for (_, p, _), is_on in zip(pair, gates):
                chance *= p if is_on else 1 - p
            visible = frozenset(name for name, _, level in on if level != 0)
            if len(on) == 2 and on[0][0] == on[1][0] == "TranslateY":  # back where it was
                chances[frozenset()] += chance / 2  # type: ignore[assignment]
                chance /= 2
            chances[visible] += chance  # type: ignore[assignment]
    return {each: chance for each, chance in chances.items() if chance > 0}


@pytest.mark.parametrize("data", AUTOAUGMENT)
def test_autoaugment_draws_each_pair_alike_and_its_operations_with_their_chances(data: str) -> None:
    counts, chances = counted(drawn({"autoaugment": data})), chances_of(data)
    assert counts.keys() <= chances.keys()
    frequent = [each for each, chance in chances.items() if chance * COPIES >= 5]
    rest = COPIES - sum(counts[each] for each in frequent)
    expected = [COPIES * chances[each] for each in frequent]
    observed = [counts[each] for each in frequent]
    if rest or COPIES - sum(expected) > 1e-6:
        observed, expected = [*observed, rest], [*expected, COPIES - sum(expected)]
    assert stats.chisquare(observed, expected).pvalue > 0.001


def test_the_tables_of_autoaugment_are_torchvisions() -> None:
    v2 = pytest.importorskip("torchvision.transforms.v2")
    for data in AUTOAUGMENT:
        policies = v2.AutoAugment(v2.AutoAugmentPolicy(data))._policies
        assert [tuple(pair) for pair in pairs_of(data)] == policies


def test_equal_operations_of_a_pair_are_joined() -> None:
    copies = drawn({"autoaugment": "cifar10"})
    params = [copies.params(at) for at in range(COPIES)]
    far = math.trunc(150 / 331 * 60)
    assert {each["shift_y"] for each in params} >= {-2 * far, -far, 0, far, 2 * far}
    sharp = {round(each["sharpness"], 6) for each in params}
    assert sharp >= {1.43, 1.17, 0.77, 0.63}  # 1.1 or 0.9, times 1.3 or 0.7


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_what_is_drawn_lies_in_the_ranges_of_its_transforms(policy: Any) -> None:
    """Rows of a manifest are held against them."""
    copies = drawn(policy, 5000, Size(331, 662))  # 150 of 331 pixels, without a fraction
    transforms = (*copies.pipeline.geometric, *copies.pipeline.photometric)
    params = [copies.params(at) for at in range(5000)]
    for transform in transforms:
        ends = np.array([[0.0, 1.0]] * transform.uniforms)
        reached = set()
        for column, values in zip(transform.columns, transform.make_params(ends, Sizes(331, 662))):
            low, high = sorted(np.asarray(values).tolist())
            rest = IDENTITIES[column]
            found = {each[column] for each in params}
            assert all(low <= value <= high for value in found - {rest})
            assert {type(value) for value in found} == {type(rest)}
            reached |= found
        if not transform.columns[0].startswith("shift"):  # which are whole pixels
            assert {low, high} <= reached | {rest}, "wider than what is drawn"


def by_pillow(image: Any, operation: str, strength: float) -> Any:
    """Return what Pillow makes of an operation; geometry about the centre, black around it."""
    given = Image.fromarray(np.ascontiguousarray(image[..., ::-1]))
    height, width = image.shape[:2]
    linear: dict[str, Any] = {"resample": Image.Resampling.BILINEAR}
    pulls = {
        "ShearX": (1, strength, -strength * height / 2, 0, 1, 0),
        "ShearY": (1, 0, 0, strength, 1, -strength * width / 2),
        "TranslateX": (1, 0, -strength, 0, 1, 0),
        "TranslateY": (1, 0, 0, 0, 1, -strength),
    }
    changes: dict[str, Callable[[], Any]] = {
        "Rotate": lambda: given.rotate(strength, **linear),
        "Brightness": lambda: ImageEnhance.Brightness(given).enhance(strength),
        "Color": lambda: ImageEnhance.Color(given).enhance(strength),
        "Contrast": lambda: ImageEnhance.Contrast(given).enhance(strength),
        "Sharpness": lambda: ImageEnhance.Sharpness(given).enhance(strength),
        "Posterize": lambda: ImageOps.posterize(given, int(strength)),
        "Solarize": lambda: ImageOps.solarize(given, math.ceil(strength)),
        "AutoContrast": lambda: ImageOps.autocontrast(given),
        "Equalize": lambda: ImageOps.equalize(given),
    }
    if operation in pulls:
        made = given.transform(given.size, Image.Transform.AFFINE, pulls[operation], **linear)
    else:
        made = changes[operation]()
    return np.asarray(made)[..., ::-1].astype(int)


def strength_at(operation: str, share: float, sign: int) -> float:
    """Return the strength of an operation of RandAugment at a share of the whole scale."""
    if operation in ("TranslateX", "TranslateY"):
        side = SIZE.width if operation == "TranslateX" else SIZE.height
        return sign * math.trunc(150 / 331 * side * share)
    return {
        "ShearX": 0.3 * share * sign,
        "ShearY": 0.3 * share * sign,
        "Rotate": 30 * share * sign,
        "Posterize": 8 - round(4 * share),
        "Solarize": 255 - 255 * share,
    }.get(operation, 1 + 0.9 * share * sign)


@pytest.mark.parametrize("magnitude", [3, 9, 17, 30])
def test_each_operation_is_pillows_at_its_strength(magnitude: int) -> None:
    """From the draw to the pixels."""
    image = picture(3, *SIZE)
    copies = drawn(
        {"randaugment": {"num_ops": 1, "magnitude": magnitude}},
        120,
        transforms={"fill_mode": "constant"},
    )
    seen = set()
    for at in range(120):
        params = copies.params(at)
        got = copies.make(at, image, 3)[..., :3].astype(int)
        (operation,) = shown(params) or [""]
        if not operation:
            np.testing.assert_array_equal(got, image)
            continue
        value = params[SHOWN[operation]]
        is_less = value < IDENTITIES[SHOWN[operation]]
        # A pull by a positive tangent moves the lower part to the left.
        is_less ^= operation in ("ShearX", "ShearY")
        sign = -1 if is_less and operation in SIGNED else 1
        wanted = by_pillow(image, operation, strength_at(operation, magnitude / 30, sign))
        off = np.abs(got - wanted).max(axis=2)
        if operation in ("ShearX", "ShearY", "Rotate"):  # Pillow leaves edges unblended
            assert (off[3:-3, 3:-3] <= 2).mean() > 0.96
        else:
            assert off.max() <= 2
        seen.add((operation, sign))
    assert len(seen) == 9 * 2 + 4


def test_shears_are_by_the_tangent_about_the_centre() -> None:
    copies = drawn({"randaugment": {"num_ops": 1, "magnitude": 20}}, 200)
    found = set()
    for at in range(200):
        a, b, c, d, e, f = copies.matrices[at]
        if shown(copies.params(at)) == {"ShearX"}:
            assert (a, d, e, f) == pytest.approx((1, 0, 1, 0), abs=1e-7)
            assert c == pytest.approx(-b * 29.5)
            found.add(round(b, 6))
        if shown(copies.params(at)) == {"ShearY"}:
            assert (a, b, c, e) == pytest.approx((1, 0, 0, 1), abs=1e-7)
            assert f == pytest.approx(-d * 44.5)
            found.add(round(d, 6))
    assert found == {-0.2, 0.2}


def test_trivialaugment_moves_by_pixels_whatever_the_size() -> None:
    for size in (Size(40, 40), Size(400, 300)):
        copies = drawn("trivialaugment", 8000, size)
        found = {copies.params(at)[name] for at in range(8000) for name in ("shift_x", "shift_y")}
        assert found == {sign * float(32 * level // 30) for level in range(31) for sign in (-1, 1)}


OWN = {
    "rotation_range": 20,
    "height_shift_range": 4,
    "zoom_range": [0.8, 1.1],
    "brightness_range": [0.5, 1.5],
    "contrast_range": 0.2,
    "saturation_range": 0.2,
    "probability": {"rotation_range": 0.5},
}


def test_what_is_set_beside_a_policy_is_joined_to_what_it_draws() -> None:
    """Shifts and rotations are added, factors multiplied; each is drawn as if it were alone."""
    own, policys, both = (
        drawn(policy, 2000, transforms=transforms)
        for policy, transforms in ((None, OWN), ("trivialaugment", {}), ("trivialaugment", OWN))
    )
    transforms = (*both.pipeline.geometric, *both.pipeline.photometric)
    ranges = {}
    for transform in transforms:
        ends = transform.make_params(np.array([[0.0, 1.0]] * transform.uniforms), Sizes(*SIZE))
        ranges |= {
            column: sorted(np.asarray(values).tolist())
            for column, values in zip(transform.columns, ends)
        }
    for at in range(2000):
        one, other, got = (copies.params(at) for copies in (own, policys, both))
        for column in ("rotation", "shift_x", "shift_y"):
            assert got[column] == one[column] + other[column]
        for column in ("zoom_x", "zoom_y", "brightness", "contrast", "saturation"):
            assert got[column] == one[column] * other[column]
        assert got["sharpness"] == other["sharpness"]
        for column, (low, high) in ranges.items():
            assert low <= got[column] <= high or got[column] == IDENTITIES[column]


def test_a_shift_by_a_share_is_joined_to_shares() -> None:
    shift = {"width_shift_range": 0.1}
    own, both = (drawn(policy, 200, transforms=shift) for policy in (None, "randaugment"))
    more = [both.params(at)["shift_x"] - own.params(at)["shift_x"] for at in range(200)]
    assert {round(each, 9) for each in more} == {-12, 0, 12}  # 150 / 331 · 0.3 · 90 is 12.2


def test_a_policy_is_drawn_with_its_probability() -> None:
    steps = [{"randaugment": {"num_ops": 14, "magnitude": 9}, "probability": 0.3}]
    copies = drawn(steps)
    rows = [copies.params(at) for at in range(COPIES)]
    full = sum(row["equalize"] for row in rows)
    assert stats.binomtest(int(full), COPIES, 0.3).pvalue > 0.001
    assert all(len(shown(row)) == 13 * row["equalize"] for row in rows)


def test_a_policy_leaves_all_other_draws_as_they_are() -> None:
    others = {"horizontal_flip": True, "gaussian_noise_range": 10}
    alone, both = (
        drawn(policy, 50, transforms=others) for policy in (None, [{"trivialaugment": True}])
    )
    for at in range(50):
        kept = {name: both.params(at)[name] for name in ("flip_horizontal", "noise_sigma")}
        assert kept.items() <= alone.params(at).items()


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_a_copy_is_the_same_whatever_is_drawn_with_it(policy: Any) -> None:
    pipeline: Pipeline = Config.model_validate({"policy": policy}).pipeline()
    subjects = [
        Subject(f"cat/{name}.png", ResizeGeometry.fit(Size(40 + 7 * name, 33)), 3)
        for name in range(20)
    ]
    together = pipeline.draw(0, subjects)
    alone = [row for each in subjects for row in pipeline.draw(0, [each]).rows]
    assert [list(map(repr, row)) for row in together.rows] == [
        list(map(repr, row)) for row in alone
    ]
