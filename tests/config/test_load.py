"""The config: where values come from, and what is said of wrong ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from augtool.config.load import load, parse_override
from augtool.config.schema import DEFAULT_TRANSFORMS, Config
from augtool.errors import ConfigError

BAD = """\
ratio: -1
total: 3
seed: no
transforms:
  rotation_rnge: 20
  rotation_range: [30, -30]
  zoom_range: 2
  fill_mode: nearst
output: {format: jgp, crop: true, quality: 200}
per_class: {six: {ratio: 2, transforms: {vertical_flop: false}}}
classes: [a, a]
"""

SAID = """\
{file}: output.format: got 'jgp'; expected 'keep', 'png', 'jpg' or 'webp'; did you mean 'jpg'?
{file}: output.quality: 200 is out of range; use at most 100
{file}: per_class.six.transforms.vertical_flop: unknown key; did you mean 'vertical_flip'?
{file}: ratio: -1 is out of range; use at least 0.0
{file}: seed: got 'no'; expected a whole number
{file}: transforms.fill_mode: got 'nearst'; expected one of nearest, reflect, wrap, constant
{file}: transforms.rotation_range: low 30 is greater than high -30; swap the two numbers
{file}: transforms.rotation_rnge: unknown key; did you mean 'rotation_range'?
command line: transforms.shear_range: 95 is out of range; use a number from -89 to 89
{file}: transforms.zoom_range: 2 would draw factors down to -1; \
use a number below 1, or both ends, e.g. [0.5, 3]
{file}: ratio: total is also set; keep one of ratio and total
{file}: per_class.six: is not one of classes; add it there
{file}: output.crop: only works with resize; set resize too, e.g. 150x150
{file}: classes: 'a' is listed twice; remove one"""


def write(folder: Path, text: str) -> Path:
    path = folder / "my.yaml"
    path.write_text(text)
    return path


def problems(folder: Path, text: str, **overrides: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        load(write(folder, text), overrides)
    return str(caught.value)


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    said = problems(tmp_path, BAD, **{"transforms.shear_range": 95})
    assert said == SAID.format(file=tmp_path / "my.yaml")


def test_of_very_many_problems_some_are_said(tmp_path: Path) -> None:
    said = problems(tmp_path, "".join(f"key{number}: 1\n" for number in range(2000)))
    assert len(said.splitlines()) == 101
    assert said.endswith(": and 1,900 more problems like these")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2", "line 2, column 1: the key 'a' is listed twice; remove one"),
        (
            "a: &x 1\nb: *x",
            "line 2, column 4: aliases (*name) are not allowed; write the value out",
        ),
        ("- 1", "expected keys and values such as 'ratio: 1.5', got [1]"),
        ("ratio: .nan", "ratio: got nan; expected a finite number"),
        ("ratio: 1:30", "ratio: got '1:30'; expected a number"),
        (
            "balance: yes",
            "balance: got 'yes'; expected true or false, largest or median",
        ),
        ("seed: 1.5", "seed: got 1.5; expected a whole number"),
        ("seed: true", "seed: got True; expected a whole number"),
        ("transforms: 3", "transforms: got 3; expected a block of keys"),
        ("transforms: {horizontal_flip: no}", "use true, false, or a probability from 0 to 1"),
        ("transforms: {cval: [1, 2, 3, 4, 5]}", "use one, or one per channel (1 to 4)"),
        ("transforms: {validation_split: 0.2}", "is not an augtool transform"),
        ("output: {resize: 150}", "expected height x width in pixels, e.g. 150x150"),
        ("output: {flatten: mauve}", "expected white, black, gray or #rrggbb"),
        ("classes: []", "is empty; list at least one, or leave the key out"),
        ("balance: true\ntotal: 5", "balance: works with a ratio, not with total"),
        ("transforms: {probability: 0.5}", "expected a block, e.g. {rotation_range: 0.5}"),
        (
            "transforms: {gamma_range: 0.3, probability: {gama_range: 1}}",
            "transforms.probability: 'gama_range' is not a transform; did you mean 'gamma_range'?",
        ),
        (
            "transforms: {gamma_range: 0.3, probability: {gamma_range: 3}}",
            "transforms.probability: 3 is out of range; use a number from 0 to 1",
        ),
        (
            "transforms: {invert: 1, probability: {invert: 0.5}}",
            "invert's setting is its probability; set transforms.invert=0.5",
        ),
        (
            "transforms: {probability: {gamma_range: 0.5}}",
            "gamma_range is off; set transforms.gamma_range too, or leave it out",
        ),
        (
            "transforms: {crop_ratio: 1}",
            "transforms.crop_ratio: crop_range is off; set transforms.crop_range too, or leave",
        ),
        (
            "transforms: {crop_range: 0.5, crop_ratio: [1, 6]}",
            "transforms.crop_ratio: 6 is out of range; use a number from 0.2 to 5",
        ),
        ("transforms: {crop_range: 0}", "transforms.crop_range: 0 is out of range; use a number"),
        ("policy: [{one_of: [gamma]}]", "policy.0.one_of: 'gamma' is not a transform; did you"),
        ("policy: [{one_of: [gamma_range]}]", "policy.0.one_of: gamma_range is off; set transf"),
        (
            "policy: [{one_of: [zoom_range]}, {one_of: [zoom_range, rotation_range]}]",
            "policy.1.one_of: zoom_range is listed twice; remove one",
        ),
        ("policy: [{one_of: [zoom_range], p: 1}]", "policy.0.p: unknown key; known keys: one_of,"),
        ("policy: [{one_of: []}]", "policy.0.one_of: is empty; list at least one"),
        ("policy: trivialaugmnt", "policy.trivialaugmnt: unknown key; did you mean 'trivialaugm"),
        ("policy: {autoaugment: cifar}", "policy.autoaugment: got 'cifar'; expected 'cifar10', "),
        ("policy: autoaugment", "policy.autoaugment: got ''; expected 'cifar10', 'imagenet' or 's"),
        ("policy: {randaugment: {magnitude: 31}}", "magnitude: 31 is out of range; use at most 30"),
        ("policy: {randaugment: {n: 2}}", "policy.randaugment.n: unknown key; known keys: num_ops"),
        ("policy: {}", "policy: says nothing to draw; set one of one_of, trivialaugment, randaug"),
        (
            "policy: [{trivialaugment: true, one_of: [equalize]}]",
            "policy.0: one_of and trivialaugment are set; keep one, or make them two steps",
        ),
        (
            "policy: [{trivialaugment: true}, {autoaugment: svhn}]",
            "policy: trivialaugment and autoaugment draw the same transforms; keep one",
        ),
        (
            "{policy: trivialaugment, transforms: {equalize: 0.1}}",
            "transforms.equalize: trivialaugment draws it; leave it out",
        ),
        (
            "{policy: randaugment, transforms: {width_shift_range: 4}}",
            "transforms.width_shift_range: randaugment draws it as a share of the side; write",
        ),
        (
            "{policy: trivialaugment, transforms: {height_shift_range: 0.1}}",
            "transforms.height_shift_range: trivialaugment draws it in pixels; write it so, too",
        ),
        (
            "{policy: trivialaugment, per_class: {six: {transforms: {rotation_range: 0}}}}",
            "per_class.six.transforms.rotation_range: trivialaugment draws it for every class; le",
        ),
        (
            "{policy: randaugment, transforms: {probability: {shear_range: 0.5}}}",
            "transforms.probability.shear_range: randaugment draws it; leave it out",
        ),
        (
            "policy: [{trivialaugment: true}, {one_of: [equalize]}]",
            "policy.1.one_of: trivialaugment draws equalize; leave it out",
        ),
        (
            "policy: [{trivialaugment: true}, {one_of: [horizontal_flip]}]",
            "policy.1.one_of: horizontal_flip is off; set transforms.horizontal_flip too",
        ),
        ("randaugment: {}", "randaugment: is not an augtool transform: use policy: {randaugment"),
        ("rat: 1", "unknown key; did you mean 'ratio'?"),
        (f"seed: {'9' * 5000}", "line 1, column 7: a number of 5,000 digits"),
    ],
)
def test_wrong_values_are_named_with_the_way_to_mend_them(
    tmp_path: Path, text: str, said: str
) -> None:
    assert said in problems(tmp_path, text)


def test_a_policy_that_draws_transforms_takes_the_place_of_the_default_ones(
    tmp_path: Path,
) -> None:
    names = {
        each.name for each in load(write(tmp_path, "policy: trivialaugment")).pipeline().geometric
    }
    assert "rotation_range" in names
    assert "horizontal_flip" not in names
    text = "{policy: trivialaugment, transforms: {horizontal_flip: true}}"
    both = {each.name for each in load(write(tmp_path, text)).pipeline().geometric}
    assert both == names | {"horizontal_flip"}


def test_a_policy_may_be_written_short_or_as_a_list(tmp_path: Path) -> None:
    for short, full in (
        ("trivialaugment", "[{trivialaugment: true}]"),
        ("randaugment", "[{randaugment: {num_ops: 2, magnitude: 9}}]"),
        ("{autoaugment: svhn}", "[{autoaugment: svhn, probability: 1.0}]"),
    ):
        one, other = (load(write(tmp_path, f"policy: {each}")) for each in (short, full))
        assert one.digest() == other.digest()
        assert Config.model_validate(one.resolved()).digest() == one.digest()


def test_yaml_scalars_are_read_as_people_mean_them(tmp_path: Path) -> None:
    read = load(write(tmp_path, "ratio: 1e-3\nseed: 010\n"))
    assert (read.ratio, read.seed) == (0.001, 10)


def test_an_empty_file_holds_the_defaults(tmp_path: Path) -> None:
    assert load(write(tmp_path, "# nothing\n")) == Config()


def test_a_file_that_is_too_large_or_not_there_is_refused(tmp_path: Path) -> None:
    assert "larger than 1,000,000 bytes" in problems(tmp_path, "#" * 1_000_001)
    with pytest.raises(ConfigError, match="can't read the config: No such file"):
        load(tmp_path / "nope.yaml")


def test_flags_beat_the_file_and_the_file_beats_the_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, "ratio: 3\nseed: 5\n")
    read = load(path, {"seed": 7, "output.format": "png"})
    assert (read.ratio, read.seed, read.output.format) == (3, 7, "png")
    assert load(path, {"total": 9}).total == 9


def test_a_transforms_block_replaces_the_defaults_but_set_adds_to_them(tmp_path: Path) -> None:
    pasted = load(write(tmp_path, "transforms: {rotation_range: 10}"))
    assert [transform.name for transform in pasted.pipeline().geometric] == ["rotation_range"]
    added = load(None, {"transforms.shear_range": 10})
    names = {transform.name for transform in added.pipeline().geometric}
    assert names == {*DEFAULT_TRANSFORMS, "shear_range"}


@pytest.mark.parametrize("text", ["seed", "=3"])
def test_set_needs_key_and_value(text: str) -> None:
    with pytest.raises(ConfigError, match="expected key=value"):
        parse_override(text)
