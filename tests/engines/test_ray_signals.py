"""SIGINT and SIGTERM end a run as ever, whatever Ray does with them."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator

import pytest

from augtool.engines.ray.signals import kept_sigterm, noted_signals


class Terminated(BaseException):
    """SIGTERM was received."""


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Raise for both signals, as the command line does."""

    def terminate(*_: object) -> None:
        raise Terminated

    # Where tests run in the background of a shell, SIGINT is ignored.
    wanted = {signal.SIGTERM: terminate, signal.SIGINT: signal.default_int_handler}
    former = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    yield
    for number, handler in former.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_a_signal_whose_exception_was_ignored_is_sent_again(
    number: signal.Signals, raised: type[BaseException]
) -> None:
    with noted_signals() as send_again:
        with contextlib.suppress(raised):
            signal.raise_signal(number)
        with pytest.raises(raised):
            send_again()
    assert signal.set_wakeup_fd(-1) == -1


def test_without_a_signal_none_is_sent() -> None:
    with noted_signals() as send_again:
        send_again()


def test_another_handler_of_sigterm_does_not_count() -> None:
    ours = signal.getsignal(signal.SIGTERM)

    def replace_and_terminate() -> None:
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(number))
        signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Terminated), kept_sigterm():
        replace_and_terminate()
    assert signal.getsignal(signal.SIGTERM) is ours
    with pytest.raises(SystemExit), kept_sigterm():
        sys.exit(1)
