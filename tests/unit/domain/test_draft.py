"""What a decision changes and publishes: what it promised itself, and what it is told to."""

from __future__ import annotations

from dataclasses import replace

from tests.builders import NOW, a_tile
from tileweave.domain.draft import Draft, Edit
from tileweave.domain.status import Status


def test_what_is_again_as_it_was_read_is_no_edit() -> None:
    """Firestore has no update that changes nothing."""
    tile = a_tile()
    draft = Draft({tile.key: tile}, NOW)

    draft.put(replace(tile, next=(1,)))
    draft.put(replace(draft.tile(tile.id), next=()))

    assert draft.edits == ()
    assert draft.tile(tile.id) == tile


def test_what_is_created_is_an_edit() -> None:
    """However often it is put."""
    tile = a_tile()
    draft = Draft({tile.key: None}, NOW)

    draft.put(tile)
    draft.put(tile)

    assert draft.edits == (Edit(None, tile),)


RUNNING = replace(a_tile(status=Status.PENDING, attempt=2), outbox=frozenset({"job:2"}))


def test_what_is_being_published_is_left_to_whoever_promised_it() -> None:
    """Somebody else's job would be out twice; it stays in the outbox, for the janitor at last."""
    draft = Draft({RUNNING.key: RUNNING}, NOW)

    draft.put(replace(RUNNING, message="still at work"))

    assert draft.to_publish == ()
    assert draft.tile(RUNNING.id).outbox == {"job:2"}


def test_what_is_promised_is_published() -> None:
    """Without what was there before."""
    draft = Draft({RUNNING.key: RUNNING}, NOW)

    draft.put(replace(RUNNING, outbox=frozenset({"job:2", "event:4"})))

    assert [each.outbox for each in draft.to_publish] == [{"event:4"}]


def test_what_is_promised_and_taken_back_is_not_published() -> None:
    """Only what the commit holds."""
    draft = Draft({RUNNING.key: RUNNING}, NOW)

    draft.put(replace(RUNNING, outbox=frozenset({"job:3"})))
    draft.put(replace(RUNNING, outbox=frozenset({"update:5"})))

    assert [each.outbox for each in draft.to_publish] == [{"update:5"}]


def test_all_that_is_left_is_published_where_that_is_asked_for() -> None:
    """By a redelivery, or the janitor."""
    draft = Draft({RUNNING.key: RUNNING}, NOW)

    draft.publish(RUNNING)

    assert draft.to_publish == (RUNNING,)
