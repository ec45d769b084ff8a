"""Turns flags that exclude each other into one value."""

from typing import Literal

from augtool.errors import ConfigError

__all__ = ["choose_balance", "choose_existing", "choose_kind"]


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
