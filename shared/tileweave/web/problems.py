"""Errors as problem details (RFC 9457): one table from exception to status."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.client import responses
from typing import Any

from flask import current_app, has_app_context, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from tileweave.domain import errors

logger = logging.getLogger(__name__)

STATUS_OF: dict[type[Exception], int] = {
    errors.NotFound: 404,
    errors.AlreadyExists: 409,
    errors.NotAllowed: 409,
    errors.IdCollision: 409,
    errors.TooLarge: 413,
    errors.Invalid: 422,
    errors.PlaceRefused: 422,
    errors.NothingThere: 422,
    errors.Conflict: 503,
    errors.Unavailable: 503,
    errors.Uncertain: 503,
}

TITLES = {
    400: "Bad request",
    401: "No valid token",
    403: "Not allowed with this token",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Wrong content",
    500: "Internal error",
    501: "Not available here",
    503: "Try again later",
}

Mark = Callable[[Request, Response], None]

RETRY_AFTER = {"Retry-After": "1"}


def problem(status: int, detail: str, **more: Any) -> Response:  # noqa: ANN401 - JSON values
    """Return a problem details answer; `more` are its extension members."""
    body = {
        "type": "about:blank",
        "title": TITLES.get(status) or responses.get(status, "Error"),
        "status": status,
    }
    answer = Response(json.dumps({**body, "detail": detail, **more}), status)
    answer.mimetype = "application/problem+json"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers.update(RETRY_AFTER)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        # As a stream, after which functions-framework does not read the rest of the request.
        text = answer.get_data()
        answer.response = iter([text])
        answer.content_length = len(text)
    return answer


def answer_all_errors(mark: Mark | None = None) -> None:
    """Have the framework that loads this function answer its own errors as problems too.

    They are pages in HTML otherwise: of /robots.txt, of what is no request, of a crash. `mark` gets
    each of them with its request, to add headers.
    """

    def answer(error: Exception) -> Response:
        response = answer_to(error)
        if mark is not None:
            with suppress(ValueError):  # of settings: every other call tells
                mark(request, response)
        return response

    if has_app_context():
        current_app.url_map.merge_slashes = False
        for each in (HTTPException, HTTPStatus.INTERNAL_SERVER_ERROR):
            current_app.register_error_handler(each, answer)


def answer_to(error: Exception) -> Response:
    """Return the answer to any exception: never a stack trace, never an HTML page."""
    if isinstance(error, HTTPException):
        return _of_http(error)
    status = STATUS_OF.get(type(error))
    if status is None:
        logger.error("An unexpected error", exc_info=error)
        return problem(500, "Something unexpected went wrong; the log has the details.")
    return problem(status, str(error), **_more(error))


def _of_http(error: HTTPException) -> Response:
    status = error.code or 500
    answer = problem(status, error.description or error.name)
    headers = dict(error.get_headers())
    for name in ("Allow", "WWW-Authenticate"):
        if name in headers:
            answer.headers[name] = headers[name]
    return answer


def _more(error: Exception) -> dict[str, Any]:
    if isinstance(error, errors.Conflict):
        return {"carried_out": False}
    if isinstance(error, errors.Invalid):
        wrong = [{"path": each.path, "message": each.message} for each in error.problems]
        return {"errors": wrong}
    if isinstance(error, errors.PlaceRefused | errors.NothingThere):
        return {"errors": [{"path": "href", "message": str(error)}]}
    if isinstance(error, errors.AlreadyExists) and error.id is not None:
        return {"id": error.id}
    return {}
