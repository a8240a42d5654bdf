"""What a commit promises: a token of its own for each attempt and each change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import NOW, a_scene
from tileweave.domain.draft import Draft
from tileweave.domain.lifecycle import advanced
from tileweave.domain.messages import Topic, outgoing
from tileweave.domain.model import Cause, Scene
from tileweave.domain.outbox import Kind, kind_of, number_of, of_kind, token
from tileweave.domain.status import Event

WORKER = Cause("worker")


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("number", [0, 1, 4711])
def test_a_token_says_what_it_stands_for_and_of_which(kind: Kind, number: int) -> None:
    """As it was written."""
    written = token(kind, number)

    assert (kind_of(written), number_of(written)) == (kind, number)


def test_tokens_are_told_apart_by_their_kind() -> None:
    """One kind, or several."""
    outbox = {"job:2", "update:5", "event:4", "event:5"}

    assert of_kind(outbox, Kind.EVENT) == {"event:4", "event:5"}
    assert of_kind(outbox, Kind.JOB, Kind.UPDATE) == {"job:2", "update:5"}
    assert of_kind(outbox) == frozenset()


def advance(scene: Scene, *events: Event) -> Scene:
    """Let events happen, without anything being published in between."""
    for event in events:
        draft = Draft({scene.key: scene}, NOW, events=True)
        after = advanced(scene, event, WORKER, NOW)
        assert after is not None
        draft.put(after)
        scene = draft.scene(scene.id)
    return scene


def test_a_job_is_promised_by_its_attempt() -> None:
    """That of an attempt before is not published any more."""
    scene = advance(a_scene(retry_countdown=2), Event.RESULT_RETRY, Event.RESULT_RETRY)

    assert of_kind(scene.outbox, Kind.JOB) == {f"job:{scene.attempt}"}


def test_an_update_is_promised_by_its_change() -> None:
    """What it is to tell of is not so any more once the job was begun again."""
    done = advance(a_scene(), Event.RESULT_DONE)
    again = advance(done, Event.FORCE_RETRY, Event.RESULT_DONE)

    assert of_kind(done.outbox, Kind.UPDATE) == {"update:0"}
    assert of_kind(again.outbox, Kind.UPDATE) == {"update:2"}
    assert of_kind(advance(done, Event.FORCE_RETRY).outbox, Kind.UPDATE) == frozenset()


def test_events_are_promised_until_each_was_told() -> None:
    """Later changes take none of them back."""
    scene = advance(a_scene(), Event.RESULT_DONE, Event.FORCE_RETRY, Event.RESULT_DONE)

    assert of_kind(scene.outbox, Kind.EVENT) == {"event:0", "event:1", "event:2"}


def test_events_are_counted_over_the_whole_history() -> None:
    """Also over what is kept apart from the document."""
    scene = advance(replace(a_scene(), earlier=36), Event.RESULT_DONE)

    assert scene.outbox == {"update:36", "event:36"}
    draft = Draft({scene.key: scene}, NOW)
    draft.publish(scene)
    [event] = [each for each in outgoing(draft) if each.topic is Topic.EVENTS]
    assert (event.body["from"], event.body["to"]) == ("PENDING", "DONE")


def test_an_event_of_a_change_that_is_kept_apart_is_not_made_up() -> None:
    """The document does not say what it was."""
    scene = replace(a_scene(), earlier=36, outbox=frozenset({"event:3"}))
    draft = Draft({scene.key: scene}, NOW)
    draft.publish(scene)

    assert outgoing(draft) == []


def test_what_is_written_otherwise_promises_nothing_new() -> None:
    """New data is no change of status; what was promised stays promised."""
    scene = advance(a_scene(), Event.RESULT_DONE)
    draft = Draft({scene.key: scene}, NOW, events=True)

    draft.put(replace(scene, data={"other": 1}))

    assert draft.scene(scene.id).outbox == scene.outbox
