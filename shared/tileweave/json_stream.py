"""The items of a JSON list that is too large to be held: of a document, or of its `features`.

Each item is read by the parser that reads requests, so that it means the same here as there; only
the commas between them are looked at here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from json import JSONDecodeError, JSONDecoder
from typing import Any, TextIO

from tileweave.domain.model import Json
from tileweave.strict_json import check_writable, decoder

PIECE = 256 * 1024
"""Characters that are read at least."""

MOST_ITEM = 32 * 1024 * 1024
"""Characters of one item: a request may not hold more."""

CUT_OFF = 16
"""An error so close to the end of what was read may be no error: there is more."""

_SPACE = re.compile(r"[ \t\n\r]*")


@dataclass(slots=True)
class JsonStream:
    """Reads a document; `members` holds what is beside `features`, once all items were read."""

    source: TextIO
    most: int = MOST_ITEM
    """Characters that an item may have."""
    members: Json = field(default_factory=dict)
    _text: str = ""
    _at: int = 0
    _ended: bool = False
    _decoder: JSONDecoder = field(default_factory=decoder)

    def items(self) -> Iterator[Any]:
        """Return the items of the list, one at a time.

        Raises ValueError for what is not JSON, or has an item that is too large; RecursionError;
        Invalid for what nobody can write in UTF-8.
        """
        first = self._next()
        if first == "[":
            yield from self._list()
        elif first == "{":
            yield from self._object()
        else:
            self._expected("a list or an object")
        if self._next():
            raise self._wrong("Extra data")

    def _object(self) -> Iterator[Any]:
        for _ in self._between("{", "}"):
            name = self._value() if self._next() == '"' else self._expected("a name in quotes")
            self._take(":")
            if name in self.members:
                raise ValueError(f"the key {name!r} is there twice in one object")
            self.members[name] = None
            if name == "features" and self._next() == "[":
                yield from self._list()
                self.members[name] = []
            else:
                self.members[name] = self._value()

    def _list(self) -> Iterator[Any]:
        for _ in self._between("[", "]"):
            yield self._value()

    def _between(self, begin: str, end: str) -> Iterator[None]:
        """Return once for each item between brackets, to be read before the next."""
        self._take(begin)
        if self._next() != end:
            yield
            while self._next() == ",":
                self._take(",")
                yield
        self._take(end)

    def _take(self, expected: str) -> None:
        if self._next() != expected:
            self._expected(repr(expected))
        self._at += 1

    def _next(self) -> str:
        """Return the next character that is no white space; "" at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def _value(self) -> Any:  # noqa: ANN401 - JSON
        self._next()
        while True:
            try:
                body, end = self._decoder.raw_decode(self._text, self._at)
            except JSONDecodeError as error:
                if not (self._is_cut_off(error) and self._more()):
                    raise
                continue
            if end > len(self._text) - CUT_OFF and self._more():
                continue  # a number may go on: what is left may be `.`, or `e+`
            check_writable(body, self._text[self._at : end])
            self._at = end
            return body

    def _is_cut_off(self, error: JSONDecodeError) -> bool:
        unterminated = error.msg.startswith("Unterminated string")
        return unterminated or error.pos >= len(self._text) - CUT_OFF

    def _more(self) -> bool:
        """Read as much again as is left, and forget what was read; return if there was more."""
        rest = self._text[self._at :]
        if len(rest) > self.most:
            raise ValueError(f"an item has more than {self.most} characters")
        piece = "" if self._ended else self.source.read(max(PIECE, len(rest)))
        self._ended = not piece
        if piece:
            self._text, self._at = rest + piece, 0
        return bool(piece)

    def _expected(self, what: str) -> Any:  # noqa: ANN401 - it never returns
        raise self._wrong(f"Expecting {what}")

    def _wrong(self, said: str) -> ValueError:
        near = self._text[self._at : self._at + 20]
        return ValueError(f"{said}, near {near!r}" if near else f"{said}, at the end")
