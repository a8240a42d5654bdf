"""Pages of lists: how many, from where on, and where the next one begins."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC
from itertools import islice
from typing import Generic, TypeVar
from urllib.parse import urlencode

from pydantic import AwareDatetime, TypeAdapter
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from tileweave.domain.messages import Id
from tileweave.domain.model import Json, Scene, Tile
from tileweave.usecases.ports import Place, Window, place_of

DEFAULT_LIMIT = 1_000
MOST = 10_000

LAST_PAGE = 100_000
"""The last number of a page: with the largest limit, as much as Firestore skips."""

_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_CURSOR = TypeAdapter(tuple[AwareDatetime, Id, Id])

DocumentT = TypeVar("DocumentT", Scene, Tile)


@dataclass(frozen=True, slots=True)
class Page:
    """What a request asks for: `limit` of a list, after a place, `number` pages further on."""

    limit: int
    after: Place | None
    number: int

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


def page_of(request: Request) -> Page:
    """Return the page that a request asks for; raises BadRequest."""
    limit = _number(request, "limit", DEFAULT_LIMIT, 1, MOST)
    cursor = request.args.get("cursor")
    number = _number(request, "page", 0, 0, LAST_PAGE)
    if cursor is not None and number:
        raise BadRequest("The parameters cursor and page exclude each other: give one of them.")
    return Page(limit, None if cursor is None else _place(cursor), number)


def links(request: Request, last: Place | None) -> list[Json]:
    """Return a link to the page after this place, relative to the base URL, if there is one."""
    if last is None:
        return []
    args = request.args.items(multi=True)
    kept = [(name, value) for name, value in args if name not in ("cursor", "page")]
    query = urlencode([*kept, ("cursor", _cursor(last))])
    return [{"rel": "next", "href": f"{request.path}?{query}", "type": "application/geo+json"}]


def _number(request: Request, name: str, default: int, least: int, most: int) -> int:
    value = request.args.get(name)
    if value is None:
        return default
    if not _NUMBER.fullmatch(value) or not least <= int(value) <= most:
        raise BadRequest(f"The parameter {name} is {value!r}: a number from {least} to {most}.")
    return int(value)


def _cursor(place: Place) -> str:
    text = json.dumps([place.date.isoformat(), place.scene_id, place.id])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _place(cursor: str) -> Place:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        date, scene_id, number = _CURSOR.validate_json(text)
        return Place(date.astimezone(UTC), scene_id, number)
    except (ValueError, OverflowError) as error:
        raise BadRequest("The parameter cursor is not one of a next link.") from error
