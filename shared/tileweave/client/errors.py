"""What a call may raise.

ClientError
├── Unsendable          no name that a path can hold, or no JSON: nothing was sent
├── Unreachable         nobody answers at the URL
├── Unreadable          what answers is not Tileweave, or not as it does
└── ApiError            the service answered with a problem (RFC 9457)
    ├── Refused         400, 413, 415, 422: the request is wrong; `errors` lists every wrong field
    ├── Denied          401, 403: a token is missing, unknown, or may not do this
    ├── Missing         404: no such AOI, scene or tile
    ├── NotNow          409: known already (`id` is the scene's), or its status forbids it
    └── Busy            429, 502, 503, 504: try again later
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

TOO_MANY = 429


class ClientError(Exception):
    """Base of all errors that the client raises on purpose."""


class Unsendable(ClientError):
    """Raised when a name or a value cannot be sent; nothing was."""


class Unreadable(ClientError):
    """Raised when an answer is not one of Tileweave's: a page, other JSON, a broken encoding."""


class Unreachable(ClientError):
    """Raised when the service cannot be reached, or does not answer in time."""


@dataclass(frozen=True, slots=True)
class WrongField:
    """One wrong field of a request: its path, and what is wrong."""

    path: str
    message: str


class ApiError(ClientError):
    """Raised when the service answers with a problem."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        said = problem.get("detail") or problem.get("title") or f"status {status}"
        super().__init__(str(said))
        self.status = status
        self.title = str(problem.get("title", ""))
        id_ = problem.get("id")
        self.id = id_ if isinstance(id_, int) else None
        self.carried_out = status != TOO_MANY and problem.get("carried_out", True) is not False
        """Whether the service may have done what was asked; False where it says it has not."""
        self.errors = tuple(_wrong_fields(problem.get("errors")))


def _wrong_fields(listed: object) -> Iterator[WrongField]:
    """Return those of a list that are wrong fields: somebody else's `errors` may be anything."""
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and {"path", "message"} <= each.keys():
            yield WrongField(str(each["path"]), str(each["message"]))


class Refused(ApiError):
    """Raised when the request is wrong; nothing was done."""


class Denied(ApiError):
    """Raised when the token is missing or unknown, or may not do this."""


class Missing(ApiError):
    """Raised when there is no such AOI, scene or tile."""


class NotNow(ApiError):
    """Raised when a scene is known already, or a status does not allow what was asked."""


class Busy(ApiError):
    """Raised when the service was busy or away for longer than the client's patience."""


_BY_STATUS: Mapping[int, type[ApiError]] = {
    400: Refused,
    401: Denied,
    403: Denied,
    404: Missing,
    409: NotNow,
    413: Refused,
    415: Refused,
    422: Refused,
    429: Busy,
    502: Busy,
    503: Busy,
    504: Busy,
}


def error_of(answer: httpx.Response) -> ApiError:
    """Return the error that an answer other than 2xx stands for."""
    try:
        problem = answer.json()
    except (ValueError, RecursionError):
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    return _BY_STATUS.get(answer.status_code, ApiError)(answer.status_code, problem)
