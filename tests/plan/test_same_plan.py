"""Plans stay what they were for every option: golden fingerprints of a listing with odd names.

They were made when a plan still held its samples as tuples, and change only if plans do, which is
a breaking change: the same seed then gives other copies.
"""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from augtool.config.schema import Config
from augtool.core.records import Listing, Sample, Samples
from augtool.plan.plan import Plan, make_plan
from augtool.plan.splits import SplitRule, split_listing

CLASSES = ("ox", "Ant", "\u00e7a", "10")
ODD = (
    *("sub/x.png", "sub/X.jpg", "sub/x__aug0.png", "sub/x__aug0.jpg"),
    *("n\udce9.gif", f"{'y' * 250}.jpg"),
)


def samples(with_test: bool) -> list[Sample]:
    """Return samples as a tree lists them, with pictures of four people in each class."""
    made = []
    for split in ("test", "train") if with_test else ("train",):
        for label, name in sorted(enumerate(CLASSES), key=lambda each: each[1]):
            folder = f"{split}/{name}/" if with_test else f"{name}/"
            size = 7 if split == "test" else 9 + 13 * label
            names = [f"p{k % 4}-{k:03}.jpg" for k in range(size)]
            ids = sorted(folder + each for each in (*names, *ODD))
            made += [Sample(each, split, label, len(folder)) for each in ids]
    return made


def planned(settings: dict[str, Any], rule: SplitRule | None, *, with_test: bool = False) -> Plan:
    listing = Listing(Samples.of(samples(with_test)), CLASSES, with_test)
    if with_test:
        listing.split_folders = {"test": "holdout"}
    if rule is not None:
        twins = [[0, 5, 40], [41, 3], [70, 71]]
        listing = split_listing(listing, rule, twins, by_class="group" not in settings)
    settings = {key: value for key, value in settings.items() if key != "group"}
    return make_plan(listing, Config.model_validate(settings))


def fingerprint(made: Plan) -> str:
    tasks = [made.tasks(refs) for refs in made.chunks()]
    counts = sorted((split, sorted(classes.items())) for split, classes in made.counts().items())
    facts = [
        *(made.digest(), made.arithmetic(), made.tops(), made.loader_order(), made.left_out),
        *(made.most_copies, made.held_out, counts),
        [[(*task[:2], *task.sample, *task[3:]) for task in each] for each in tasks],
    ]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


#: Settings, a split, and fingerprints: of training data, and of data that come with a test split.
CASES: list[tuple[dict[str, Any], SplitRule | None, str]] = [
    ({}, None, "e4851c9411bcccb6 abe8558143dc10c4"),
    ({"ratio": 0.37, "seed": 5}, None, "0f5a3d59e45edcfa e2a222c71c3955e7"),
    ({"total": 1001}, None, "d1e1ca1020911c83 3d4cf5be3e4aa4b4"),
    ({"per_image": 3}, None, "2a3f0dc1a955f614 4afc034229efaa66"),
    ({"balance": True}, None, "6c88f1874c2c5757 74e32b71079f42ad"),
    (
        {"balance": "median", "undersample": True, "seed": 2},
        None,
        "4f01e709994addf8 78c667d455a0ba38",
    ),
    ({"balance": 20, "undersample": True, "ratio": 0.5}, None, "ddf8e3b87cdd4291 23873d0f04c45e32"),
    ({"sampling": "bootstrap", "ratio": 2.2}, None, "c5926346964e781b 662d203f7dc16798"),
    ({"per_class": {"ox": {"ratio": 4}}, "ratio": 0.2}, None, "409d2edbb32b97a5 2c25ef67bb7699e2"),
    (
        {"output": {"format": "png", "originals": "omit", "number_classes": True}},
        None,
        "17f7710ed0314da1 be6fbb2b629680bb",
    ),
    ({}, SplitRule({"val": 0.3}), "2c0489a34c2ecb49 b9ea9df87940f0d3"),
    (
        {"total": 90},
        SplitRule({"val": 0.2, "dev": 0.15}, seed=3),
        "2b09c49c8dd4b4ce 1f9ed106450d59c7",
    ),
    (
        {"group": True},
        SplitRule({"val": 0.25}, group=r"/(?:sub/)?(.{1,5})[^/]*$"),
        "c83ad91cacb13dd4 71ebfe14dc2dbb0c",
    ),
]


@pytest.mark.parametrize(("settings", "rule", "expected"), CASES)
def test_plan_is_what_it_was(
    settings: dict[str, Any], rule: SplitRule | None, expected: str
) -> None:
    made = [planned(settings, rule, with_test=with_test) for with_test in (False, True)]
    assert " ".join(map(fingerprint, made)) == expected
