"""SIGINT and SIGTERM: the first one asks for a stop, the second one kills everything at once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType

_NUMBERS = (signal.SIGINT, signal.SIGTERM)
_KILLED = 128
"""What a shell adds to the number of the signal that ended a process."""

SAME_SECONDS = 0.5
"""A signal so soon after the first is the same one: `timeout` sends it to us and to our group."""


class Asked(BaseException):
    """Raised in the main thread, wherever it is, by the first signal."""


@contextmanager
def asking() -> Iterator[None]:
    """Have the first signal raise Asked in the block; what comes after it is not interrupted."""
    on_first(_raise)
    not_asked = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is not_asked:
            on_first(_go_on)


def on_first(call: Callable[[], None]) -> None:
    """Have the first signal call this, and the second one end this process and its children."""
    import psutil  # noqa: F401 - for `_kill`: a handler is no place for the first import

    def first(_number: int, _frame: FrameType | None) -> None:
        for number in _NUMBERS:
            signal.signal(number, partial(_kill, time.monotonic()))
        call()

    for number in _NUMBERS:
        signal.signal(number, first)


def _raise() -> None:
    raise Asked


def _go_on() -> None:
    """Do nothing: everything is being stopped already."""


def _kill(asked: float, number: int, _frame: FrameType | None) -> None:
    if time.monotonic() - asked < SAME_SECONDS:
        return
    import psutil

    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            child.kill()
    os._exit(_KILLED + number)
