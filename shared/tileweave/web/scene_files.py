"""Scenes in a file that a request names: `{"href": "s3://archive/scenes.ndjson.gz"}`.

The file is read as it comes, once; what is in it means what it means in a request.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, BinaryIO, NoReturn, cast

from werkzeug.exceptions import BadRequest

from tileweave.domain.errors import Invalid, NothingThere, PlaceRefused, Problem
from tileweave.domain.model import Json
from tileweave.json_stream import MOST_ITEM, JsonStream
from tileweave.usecases.places import Places
from tileweave.web.answers import parsed
from tileweave.web.footprint import refuse_other_crs
from tileweave.web.wrong_fields import Problems

LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl")
MEDIA_TYPES = ("application/json", "application/geo+json", *LINES)

MOST_SCENES = 50_000
"""Scenes of one file."""

MOST_BYTES = 128 * 1024 * 1024
"""Bytes of one file, decompressed; the scenes that are read of them take three times as much."""

BEGIN = 64 * 1024
GZIP = b"\x1f\x8b"
LINES_END = (".ndjson", ".jsonl")
KEYS = {"href", "media_type"}


def names_a_file(body: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether the JSON of a request names a file of scenes."""
    return isinstance(body, dict) and "href" in body and "type" not in body


def scenes_of_file(places: Places, body: Json) -> Iterator[Any]:
    """Return the JSON of each scene of the file that a request names.

    Raises Invalid, with the path `href` for all that is wrong with the file; Unavailable.
    """
    href, media_type = _checked(body)
    try:
        with ExitStack() as stack:
            opened = stack.enter_context(places.open(href))
            content = stack.enter_context(_content(opened))
            yield from _bodies(content, href, media_type)
    except (PlaceRefused, NothingThere, _TooMuch) as error:
        _refuse(str(error))
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        _refuse(f"{href}: its compression is broken: {error}")
    except UnicodeDecodeError as error:
        _refuse(f"{href}: it is not in UTF-8: {error.reason}")


def _checked(body: Json) -> tuple[str, str]:
    problems = Problems()
    for name in sorted(body.keys() - KEYS):
        problems.add(name, "is not a key of {href, media_type}")
    href, media_type = body["href"], body.get("media_type") or ""
    if not isinstance(href, str) or not href:
        problems.add("href", "must be the address of a file, as s3://bucket/scenes.ndjson")
    if media_type not in ("", *MEDIA_TYPES):
        problems.add("media_type", f"must be one of {', '.join(MEDIA_TYPES)}")
    problems.check()
    return href, media_type


def _content(opened: BinaryIO) -> BinaryIO:
    """Return what a file holds: decompressed, by its begin, whatever it is called."""
    begin = opened.read(len(GZIP))
    opened.seek(0)
    return cast("BinaryIO", gzip.GzipFile(fileobj=opened)) if begin == GZIP else opened


def _bodies(content: BinaryIO, href: str, media_type: str) -> Iterator[Any]:
    counted = io.BufferedReader(_Counted(content, href), BEGIN)
    if _is_lines(counted, href, media_type):
        yield from _lines(counted, href)
        return
    text = io.TextIOWrapper(counted, encoding="utf-8-sig")
    yield from _document(JsonStream(cast("Any", text)), href)


def _is_lines(content: io.BufferedReader[Any], href: str, media_type: str) -> bool:
    """Whether a file has one scene a line: it is said so, or its name or its first line tells."""
    if media_type:
        return media_type in LINES
    name = href.lower().removesuffix(".gz")
    if name.endswith(LINES_END) or name.endswith((".json", ".geojson")):
        return name.endswith(LINES_END)
    try:
        first = json.loads(content.peek(BEGIN).split(b"\n")[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and first.get("type") != "FeatureCollection"


def _lines(content: io.BufferedReader[Any], href: str) -> Iterator[Any]:
    number = 0
    while line := content.readline(MOST_ITEM + 1):
        number += 1
        if len(line) > MOST_ITEM:
            _refuse(f"{href}: line {number} has more than {MOST_ITEM} bytes")
        if line.strip():
            try:
                yield parsed(line, f"{href}: line {number}")
            except (BadRequest, Invalid) as error:
                _refuse(_sentence(error, f"{href}: line {number}"))


def _document(stream: JsonStream, href: str) -> Iterator[Any]:
    try:
        yield from stream.items()
    except (ValueError, RecursionError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise
        _refuse(f"{href}: it is not JSON: {error}")
    except Invalid as error:
        _refuse(_sentence(error, href))
    _check_members(stream.members, href)


def _check_members(members: Json, href: str) -> None:
    """Refuse an object that is no FeatureCollection; known when all of it was read."""
    if not members:
        return
    if members.get("type") != "FeatureCollection" or members.get("features") != []:
        _refuse(f"{href}: it must hold a FeatureCollection, a list of scenes, or one scene a line")
    problems = Problems()
    refuse_other_crs(members, "crs", problems)
    problems.check()


def _sentence(error: BadRequest | Invalid, where: str) -> str:
    return error.description or "" if isinstance(error, BadRequest) else f"{where}: {error}"


def _refuse(said: str) -> NoReturn:
    raise Invalid((Problem("href", said),))


class _TooMuch(Exception):
    """Raised when a file holds more than is read."""


class _Counted(io.RawIOBase):
    """What a file holds, up to a limit."""

    def __init__(self, content: BinaryIO, href: str) -> None:
        super().__init__()
        self._content = content
        self._href = href
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - typeshed's own
        data = self._content.read(len(buffer))
        self._read += len(data)
        if self._read > MOST_BYTES:
            raise _TooMuch(f"{self._href}: it holds more than {MOST_BYTES} bytes")
        buffer[: len(data)] = data
        return len(data)
