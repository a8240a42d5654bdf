"""Answers in JSON and GeoJSON, and JSON read from requests."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.wrappers import Request, Response

from tileweave.strict_json import NotJson, value_of

GEOJSON = "application/geo+json"


def as_json(body: Any, mimetype: str = "application/json") -> Response:  # noqa: ANN401 - JSON
    """Return a 200 answer with a JSON body."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return Response(text, 200, mimetype=mimetype)


def as_text(body: str) -> Response:
    """Return a 200 answer in plain text."""
    return Response(body, 200, mimetype="text/plain")


def no_content() -> Response:
    """Return a 204 answer."""
    return Response(status=204)


def json_of(request: Request) -> Any:  # noqa: ANN401 - JSON
    """Return the JSON body of a request.

    Raises UnsupportedMediaType if it says that it is something else, BadRequest if it is not
    JSON, RequestEntityTooLarge, Invalid if it holds what nobody can write in UTF-8.
    """
    mimetype = request.mimetype
    if mimetype and not (mimetype == "application/json" or mimetype.endswith("+json")):
        said = f"The request says it holds {mimetype}; send JSON as application/json."
        raise UnsupportedMediaType(said)
    return parsed(request.get_data())


def parsed(data: bytes, what: str = "The request") -> Any:  # noqa: ANN401 - JSON
    """Return the value of a JSON text; `what` names it. Raises BadRequest, Invalid as above."""
    try:
        return value_of(data)
    except NotJson as error:
        raise BadRequest(f"{what} is not JSON{error}") from error


def flag_of(request: Request, name: str) -> bool:
    """Return a query parameter that is `true` or `false` (the default)."""
    value = request.args.get(name, "false")
    if value not in ("true", "false"):
        raise BadRequest(f"The parameter {name} is {value!r}: it must be true or false.")
    return value == "true"


def choice_of(request: Request, name: str, choices: tuple[str, ...], default: str) -> str:
    """Return a query parameter that is one of `choices`."""
    value = request.args.get(name, default)
    if value not in choices:
        raise BadRequest(f"The parameter {name} is {value!r}: one of {', '.join(choices)}.")
    return value
