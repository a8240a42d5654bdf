"""Requests, repeated where that is safe."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, stop_before_delay, wait_random_exponential

from tileweave.client.errors import Busy, Unreachable, Unreadable, error_of

REPEATABLE = ("GET", "HEAD", "DELETE", "POST")
"""Methods that may be sent again even if the first one may have been carried out.

What a POST adds is known the second time; a PUT may hand a job out again.
"""

ALREADY = {"DELETE": 404, "POST": 409}
"""How a repeated call is answered that an earlier one carried out."""


class _Again(Exception):
    """Raised when a request is to be sent again; `cause` is raised if patience runs out."""

    def __init__(self, cause: Exception, after: float = 0) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.after = after
        """Seconds that the service asks to wait for at least."""


@dataclass(slots=True)
class _Call:
    """A request, and whether one of its tries may have been carried out."""

    method: str
    path: str
    repeatable: bool
    options: Mapping[str, Any]
    perhaps_done: bool = field(default=False)

    def is_done(self, status: int) -> bool:
        """Whether a status says that an earlier try has done what was asked."""
        return self.perhaps_done and status == ALREADY.get(self.method)

    def again(self, cause: Exception, *, perhaps_done: bool, after: float = 0) -> Exception:
        """Return what has the call repeated; or its cause, where that might do it twice."""
        if perhaps_done and not self.repeatable:
            return cause
        self.perhaps_done |= perhaps_done
        return _Again(cause, after)


_PAUSE = wait_random_exponential(multiplier=0.1, max=2)


@dataclass(frozen=True, slots=True)
class Transport:
    """Sends requests; `patience` is how many seconds one is repeated for."""

    http: httpx.Client
    patience: float

    def send(
        self,
        method: str,
        path: str,
        *,
        idempotent: bool = False,
        **options: Any,  # noqa: ANN401 - httpx's own
    ) -> httpx.Response:
        """Return a successful answer.

        What the service did not take (429, no connection, 503 that says so) is repeated; what it
        may have carried out only where that makes no difference: REPEATABLE, or `idempotent`. An
        answer of ALREADY is a success, if an earlier try may have been carried out. A `Retry-After`
        is waited for, unless it is longer than patience lasts. Raises ApiError, Unreachable,
        Unreadable (a page in HTML: somebody else's answer).
        """
        call = _Call(method, path, idempotent or method in REPEATABLE, options)
        attempts = Retrying(
            stop=stop_before_delay(self.patience),
            wait=_pause,
            retry=_is_again,
            retry_error_callback=_give_up,
        )
        answer: httpx.Response = attempts(self._once, call)
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            raise Unreadable(f"{method} {answer.url} is answered by a page, not by Tileweave")
        return answer

    def _once(self, call: _Call) -> httpx.Response:
        answer = self._answer(call)
        if answer.is_success or call.is_done(answer.status_code):
            return answer
        problem = error_of(answer)
        if not isinstance(problem, Busy):
            raise problem
        after = _seconds(answer.headers.get("Retry-After", ""))
        raise call.again(problem, perhaps_done=problem.carried_out, after=after)

    def _answer(self, call: _Call) -> httpx.Response:
        try:
            return self.http.request(call.method, call.path, **call.options)
        except httpx.LocalProtocolError as error:
            # Its text may hold what a header holds.
            said = f"{call.method} {call.path} cannot be sent: a header is not legal"
            raise Unreachable(said) from error
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise Unreachable(f"{self.http.base_url} is no URL of a service: {error}") from error
        except httpx.DecodingError as error:
            raise Unreadable(f"{call.method} {call.path}: {error}") from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise call.again(_unreachable(error), perhaps_done=False) from error
        except httpx.TransportError as error:
            raise call.again(_unreachable(error), perhaps_done=True) from error


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
