"""Histories that grow too long for a document: what stays in it, and what goes to a page."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import NOW, a_tile
from tileweave.adapters.firestore.codec import (
    MOST_HISTORY,
    MOST_HISTORY_BYTES,
    RECENT_HISTORY,
    Fields,
    changes,
    decode,
    encode,
    paged,
)
from tileweave.domain.draft import Draft
from tileweave.domain.messages import Topic, outgoing
from tileweave.domain.model import Cause, Change, Document, Tile
from tileweave.domain.outbox import Kind, of_kind
from tileweave.domain.status import Status

MINUTE = timedelta(minutes=1)
ALL_TOLD = frozenset[str]()


def a_tile_of(count: int, message: str = "", outbox: frozenset[str] = ALL_TOLD) -> Tile:
    """Return a tile with so many changes; the first 100 of them are kept apart."""
    history = tuple(
        Change(NOW + n * MINUTE, Status.PENDING, Status.PENDING, n, Cause("worker", message))
        for n in range(count)
    )
    return replace(a_tile(status=Status.PENDING), history=history, earlier=100, outbox=outbox)


def split(tile: Tile) -> tuple[list[Change], Fields]:
    """Return what goes to a page, and the fields that stay."""
    fields = encode(tile)
    return changes(paged(fields)), fields


def test_a_history_that_fits_stays_in_its_document() -> None:
    """All of it."""
    tile = a_tile_of(MOST_HISTORY)

    page, fields = split(tile)

    assert page == []
    assert decode(tile.key, fields) == tile


@pytest.mark.parametrize(
    ("count", "message"), [(MOST_HISTORY + 1, ""), (10, "x" * (MOST_HISTORY_BYTES // 10))]
)
def test_of_a_long_history_the_latest_changes_stay(count: int, message: str) -> None:
    """Too many of them, or too large; the document knows how many went."""
    tile = a_tile_of(count, message)

    page, fields = split(tile)

    kept = decode(tile.key, fields)
    assert (*page, *kept.history) == tile.history
    assert len(kept.history) == RECENT_HISTORY
    assert kept.changes == tile.changes
    assert kept.earlier == 100 + len(page)


def test_a_change_that_nobody_was_told_of_stays() -> None:
    """Its event is made of it; and what came after it stays as well."""
    tile = a_tile_of(60, outbox=frozenset({"event:130", "event:150", "job:7"}))

    page, fields = split(tile)

    kept = decode(tile.key, fields)
    assert (*page, *kept.history) == tile.history
    assert len(page) == 30
    messages = outgoing(a_draft_that_publishes(kept))
    assert [each.body["attempt"] for each in messages if each.topic is Topic.EVENTS] == [30, 50]


def test_nothing_goes_while_nobody_was_told_of_the_oldest() -> None:
    """It waits until it is told."""
    tile = a_tile_of(60, outbox=frozenset({"event:100"}))

    page, fields = split(tile)

    assert page == []
    assert decode(tile.key, fields) == tile


def a_draft_that_publishes(tile: Document) -> Draft:
    """Return a draft that has published what the tile's outbox holds of events."""
    told = replace(tile, outbox=of_kind(tile.outbox, Kind.EVENT))
    draft = Draft({tile.key: told}, NOW)
    draft.publish(told)
    return draft
