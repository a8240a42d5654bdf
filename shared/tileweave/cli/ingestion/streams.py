"""Large JSON, a value at a time; what is wrong with it is told with its line and column."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

import ijson

CHUNK = 64 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Kind = Literal["array", "collection", "object", "other"]


class BadJson(Exception):
    """Raised where a text is not JSON: says where, and what is wrong."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the first value of a file is; a collection is an object with `features`."""

    kind: Kind


class Twice(BadJson):
    """Raised where an object has a key twice: one of two values would be lost without a word."""


class Once(dict[str, Any]):
    """An object whose keys come once."""

    def __setitem__(self, key: str, value: Any) -> None:  # noqa: ANN401 - JSON
        """Set a key. Raises Twice if it is there."""
        if key in self:
            raise Twice(f"the key {key!r} is there twice in one object")
        super().__setitem__(key, value)


def beginning(file: BinaryIO) -> Beginning:
    """Return what a file begins with: of an object, its keys are looked at up to `features`."""
    _start(file)
    depth = 0
    try:
        for event, value in ijson.basic_parse(file, multiple_values=True, use_float=True):
            if depth == 0 and event not in ("start_map", "start_array"):
                return Beginning("other")
            if depth == 0 and event == "start_array":
                return Beginning("array")
            if depth == 1 and (event, value) == ("map_key", "features"):
                return Beginning("collection")
            depth += _DEEPER.get(event, 0)
            if depth == 0:
                return Beginning("object")
    except ijson.JSONError:
        pass  # whoever reads it says what is wrong, and where
    return Beginning("object" if depth else "other")


_DEEPER = {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}


def items(file: BinaryIO, prefix: str, beside: dict[str, list[Any]]) -> Iterator[Any]:
    """Return the values at a prefix (as ijson has it), as they are read.

    Those at the prefixes of `beside` are added to its lists: they may come before or after.
    Raises BadJson.
    """
    found: list[Any] = ijson.sendable_list()
    targets = {name: ijson.sendable_list() for name in beside}
    parsers = [ijson.items_coro(found, prefix, use_float=True, map_type=Once)]
    parsers += [ijson.items_coro(each, name, use_float=True) for name, each in targets.items()]
    for offset, chunk in _chunks(file):
        try:
            for parser in parsers:
                parser.send(chunk)
        except Twice:
            yield from found
            raise
        except ijson.JSONError as error:
            raise BadJson(_where(file, offset, chunk)) from error
        yield from found
        found.clear()
    try:
        for parser in parsers:
            parser.close()
    except ijson.JSONError as error:
        raise BadJson("its end: it is not all there") from error
    yield from found
    for name, each in targets.items():
        beside[name].extend(each)


def _start(file: BinaryIO) -> None:
    file.seek(0)
    if file.read(len(BYTE_ORDER_MARK)) != BYTE_ORDER_MARK:
        file.seek(0)


def _chunks(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    _start(file)
    offset = file.tell()
    while chunk := file.read(CHUNK):
        yield offset, chunk
        offset += len(chunk)


def _where(file: BinaryIO, bad: int, chunk: bytes) -> str:
    """Return line and column of the first byte that no JSON goes on with."""
    parser = ijson.basic_parse_coro(ijson.sendable_list(), use_float=True)
    line, column = 1, 0
    for offset, each in _chunks(file):
        if offset == bad:
            break
        parser.send(each)
        line, column = _after(each, line, column)
    said = "it is not JSON"
    for number in range(len(chunk)):
        byte = chunk[number : number + 1]
        line, column = _after(byte, line, column)
        try:
            parser.send(byte)
        except ijson.JSONError as error:
            said = _first_line(error)
            break
    with suppress(ijson.JSONError):
        parser.close()
    return f"line {line}, column {column}: {said}"


def _after(text: bytes, line: int, column: int) -> tuple[int, int]:
    lines = text.count(b"\n")
    return line + lines, len(text) - text.rfind(b"\n") - 1 if lines else column + len(text)


def _first_line(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return text.strip().partition("\n")[0]
