"""What is sent and what is answered: names in paths, JSON, and its models."""

from __future__ import annotations

import json
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter, ValidationError

from tileweave.client.errors import Unreadable, Unsendable

T = TypeVar("T")

HERE_OR_ABOVE = ("", ".", "..")
"""What is no name in a path: it would lead to another call."""


def part(name: str) -> str:
    """Return a name as a part of a path. Raises Unsendable."""
    if name in HERE_OR_ABOVE:
        raise Unsendable(f"{name!r} is no name that a path can hold.")
    try:
        return quote(name, safe="")
    except UnicodeEncodeError as error:
        raise Unsendable(f"{name!r} is no text: half a surrogate pair is no character.") from error


def aoi_path(name: str) -> str:
    """Return the path of an AOI. Raises Unsendable for what cannot be its name."""
    if is_pattern(name):
        raise Unsendable(f"{name!r} is a pattern of names, not the name of an AOI.")
    return f"/aoi/{part(name)}"


def is_pattern(name: str) -> bool:
    """Whether it is a pattern of names."""
    return not {"*", "?"}.isdisjoint(name)


def body(value: object) -> dict[str, Any]:
    """Return the options of a request with a JSON body. Raises Unsendable."""
    try:
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        content = text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise Unsendable(f"What is to be sent is not JSON: {error}") from error
    return {"content": content, "headers": {"Content-Type": "application/json"}}


def read(form: TypeAdapter[T], answer: httpx.Response) -> T:
    """Return what an answer holds. Raises Unreadable if it is of another form."""
    asked = f"{answer.request.method} {answer.request.url}"
    try:
        return form.validate_python(answer.json())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the body"
        said = f"{asked} is not answered as Tileweave does: {where}: {first['msg']}"
        raise Unreadable(said) from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{asked} is not answered in JSON: {error}") from error
