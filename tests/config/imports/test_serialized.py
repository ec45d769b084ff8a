"""Pipelines in YAML and JSON."""

from __future__ import annotations

import pytest
import yaml

from augtool.config.imports.importer import Imported, import_config
from augtool.errors import ConfigError
from tests.config.imports.importing import everything


def read(text: str) -> Imported:
    """Import a YAML file."""
    return import_config(text, "c.yaml", vocabulary=everything())


def test_a_pipeline_is_found_among_the_arguments_of_other_classes() -> None:
    done = read("""
_target_: my.DataModule
callbacks:
- {_target_: my.Early}
dataset:
  _target_: my.Data
  transform:
    _target_: torchvision.transforms.Compose
    transforms:
    - {_target_: torchvision.transforms.RandomRotation, degrees: 9}
""")
    assert done.title == "torchvision: 'dataset' (c.yaml)"
    assert yaml.safe_load(done.yaml)["transforms"]["rotation_range"] == 9
    assert done.others == ()


@pytest.mark.parametrize(
    "item",
    [
        "{class_name: albumentations.Rotate, params: {limit: 9, p: 1}}",
        "{transform: A.Rotate, limit: 9, p: 1}",
        "{type: albu.Rotate, kwargs: {limit: 9}, p: 1}",
    ],
)
def test_the_forms_of_other_tools_are_read(item: str) -> None:
    done = read(f"train:\n- {item}\n- {{name: other.Thing}}\n".replace("other.", "A."))
    assert yaml.safe_load(done.yaml)["transforms"]["rotation_range"] == 9
    assert done.missing == ("Thing(): augtool has nothing like it",)


def test_a_word_that_is_no_class_of_a_known_library_is_none() -> None:
    """Other frameworks have a ``RandomFlip``, too, which means other things."""
    with pytest.raises(ConfigError, match=r"no pipeline found; .* in YAML and JSON, mappings"):
        read("pipeline:\n- {type: RandomFlip, flip_ratio: 0.5}\n- {_target_: torch.optim.SGD}\n")


def test_references_and_aliases_are_looked_up() -> None:
    done = read("""
data: {side: &side 64, jitter: {_target_: albumentations.Rotate, limit: 7, p: 1}}
train:
- {_target_: albumentations.Resize, height: "${data.side}", width: *side}
- ${data.jitter}
- {_target_: albumentations.GaussNoise, var_limit: "${data.noise}"}
- ${data.other}
""")
    found = yaml.safe_load(done.yaml)
    assert found["output"] == {"resize": "64x64"}
    assert found["transforms"]["rotation_range"] == 7
    assert [each.partition(": ")[2] for each in done.missing] == [
        "var_limit=${data.noise} can't be resolved",
        "what it holds can't be told from the code",
    ]


def test_a_reference_to_itself_is_not_followed_for_ever() -> None:
    done = read(
        "a: ${b}\nb: ${a}\nt:\n- {_target_: albumentations.Rotate, limit: '${a}'}\n- ${b}\n"
    )
    assert len(done.missing) == 2


def test_references_that_multiply_are_given_up_soon() -> None:
    """15 levels of ten each would be more than any memory holds."""
    level = "a{}: [{}]\n"
    levels = "".join(level.format(n, ", ".join([f'"${{a{n + 1}}}"'] * 10)) for n in range(15))
    done = read(f"{levels}t:\n- {{_target_: albumentations.Rotate, limit: '${{a0}}'}}\n")
    assert len(done.missing) == 1


def test_yaml_that_cannot_be_read_is_one_error_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r"^c\.yaml, line 2, column 5: aliases"):
        read("a: &x [{_target_: albumentations.Rotate}]\nb: [*x, *x]\n")
