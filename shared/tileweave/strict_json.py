"""JSON as it is meant: every number finite, every key once, every text one that UTF-8 can hold."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tileweave.domain.errors import Invalid, Problem

MOST_DIGITS = 4_300
"""Digits of an integer: Python reads no more."""

HALF_A_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
"""An escape that may be half of a surrogate pair, which alone is no character."""


class NotJson(ValueError):
    """Raised when a text is not JSON; says how, as the end of a sentence that says so."""


def value_of(data: bytes) -> Any:  # noqa: ANN401 - JSON
    """Return the value of a JSON text. Raises NotJson; Invalid of what no UTF-8 can hold."""
    try:
        text = data.decode("utf-8-sig")
        body = decoder().decode(text)
    except ValueError as error:
        raise NotJson(f": {error}.") from error
    except RecursionError as error:
        raise NotJson(" that can be read: too deeply nested.") from error
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
