"""Reading that broke off is begun again, a few times."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from tileweave.domain.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

TRIES = 3

SECONDS_TO_CONNECT = 5
SECONDS_TO_READ = 30
PATIENCE = (SECONDS_TO_CONNECT, SECONDS_TO_READ)


class BrokenOff(Unavailable):
    """Raised when an answer broke off, or there was none this time."""


def again(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what a call returns, made up to TRIES times if it is BrokenOff."""
    tries = Retrying(
        retry=retry_if_exception_type(BrokenOff),
        stop=stop_after_attempt(TRIES),
        wait=wait_random_exponential(multiplier=0.2, max=2),
        reraise=True,
    )
    return tries(call, *args, **kwargs)
