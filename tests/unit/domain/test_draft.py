"""What a decision publishes: what it promised itself, and what it is told to."""

from __future__ import annotations

from dataclasses import replace

from tests.builders import NOW, a_tile
from tileweave.domain.draft import Draft
from tileweave.domain.status import Status

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
