"""Answers in JSON and GeoJSON, and JSON read from requests."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.wrappers import Request, Response

from tileweave.domain.errors import Invalid, Problem

GEOJSON = "application/geo+json"

MOST_DIGITS = 4_300
"""Digits of an integer: Python reads no more."""

HALF_A_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
"""An escape that may be half of a surrogate pair, which alone is no character."""


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
        text = data.decode("utf-8-sig")
        body = decoder().decode(text)
    except ValueError as error:
        raise BadRequest(f"{what} is not JSON: {error}.") from error
    except RecursionError as error:
        raise BadRequest(f"{what} is not JSON that can be read: too deeply nested.") from error
    check_writable(body, text)
    return body


def decoder() -> json.JSONDecoder:
    """Return what reads JSON: no value that is not kept as it was sent, none that is lost."""
    return json.JSONDecoder(
        parse_constant=_refused,
        parse_float=_finite,
        parse_int=_integer,
        object_pairs_hook=_once,
    )


def check_writable(body: object, text: str) -> None:
    """Raise Invalid if a value, of this JSON text, holds what nobody can write in UTF-8."""
    if HALF_A_PAIR.search(text) and (wrong := tuple(_unwritable(body))):
        raise Invalid(wrong)


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


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON number")


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise ValueError(f"{number} is too large a number")
    return value


def _integer(number: str) -> int:
    if (digits := len(number.removeprefix("-"))) > MOST_DIGITS:
        raise ValueError(f"a number has {digits} digits, more than {MOST_DIGITS}")
    return int(number)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; one of two values of the same name would be lost without a word."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, n in Counter(name for name, _ in pairs).items() if n > 1)
        raise ValueError(f"the key {twice!r} is there twice in one object")
    return found


def _unwritable(value: object, path: str = "") -> Iterator[Problem]:
    """Return the fields whose text holds half a surrogate pair: no UTF-8 can hold it."""
    if isinstance(value, str):
        if value != value.encode(errors="replace").decode():
            yield Problem(path or "body", "holds half a surrogate pair, which is no character")
    elif isinstance(value, dict | list):
        named = value.items() if isinstance(value, dict) else enumerate(value)
        for name, each in named:
            where = str(name).encode(errors="replace").decode()
            inner = f"{path}.{where}" if path else where
            if where != str(name):
                yield Problem(inner, "is a key with half a surrogate pair, which is no character")
            yield from _unwritable(each, inner)
