"""Errors of a config that come from what people know from elsewhere say how to write it here."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from augtool.config.load import load, parse_override
from augtool.config.python_text import in_yaml, read_arguments
from augtool.errors import ConfigError


def problems(text: str, folder: Path) -> list[str]:
    path = folder / "a.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    return [problem.removeprefix(f"{path}") for problem in caught.value.problems]


BELONGS = "unknown key; it belongs in"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rotation_range: 30", f": rotation_range: {BELONGS} transforms: use transforms."),
        ("resize: 9x9", f": resize: {BELONGS} output: use output.resize"),
        ("output: {rescale: 1/255}", f": output.rescale: {BELONGS} transforms: use transforms."),
        ("transforms: {class_mode: x}", f": transforms.class_mode: {BELONGS} output: use output."),
        ("transforms: {ratio: 2}", ": transforms.ratio: unknown key; it belongs at the top: use r"),
        ("per_class: {a: {quality: 1}}", f": per_class.a.quality: {BELONGS} output: use output.q"),
        ("rotation_rnge: 3", ": rotation_rnge: unknown key; did you mean 'transforms.rotation_ra"),
        ("transforms: {target_size: 3}", ": transforms.target_size: is not an augtool transform: "),
        ("ratio: 150%", ": ratio: got '150%'; expected a number; write 1.5"),
        ("split: {val: 7.5%}", ": split.val: got '7.5%'; expected a number; write 0.075"),
        (
            "transforms: {zoom_range: 20 %}",
            ": transforms.zoom_range: got '20 %'; expected a number; write 0.2",
        ),
        (
            "transforms:\n  horizontal_flip: true,",
            ": transforms.horizontal_flip: got 'true,'; use true, false, or a probability"
            " from 0 to 1; leave out the comma at its end",
        ),
        (
            "transforms:\n  rotation_range: 20, zoom_range: 1",
            ", line 2, column 33: two keys on one line; give each a line of its own, or write"
            " {a: 1, b: 2}",
        ),
        (
            "transforms:\n  rotation_range=20, zoom_range=0.2",
            ": transforms: got 'rotation_range=20, zoom_range=0.2'; expected a block of keys;"
            " this is Python: write {rotation_range: 20, zoom_range: 0.2}",
        ),
        (
            "rotation_range=20,\nbrightness_range=(0.5, 1.5),\n",
            ": is Python, not YAML; write transforms: {rotation_range: 20, brightness_range: [0.5",
        ),
        (
            "import keras\nflow = dict(a=1)\ndatagen = image.ImageDataGenerator(\n"
            "    rescale=1./255, fill_mode='nearest',\n    validation_split=1/4,\n"
            "    preprocessing_function=f)\n",
            ": is Python, not YAML; write transforms: {rescale: 1/255, fill_mode: nearest,"
            " validation_split: 0.25} (without preprocessing_function: its value is not a literal)",
        ),
    ],
)
def test_what_was_meant_is_said(tmp_path: Path, text: str, said: str) -> None:
    (problem,) = problems(text, tmp_path)
    assert problem.startswith(said)


def test_a_key_of_set_is_named_in_full() -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, dict([parse_override("rotation_range=30")]))
    assert caught.value.problems == (
        "command line: rotation_range: unknown key; it belongs in transforms:"
        " use transforms.rotation_range",
    )


def test_what_is_suggested_is_yaml_that_is_accepted(tmp_path: Path) -> None:
    arguments = read_arguments(
        "ImageDataGenerator(rotation_range=40, rescale=1./255, horizontal_flip=True, cval=0.,"
        " zoom_range=[0.8, 1.2], fill_mode='constant', zca_epsilon=1e-06)"
    )
    assert arguments is not None
    (tmp_path / "a.yaml").write_text(f"transforms: {in_yaml(arguments)}")
    settings = load(tmp_path / "a.yaml").transforms.model_dump(exclude_none=True)
    assert settings["rescale"] == pytest.approx(1 / 255)
    assert settings["zoom_range"] == [0.8, 1.2]
    assert (settings["horizontal_flip"], settings["fill_mode"]) == (True, "constant")


@pytest.mark.parametrize("text", ["ratio: 1.5", "just words", "f(1, 2)", "(" * 9999, ""])
def test_other_text_is_not_taken_for_arguments(text: str) -> None:
    assert read_arguments(text) is None


@pytest.mark.parametrize("value", ["__import__('os').getcwd()", "{[]: 1}", "b'x'", "1/0", "-x"])
def test_what_is_no_literal_is_named_and_not_run(value: str) -> None:
    arguments = read_arguments(f"a={value}, b='no: {{'")
    assert arguments is not None
    block, _, rest = in_yaml(arguments).partition(" (")
    assert yaml.safe_load(block) == {"b": "no: {"}
    assert rest == "without a: its value is not a literal)"
