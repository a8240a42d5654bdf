"""Messages on the wire (SPEC section 3), compatible with geocube-ingester's workflow server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from typing import Any

from tileweave.domain.draft import Draft
from tileweave.domain.model import Change, Document, Json, Key, Link, Scene, Tile
from tileweave.domain.outbox import Kind, kind_of, number_of, of_kind
from tileweave.domain.policy import DEFAULT
from tileweave.domain.readiness import context_of


class Topic(StrEnum):
    """What a message is about; the topic's name is a matter of configuration."""

    SCENE_JOBS = "scene-jobs"
    TILE_JOBS = "tile-jobs"
    RESULTS = "results"
    DEPENDENCY_UPDATES = "dependency-updates"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Message:
    """What is published: a JSON object, and attributes to filter by.

    It goes to its topic, or in place of that to a `queue` on AWS (an URL or ARN).
    """

    topic: Topic
    body: Json
    attributes: Mapping[str, str]
    queue: str = ""

    @property
    def text(self) -> bytes:
        """The body as it is sent to queues: ASCII, since they do not take every character."""
        return json.dumps(self.body, separators=(",", ":")).encode()

    @property
    def key(self) -> Key:
        """The scene or tile that it is about."""
        kind = self.attributes["type"]
        return Key("tile" if kind == "tile" else "scene", self.body["id"])


_NO_TILE_DATA: Json = {"swath_id": "", "tile_nr": 0, "graph_name": "", "is_retriable": False}

_NO_SCENE_DATA: Json = {
    "date": "0001-01-01T00:00:00Z",
    "graph_name": "",
    "graph_config": None,
    "record_id": "",
    "metadata": None,
    "is_retriable": False,
    "storage_uri": "",
}

_NO_TILE: Json = {
    "id": 0,
    "source_id": "",
    "scene": {"id": 0, "source_id": "", "aoi": "", "data": _NO_SCENE_DATA},
    "data": _NO_TILE_DATA,
}
"""The empty tile of a job without previous or reference, as Go writes it."""


def outgoing(draft: Draft) -> list[Message]:
    """Return the messages that the outboxes of a draft's documents hold."""
    documents = draft.to_publish
    tiles = [each for each in documents if isinstance(each, Tile)]
    draft.need(context_of(each for each in tiles if of_kind(each.outbox, Kind.JOB)))
    found = [_message(draft, each, token) for each in documents for token in sorted(each.outbox)]
    return [each for each in found if each is not None]


def change_body(change: Change) -> Json:
    """Return a change of status as events and histories show it."""
    return {
        "when": change.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "from": change.before,
        "to": change.after,
        "attempt": change.attempt,
        "message": change.cause.message,
        "actor": change.cause.actor,
        "reason": change.cause.reason,
    }


def scene_body(scene: Scene) -> Json:
    """Return a scene as the messages show it; `data` keeps every key that it came with."""
    data = {**_NO_SCENE_DATA, "tiles": {}, "instances_id": None, **scene.data}
    return {"id": scene.id, "source_id": scene.source_id, "aoi": scene.aoi, "data": data}


def tile_body(tile: Tile, scene: Scene) -> Json:
    """Return a tile as the messages and the lists of root and leaf tiles show it."""
    return {
        "id": tile.id,
        "source_id": tile.source_id,
        "scene": scene_body(scene),
        "data": {**_NO_TILE_DATA, **tile.data},
    }


def _message(draft: Draft, document: Document, token: str) -> Message | None:
    kind = kind_of(token)
    if kind is Kind.EVENT:
        return _event(document, number_of(token) - document.earlier)
    if kind is Kind.UPDATE:
        body: Json = {"type": document.key.kind, "id": document.id}
        return Message(Topic.DEPENDENCY_UPDATES, body, _attributes(document))
    topic = Topic.SCENE_JOBS if isinstance(document, Scene) else Topic.TILE_JOBS
    queue = draft.policy(document.aoi).queue_of(document.key.kind)
    return Message(topic, _job(draft, document), _attributes_of_job(draft, document), queue)


def _event(document: Document, index: int) -> Message | None:
    """Return the event of a change of the document; None if it is kept elsewhere by now."""
    if not 0 <= index < len(document.history):
        return None
    scene = {"scene_id": document.scene_id} if isinstance(document, Tile) else {}
    change = document.history[index]
    named = {"type": document.key.kind, "id": document.id, "source_id": document.source_id}
    body = {**named, **scene, "aoi": document.aoi, **change_body(change)}
    attributes = {**_attributes(document), "attempt": str(change.attempt), "status": change.after}
    return Message(Topic.EVENTS, body, attributes)


def _job(draft: Draft, document: Document) -> Json:
    if isinstance(document, Scene):
        return {**scene_body(document), "attempt": document.attempt}
    return {
        **tile_body(document, draft.scene(document.scene_id)),
        "tile_previous": _linked_body(draft, document.previous),
        "tile_reference": _linked_body(draft, document.reference),
        "attempt": document.attempt,
    }


def _linked_body(draft: Draft, link: Link | None) -> Json:
    if link is None:
        return _NO_TILE
    return tile_body(draft.tile(link.tile_id), draft.scene(link.scene_id))


def _attributes(document: Document) -> dict[str, Any]:
    return {
        "type": document.key.kind,
        "aoi": document.aoi,
        "id": str(document.id),
        "attempt": str(document.attempt),
    }


def _attributes_of_job(draft: Draft, document: Document) -> dict[str, Any]:
    """Return a job's attributes: where its lease is not a day, also how long it still is."""
    attributes = _attributes(document)
    if document.due_at is None or draft.policy(document.aoi).lease == DEFAULT.lease:
        return attributes
    lease = max(0.0, (document.due_at - draft.now).total_seconds())
    return {**attributes, "lease": f"{lease:.1f}"}
