"""Pages of lists: how many, from where on, and where the next one begins."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from pydantic import AwareDatetime, TypeAdapter
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from tileweave.domain.messages import Id
from tileweave.domain.model import Json, Scene, Tile
from tileweave.usecases.ports import Place, Window, place_of

DEFAULT_LIMIT = 1_000
MOST = 10_000

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


def page_of(request: Request) -> Page:
    """Return the page that a request asks for; raises BadRequest."""
    limit = _number(request, "limit", DEFAULT_LIMIT, 1, MOST)
    cursor = request.args.get("cursor")
    number = _number(request, "page", 0, 0, 1_000_000)
    if cursor is not None and number:
        raise BadRequest("The parameters cursor and page exclude each other: give one of them.")
    return Page(limit, None if cursor is None else _place(cursor), number)


def shown(page: Page, found: Sequence[DocumentT]) -> Sequence[DocumentT]:
    """Return what of the documents read for a page is shown."""
    return found[: page.limit]


def links(request: Request, page: Page, found: Sequence[DocumentT]) -> list[Json]:
    """Return a link to the next page, where there is one."""
    if len(found) <= page.limit:
        return []
    kept = {name: value for name, value in request.args.items() if name not in ("cursor", "page")}
    query = urlencode({**kept, "cursor": _cursor(place_of(found[page.limit - 1]))})
    return [{"rel": "next", "href": f"{request.path}?{query}", "type": "application/geo+json"}]


def _number(request: Request, name: str, default: int, least: int, most: int) -> int:
    value = request.args.get(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit()) or not least <= int(value[:12]) <= most:
        raise BadRequest(f"The parameter {name} is {value!r}: a number from {least} to {most}.")
    return int(value)


def _cursor(place: Place) -> str:
    text = json.dumps([place.date.isoformat(), place.scene_id, place.id])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _place(cursor: str) -> Place:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return Place(*_CURSOR.validate_json(text))
    except ValueError as error:
        raise BadRequest("The parameter cursor is not one of a next link.") from error
