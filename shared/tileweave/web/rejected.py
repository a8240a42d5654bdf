"""Calls on rejected messages: list, show, replay; and the push of dead letters to keep."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

from tileweave.domain.model import Json
from tileweave.usecases import replay as replaying
from tileweave.usecases.ports import KEPT, Rejected, Services
from tileweave.web.answers import as_json, no_content
from tileweave.web.moments import rfc3339
from tileweave.web.paging import decoded, encoded, limit_of, next_links
from tileweave.web.routing import Route


def listed(services: Services, request: Request) -> Response:
    """Answer a page of rejected messages, the latest first."""
    kind, limit = request.args.get("kind", ""), limit_of(request)
    if kind and kind not in replaying.KINDS:
        kinds = ", ".join(replaying.KINDS)
        raise BadRequest(f"The parameter kind is {kind!r}: one of {kinds}.")
    cursor = request.args.get("cursor")
    after = None if cursor is None else _place(cursor)
    aoi = request.args.get("aoi", "")
    found = list(islice(replaying.rejected(services, aoi, kind, after), limit + 1))
    shown = found[:limit]
    place = encoded(shown[-1].received_at.isoformat(), shown[-1].id) if found[limit:] else None
    links = next_links(request, place, "application/json")
    return as_json({"rejected": [rejected_json(each) for each in shown], "links": links})


def get(services: Services, request: Request, id_: str) -> Response:
    """Answer a rejected message."""
    del request
    return as_json(rejected_json(replaying.find(services, id_)))


def replay(services: Services, request: Request, id_: str) -> Response:
    """Take a rejected message as if it was delivered now; answers it, marked as replayed."""
    del request
    return as_json(rejected_json(replaying.replay(services, id_)))


def take_dead_letter(services: Services, request: Request) -> Response:
    """Keep a dead letter that Pub/Sub pushes."""
    from tileweave.web.push import delivery_of  # noqa: PLC0415 - a list needs no validation

    replaying.take_dead_letter(services, delivery_of(request))
    return no_content()


def _place(cursor: str) -> tuple[datetime, str]:
    from tileweave.web.cursors import REJECTED  # noqa: PLC0415 - the same

    return decoded(REJECTED.validate_json, cursor)


def rejected_json(rejected: Rejected) -> Json:
    """Return a rejected message as the API shows it."""
    replayed = rejected.replayed_at
    return {
        "id": rejected.id,
        "kind": rejected.kind,
        "error": rejected.error,
        "aoi": rejected.aoi,
        "topic": rejected.topic,
        "message_id": rejected.message_id.partition("@")[0],
        "body": rejected.body,
        "received_at": rfc3339(rejected.received_at),
        "expires_at": rfc3339(rejected.received_at + KEPT),
        "replayed_at": rfc3339(replayed) if replayed else None,
    }


ROUTES = (
    Route("GET", "/rejected", listed),
    Route("GET", "/rejected/<id_>", get),
    Route("POST", "/rejected/<id_>/replay", replay),
)

PUSHED = (Route("POST", "/", take_dead_letter, public=True),)
"""Where Pub/Sub pushes dead letters to; the gateway sends nobody there."""
