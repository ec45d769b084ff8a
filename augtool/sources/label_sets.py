"""Several classes of one image, in a table: one text of them that does not depend on their order.

An image's class is then the set of its labels, such as ``cat;dog``: originals, copies, splits and
amounts are shared out by set, and the manifest keeps every label.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augtool.errors import ConfigError, InputError

__all__ = ["NO_LABEL", "SEPARATOR", "ClassColumns", "joined"]

#: What is between the labels of a class.
SEPARATOR = ";"
#: The class of an image without any label.
NO_LABEL = "(none)"
_YES = frozenset({"1", "1.0", "true"})
_NO = frozenset({"0", "0.0", "false", ""})


def joined(labels: Iterable[str]) -> str:
    """Return the class of an image with these labels, in any order.

    >>> joined(["dog", "cat", "dog"]), joined([])
    ('cat;dog', '(none)')
    """
    return SEPARATOR.join(sorted(set(labels))) or NO_LABEL


@dataclass(frozen=True, slots=True)
class ClassColumns:
    """Where a table says the class of an image.

    Parameters
    ----------
    names
        One column, or one for each label, which holds a 1 for the images that have it.
    separator
        What is between the labels in one column; None for one class an image.
    """

    names: Sequence[str]
    separator: str | None = None

    @classmethod
    def find(
        cls, asked: str, columns: Sequence[str], separator: str | None, table: str
    ) -> ClassColumns:
        """Return the columns that are asked for: one, or several with commas between them.

        Raises
        ------
        ConfigError, InputError
            When settings or names don't go together.
        """
        names = [asked] if asked in columns else [name.strip() for name in asked.split(",")]
        if separator == "":
            raise ConfigError("--label-separator: is empty; pass what is between labels, e.g. ';'")
        if len(names) > 1 and separator is not None:
            raise ConfigError(
                "--label-separator: is for one class column, and --class-column lists"
                f" {len(names)}; leave out one of them"
            )
        odd = [name for name in names if SEPARATOR in name] if len(names) > 1 else []
        if odd:
            raise InputError(
                f"{table}: column {odd[0]!r} has a {SEPARATOR!r} in its name, which is put between"
                " labels; rename it"
            )
        return cls(names, separator)

    def class_of(self, values: Mapping[str | None, Any], where: str) -> str:
        """Return the class of a row; of several labels, the one that stands for them together.

        Raises
        ------
        InputError
            When a cell of several columns is neither yes nor no.
        """
        if len(self.names) > 1:
            return joined(name for name in self.names if _is_yes(values[name], name, where))
        text: str = values[self.names[0]]
        if self.separator is None:
            return text
        labels = (label.strip() for label in text.split(self.separator))
        return joined(label for label in labels if label)


def _is_yes(cell: str, name: str, where: str) -> bool:
    value = cell.strip().lower()
    if value not in _YES | _NO:
        raise InputError(
            f"{where}: has {cell!r} in column {name!r}; expected 1 or 0, or true or false"
        )
    return value in _YES
