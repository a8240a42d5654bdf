"""Scenes and tiles as Firestore documents, and back.

What is somebody else's JSON (`data`, `tags`) is kept as text: lossless, in its own order, with
nested arrays (which Firestore has not), one field to exempt from indexing. So is each entry of the
history.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tileweave.domain.batches import in_pieces
from tileweave.domain.model import Cause, Change, Document, Key, Link, Scene, Tile
from tileweave.domain.outbox import Kind, kind_of, number_of
from tileweave.domain.status import Status

Fields = dict[str, Any]
"""The fields of a Firestore document."""

SHARDS = 10
"""Parts of an index on a time that only grows: each takes 500 writes a second."""

MOST_HISTORY = 40
MOST_HISTORY_BYTES = 40_000
RECENT_HISTORY = 5
"""A history of more entries or bytes keeps the RECENT_HISTORY last; the rest goes to pages."""

MOST_PAGE_BYTES = 500_000
"""A page's entries have no more, unless it is one alone: Firestore keeps 1 MiB."""

_TILE_ONLY = ("scene_id", "scene_source_id", "anx_time", "staged", "cut")
_SCENE_ONLY = ("product_name", "own_record")
_COMMON = (
    "id",
    "source_id",
    "aoi",
    "generation",
    "date",
    "geometry",
    "wkt",
    "message",
    "retry_countdown",
    "attempt",
    "retries",
    "updated_at",
    "earlier",
    "due_at",
    "delayed",
    "expiries",
)


_NEWER: Fields = {
    "retries": 0,
    "earlier": 0,
    "due_at": None,
    "delayed": False,
    "expiries": 0,
    "applied": [],
}
"""What a document has not that was written before there was such a field."""


def encode(document: Document) -> Fields:
    """Return the fields of a scene's or tile's document."""
    fields = {name: getattr(document, name) for name in _COMMON}
    fields |= {
        "data": _text(document.data),
        "status": document.status.value,
        "history": [_text(_change_fields(each)) for each in document.history],
        "outbox": sorted(document.outbox),
        "applied": list(document.applied),
        "due_shard": document.id % SHARDS if document.due_at else None,
    }
    return fields | (_scene(document) if isinstance(document, Scene) else _tile(document))


def decode(key: Key, fields: Mapping[str, Any]) -> Document:
    """Return the scene or tile of a document."""
    fields = {**_NEWER, **fields}
    common: Fields = {name: fields[name] for name in _COMMON}
    common |= {
        "date": _utc(fields["date"]),
        "updated_at": _utc(fields["updated_at"]),
        "data": json.loads(fields["data"]),
        "status": Status(fields["status"]),
        "history": tuple(changes(fields["history"])),
        "outbox": frozenset(fields["outbox"]),
        "applied": tuple(fields["applied"]),
        "due_at": fields["due_at"] and _utc(fields["due_at"]),
    }
    return _read_scene(common, fields) if key.kind == "scene" else _read_tile(common, fields)


def changed(before: Fields, after: Fields) -> Fields:
    """Return the fields that an edit changes."""
    return {name: value for name, value in after.items() if before[name] != value}


def paged(fields: Fields) -> list[str]:
    """Take the older entries out of a history that has grown too long, and return them.

    Those that nobody was told of stay: an event is made of them.
    """
    history: list[str] = fields["history"]
    size = sum(len(each.encode()) for each in history)
    if len(history) <= MOST_HISTORY and size <= MOST_HISTORY_BYTES:
        return []
    untold = [number_of(each) for each in fields["outbox"] if kind_of(each) is Kind.EVENT]
    end = min([len(history) - RECENT_HISTORY, *(each - fields["earlier"] for each in untold)])
    page = history[: max(0, end)]
    fields["history"] = history[len(page) :]
    fields["earlier"] += len(page)
    return page


def pages(entries: Sequence[str], first: int) -> Iterator[tuple[int, list[str]]]:
    """Return entries that were taken out of a history in pages, each with the place it begins at.

    They are several where a whole history is restored at once.
    """
    for page in in_pieces(entries, lambda each: len(each.encode()), MOST_PAGE_BYTES):
        yield first, page
        first += len(page)


def changes(entries: Iterable[str]) -> list[Change]:
    """Return the changes of a history's entries."""
    return [_change(json.loads(each)) for each in entries]


def _scene(scene: Scene) -> Fields:
    own = {name: getattr(scene, name) for name in _SCENE_ONLY}
    ids = list(scene.tile_ids)
    counted = {"tile_ids": ids, "tile_count": len(ids)}
    return own | counted | {"tags": _text(scene.tags), "listed_in": scene.aoi}


def _tile(tile: Tile) -> Fields:
    own = {name: getattr(tile, name) for name in _TILE_ONLY}
    links = {name: _link_fields(getattr(tile, name)) for name in ("previous", "reference", "heir")}
    ends = {"next": list(tile.next), "referenced_by": list(tile.referenced_by)}
    # Derived, and only ever asked for: the lists of an AOI's tiles, of its roots, of its leaves.
    listed = None if tile.staged else tile.aoi
    asked_for = {
        "listed_in": listed,
        "is_root": tile.is_listed_root,
        "is_leaf": tile.is_listed_leaf,
    }
    return own | links | ends | asked_for


def _read_scene(common: Fields, fields: Mapping[str, Any]) -> Scene:
    own = {name: fields[name] for name in _SCENE_ONLY}
    return Scene(
        **common, **own, tags=json.loads(fields["tags"]), tile_ids=tuple(fields["tile_ids"])
    )


def _read_tile(common: Fields, fields: Mapping[str, Any]) -> Tile:
    own: Fields = {name: fields[name] for name in _TILE_ONLY}
    links: Fields = {name: _link(fields[name]) for name in ("previous", "reference", "heir")}
    ends: Fields = {name: tuple(fields[name]) for name in ("next", "referenced_by")}
    return Tile(**common, **own, **links, **ends)


def _link_fields(link: Link | None) -> Fields | None:
    if link is None:
        return None
    return {name: getattr(link, name) for name in Link.__slots__}


def _link(fields: Mapping[str, Any] | None) -> Link | None:
    return None if fields is None else Link(**{**fields, "date": _utc(fields["date"])})


def _change_fields(change: Change) -> Fields:
    cause = {name: getattr(change.cause, name) for name in Cause.__slots__}
    said = {name: value for name, value in cause.items() if value}
    return {
        "at": change.at.isoformat(),
        "before": change.before,
        "after": change.after,
        "attempt": change.attempt,
        **said,
    }


def _change(fields: Fields) -> Change:
    cause = Cause(**{name: fields.get(name, "") for name in Cause.__slots__})
    before = fields["before"] and Status(fields["before"])
    at = datetime.fromisoformat(fields["at"])
    return Change(at, before, Status(fields["after"]), fields["attempt"], cause)


_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def _text(value: object) -> str:
    return _ENCODER.encode(value)


def _utc(moment: datetime) -> datetime:
    """Return a plain datetime: the client's own kind compares alike, but is slow to copy."""
    return datetime.combine(moment.date(), moment.time(), UTC)
