"""Pages of lists: how many, from where on, and where the next one begins."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar
from urllib.parse import urlencode

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from tileweave.domain.model import Json, Scene, Tile
from tileweave.usecases.ports import Place, Window, place_of

DEFAULT_LIMIT = 1_000
MOST = 10_000

LAST_PAGE = 100_000
"""The last number of a page: with the largest limit, as much as Firestore skips."""


_NUMBER = re.compile(r"\d{1,9}", re.ASCII)

T = TypeVar("T")
DocumentT = TypeVar("DocumentT", Scene, Tile)


@dataclass(frozen=True, slots=True)
class Page:
    """What a request asks for: `limit` of a list, after a place, `number` pages further on."""

    limit: int
    after: Place | None
    number: int
    numbered: bool = False
    """Whether it was asked for by its number, so that it begins and ends wherever that says."""

    @property
    def window(self) -> Window:
        """The part of the list to read: one more than is shown, to know if there is a next."""
        return Window(self.after, self.number * self.limit, self.limit + 1)


@dataclass(slots=True)
class Shown(Generic[DocumentT]):
    """What of the documents read for a page is shown, as it is read.

    Once it is at its end, `last` is where the page ends if there is a next one.
    """

    page: Page
    found: Iterator[DocumentT]
    last: Place | None = field(default=None, init=False)

    def __iter__(self) -> Iterator[DocumentT]:
        """Return each once."""
        document: DocumentT | None = None
        for document in islice(self.found, self.page.limit):
            yield document
        if document is not None and next(self.found, None) is not None:
            self.last = place_of(document)


@dataclass(slots=True)
class WholeScenes:
    """What of the tiles read for a page is shown: all of a scene's, or none of them.

    The scene that the limit would cut begins the next page; only one that is larger than the
    limit is a page of its own. `rest` returns what a list has of a scene after one of its tiles,
    `follows` whether it has anything after a place.
    """

    page: Page
    found: Iterator[Tile]
    rest: Callable[[Tile], Iterable[Tile]]
    follows: Callable[[Place], bool]
    last: Place | None = field(default=None, init=False)

    def __iter__(self) -> Iterator[Tile]:
        """Return each once, when it is known that all of its scene are shown."""
        held: list[Tile] = []
        for tile in islice(self.found, self.page.limit):
            if held and held[-1].scene_id != tile.scene_id:
                yield from held
                self.last = place_of(held[-1])
                held = []
            held.append(tile)
        beyond = next(self.found, None)
        if held and (beyond is None or beyond.scene_id != held[-1].scene_id):
            yield from held
            self.last = None if beyond is None else place_of(held[-1])
        elif held and self.last is None:
            yield from self._alone(held)

    def _alone(self, held: list[Tile]) -> Iterator[Tile]:
        """Return a scene that is larger than the page."""
        whole = [*held, *self.rest(held[-1])]
        yield from whole
        end = place_of(whole[-1])
        self.last = end if self.follows(end) else None


def page_of(request: Request) -> Page:
    """Return the page that a request asks for; raises BadRequest."""
    limit = limit_of(request)
    cursor = request.args.get("cursor")
    number = number_of(request, "page", 0, 0, LAST_PAGE)
    if cursor is not None and number:
        raise BadRequest("The parameters cursor and page exclude each other: give one of them.")
    numbered = "page" in request.args
    after = None if cursor is None else place_of_cursor(cursor)
    return Page(limit, after, number, numbered)


def limit_of(request: Request) -> int:
    """Return how many a request asks for; raises BadRequest."""
    return number_of(request, "limit", DEFAULT_LIMIT, 1, MOST)


def attempt_of(request: Request) -> int | None:
    """Return the attempt that a request names, if it does; raises BadRequest."""
    return number_of(request, "attempt", 0, 1, 10**9 - 1) or None


def links(request: Request, last: Place | None) -> list[Json]:
    """Return a link to the page after this place, relative to the base URL, if there is one."""
    place = None if last is None else encoded(last.date.isoformat(), last.scene_id, last.id)
    return next_links(request, place)


def next_links(
    request: Request, cursor: str | None, mimetype: str = "application/geo+json"
) -> list[Json]:
    """Return a link to the page at a cursor, relative to the base URL, if there is one."""
    if cursor is None:
        return []
    args = request.args.items(multi=True)
    kept = [(name, value) for name, value in args if name not in ("cursor", "page")]
    query = urlencode([*kept, ("cursor", cursor)])
    return [{"rel": "next", "href": f"{request.path}?{query}", "type": mimetype}]


def encoded(*place: str | int) -> str:
    """Return a place in a list as a cursor."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def decoded(read: Callable[[bytes], T], cursor: str) -> T:
    """Return the place of a cursor, as `read` reads it from JSON; raises BadRequest."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return read(text)
    except (ValueError, OverflowError) as error:
        raise BadRequest("The parameter cursor is not one of a next link.") from error


def place_of_cursor(cursor: str) -> Place:
    """Return the place that a cursor names; raises BadRequest."""
    from tileweave.web.cursors import PLACE  # noqa: PLC0415 - the first page needs no validation

    return Place(*decoded(PLACE.validate_json, cursor))


def number_of(request: Request, name: str, default: int, least: int, most: int) -> int:
    """Return a number that a request names; raises BadRequest."""
    value = request.args.get(name)
    if value is None:
        return default
    if not _NUMBER.fullmatch(value) or not least <= int(value) <= most:
        raise BadRequest(f"The parameter {name} is {value!r}: a number from {least} to {most}.")
    return int(value)
