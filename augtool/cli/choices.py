"""Turns flags that exclude each other into one value."""

import re
from typing import TYPE_CHECKING, Literal

from augtool.errors import ConfigError

if TYPE_CHECKING:
    from augtool.run.options import Shard

__all__ = ["choose_balance", "choose_existing", "choose_kind", "choose_shard"]


def choose_balance(balance: bool, size: str | None) -> object:
    """Return the config's `balance` of ``--balance`` and ``--balance-to``; None for neither."""
    if balance and size not in (None, "largest"):
        raise ConfigError("--balance: means --balance-to largest; pass one of them")
    return int(size) if size and size.isdecimal() else size or (balance or None)


def choose_kind(kind: str | None, flat: bool) -> str | None:
    """Return the kind of data of ``--from`` and ``--flat``; None to detect it."""
    if flat and kind not in (None, "flat"):
        raise ConfigError(f"--flat: can't be combined with --from {kind}; pass one of them")
    return "flat" if flat else kind


def choose_existing(overwrite: bool, update: bool) -> Literal["refuse", "overwrite", "update"]:
    """Return what to do with an old output, of ``--overwrite`` and ``--update``."""
    if overwrite and update:
        raise ConfigError("--overwrite: can't be combined with --update; pass one of them")
    return "overwrite" if overwrite else "update" if update else "refuse"


def choose_shard(text: str | None) -> "Shard | None":
    """Return the share that ``--shard`` names; None for all."""
    from augtool.run.options import Shard

    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
    if found is None:
        raise ConfigError(
            f"--shard: got {text!r}; expected the number of the share, from 0, and how many there"
            " are, e.g. 0/8"
        )
    return Shard(int(found[1]), int(found[2]))
