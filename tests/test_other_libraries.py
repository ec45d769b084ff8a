"""The page on other libraries shows what comes out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from augtool.config.imports.frameworks import FRAMEWORKS
from augtool.config.imports.importer import import_config
from augtool.config.load import load

PAGE = Path(__file__).parents[1] / "docs" / "other-libraries.md"
EXAMPLES = re.findall(r"```python\n(.*?)```\n\n```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.parametrize(("code", "printed"), EXAMPLES)
def test_an_example_gives_what_the_page_shows(code: str, printed: str, tmp_path: Path) -> None:
    done = import_config(code, "train.py")
    assert done.yaml == printed
    (tmp_path / "recipe.yaml").write_text(printed)
    load(tmp_path / "recipe.yaml")


def test_there_is_one_of_each_framework() -> None:
    titles = {import_config(code, "train.py").title.partition(":")[0] for code, _ in EXAMPLES}
    assert titles == {each.title for each in FRAMEWORKS}
