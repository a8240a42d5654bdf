"""Requests, repeated where that is safe."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from itertools import count
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, stop_before_delay, wait_random_exponential

from tileweave.client.errors import Busy, Unreachable, error_of

REPEATABLE = ("GET", "HEAD", "DELETE", "POST")
"""Methods that may be sent again even if the first one may have been carried out.

What a POST adds is known the second time; a PUT may hand a job out again.
"""

ALREADY = {"DELETE": 404, "POST": 409}
"""How a repeated call is answered that the first one carried out."""


class _Again(Exception):
    """Raised when a request is to be sent again; `cause` is raised if patience runs out."""

    def __init__(self, cause: Exception, after: float = 0) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.after = after
        """Seconds that the service asks to wait for at least."""


_PAUSE = wait_random_exponential(multiplier=0.1, max=2)


@dataclass(frozen=True, slots=True)
class Transport:
    """Sends requests; `patience` is how many seconds one is repeated for."""

    http: httpx.Client
    patience: float

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401
        """Return a successful answer.

        What the service did not take (429, no connection, 503 that says so) is repeated; what it
        may have carried out only where that makes no difference. An answer of ALREADY to a
        repeated call is a success. A `Retry-After` is waited for, unless it is longer than patience
        lasts. Raises ApiError, Unreachable.
        """
        tries = count()
        attempts = Retrying(
            stop=stop_before_delay(self.patience),
            wait=_pause,
            retry=_is_again,
            retry_error_callback=_give_up,
        )
        answer: httpx.Response = attempts(self._once, method, path, options, tries)
        return answer

    def _once(
        self, method: str, path: str, options: Mapping[str, Any], tries: Iterator[int]
    ) -> httpx.Response:
        repeated = next(tries) > 0
        try:
            answer = self.http.request(method, path, **options)
        except httpx.LocalProtocolError as error:
            # Its text may hold what a header holds.
            raise Unreachable(f"{method} {path} cannot be sent: a header is not legal") from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise _Again(_unreachable(error)) from error
        except httpx.TransportError as error:
            if method in REPEATABLE:
                raise _Again(_unreachable(error)) from error
            raise _unreachable(error) from error
        if answer.is_success or (repeated and answer.status_code == ALREADY.get(method)):
            return answer
        problem = error_of(answer)
        if isinstance(problem, Busy) and (method in REPEATABLE or not problem.carried_out):
            raise _Again(problem, _seconds(answer.headers.get("Retry-After", "")))
        raise problem


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return _PAUSE(state) + (error.after if isinstance(error, _Again) else 0)


def _seconds(retry_after: str) -> float:
    """Return how long a `Retry-After` (seconds, or a date: RFC 9110) asks to wait; 0 for none."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0
    return max(0.0, moment.timestamp() - time.time())


def _is_again(state: RetryCallState) -> bool:
    return state.outcome is not None and isinstance(state.outcome.exception(), _Again)


def _give_up(state: RetryCallState) -> httpx.Response:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _Again):
        raise error.cause
    raise RuntimeError("a request ended without an answer")  # tenacity calls this on _Again only


def _unreachable(error: httpx.TransportError) -> Unreachable:
    return Unreachable(f"{error.request.url}: {str(error) or type(error).__name__}")
