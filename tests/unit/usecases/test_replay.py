"""A rejected message is taken once its cause is mended; until then it says what is wrong now."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import AOI, World, a_chain, a_new_scene, product, sent_to
from tests.unit.usecases.troubled import TroubledPublisher, TroubledStore, nobody_answers
from tileweave.domain.errors import NotAllowed, NotFound, Unavailable
from tileweave.domain.identity import scene_id
from tileweave.domain.messages import Topic
from tileweave.domain.model import Json
from tileweave.domain.status import Event, Status
from tileweave.usecases.ports import Rejected
from tileweave.usecases.propagate import take_update
from tileweave.usecases.reject import UNDELIVERABLE, Delivery
from tileweave.usecases.replay import (
    FROM,
    TRIES,
    find,
    rejected,
    replay,
    take_dead_letter,
)
from tileweave.usecases.take_result import take_result

HOUR = timedelta(hours=1)


def a_result(number: int = 0, **more: object) -> bytes:
    """Return a result for the scene of this number, which need not be there."""
    id_ = scene_id(AOI, product(number))
    return json.dumps({"type": "scene", "id": id_, "status": "DONE", **more}).encode()


def a_result_for_nobody(world: World, message_id: str = "m-1") -> Rejected:
    """Deliver a result of a scene that is not there yet; return what is kept of it."""
    delivery = Delivery(message_id, a_result(), attributes={"aoi": AOI})
    kept = take_result(world.services, delivery)
    assert kept is not None
    return kept


def test_a_result_is_taken_once_its_scene_was_added() -> None:
    """Ids follow from names: the scene has the one that the result names."""
    world = World()
    kept = a_result_for_nobody(world)
    world.add(a_new_scene(0))
    world.now += HOUR

    done = replay(world.services, kept.id)

    assert world.scene(0).status is Status.DONE
    assert done == replace(kept, replayed_at=world.now)
    assert find(world.services, kept.id) == done
    assert sent_to(world.updates) == [("scene", world.scene(0).id)]


def test_a_message_that_is_still_wrong_stays_as_it_came() -> None:
    """But for what is wrong with it now: it keeps its place, its AOI, and its 30 days."""
    world = World()
    kept = a_result_for_nobody(world)
    world.add(a_new_scene(0))
    world.operate(world.scene(0), Event.FORCE_FAIL)
    world.now += HOUR

    with pytest.raises(NotAllowed, match=r"rejected again, as ignored: scene .* is FAILED"):
        replay(world.services, kept.id)

    found = find(world.services, kept.id)
    error = f"scene {world.scene(0).id} is FAILED: a result DONE changes nothing"
    assert found == replace(kept, kind="ignored", error=error)


def test_a_message_for_nobody_keeps_the_aoi_that_it_named() -> None:
    """However often it is tried."""
    world = World()
    kept = a_result_for_nobody(world)
    assert kept.aoi == AOI

    for _ in range(2):
        with pytest.raises(NotAllowed, match="as unknown"):
            replay(world.services, kept.id)

    assert [each.id for each in rejected(world.services, AOI)] == [kept.id]


def test_a_message_is_replayed_once() -> None:
    """The second time it is refused, saying when it was."""
    world = World()
    kept = a_result_for_nobody(world)
    world.add(a_new_scene(0))
    replay(world.services, kept.id)
    before = world.scene(0)

    with pytest.raises(NotAllowed, match=r"was replayed at 2022-03-01T12:00:00\+00:00"):
        replay(world.services, kept.id)

    assert world.scene(0) == before


def test_a_replay_that_broke_off_is_repeated() -> None:
    """What it changed is changed once, and its update is published."""
    publisher = TroubledPublisher()
    world = World(publisher=publisher)
    kept = a_result_for_nobody(world)
    world.add(a_new_scene(0))
    publisher.troubles = [nobody_answers()]
    with pytest.raises(Unavailable):
        replay(world.services, kept.id)
    assert find(world.services, kept.id).replayed_at is None

    replay(world.services, kept.id)

    assert [each.after for each in world.scene(0).history] == [Status.PENDING, Status.DONE]
    assert sent_to(world.updates) == [("scene", world.scene(0).id)]


def test_a_message_that_was_not_kept_as_a_whole_is_not_replayed() -> None:
    """Part of a message is another message."""
    world = World(a_new_scene(0))
    kept = replace(a_rejected(a_result()), whole=False)
    world.store.keep_rejected(kept)

    with pytest.raises(NotAllowed, match="too large to be kept as a whole"):
        replay(world.services, kept.id)

    assert world.scene(0).status is Status.PENDING


def test_what_is_not_kept_is_not_replayed() -> None:
    """It never was, or 30 days are over."""
    with pytest.raises(NotFound, match="rejected message 4711"):
        replay(World().services, "4711")


def test_bytes_are_replayed_as_they_came() -> None:
    """Also those that are no text."""
    world = World(a_new_scene(0))
    kept = take_result(world.services, Delivery("m-1", b"\xff{"))
    assert kept is not None

    with pytest.raises(NotAllowed, match="rejected again, as malformed"):
        replay(world.services, kept.id)

    assert find(world.services, kept.id).raw == b"\xff{"


# --- dependency updates ---


def test_a_dependency_update_is_replayed_on_its_own_topic() -> None:
    """What depends on the scene is handed out."""
    world = World(*a_chain(1))
    world.answer(world.scene(0))
    [update] = world.updates
    kept = dead_letter(world, update.body, f"{Topic.DEPENDENCY_UPDATES}")
    world.take_jobs()

    replay(world.services, kept.id)

    assert sent_to(world.take_jobs()) == [("tile", world.tile(0).id)]
    assert list(world.store.unpublished()) == []


def test_a_malformed_update_is_one_of_its_topic() -> None:
    """A result of the same message id is another message."""
    world = World()
    update = take_update(world.services, Delivery("m-1", b"{", attributes={"aoi": AOI}))
    result = take_result(world.services, Delivery("m-1", b"{", attributes={"aoi": AOI}))
    assert update is not None
    assert result is not None

    assert update.id != result.id
    assert [each.topic for each in (update, result)] == ["dependency-updates", "results"]
    assert {each.id for each in rejected(world.services, AOI)} == {update.id, result.id}


# --- dead letters ---


def dead_letter(world: World, body: Json, subscription: str | None) -> Rejected:
    """Keep a message that no delivery got through, from this subscription."""
    source = {} if subscription is None else {FROM: subscription, TRIES: "100"}
    delivery = Delivery("d-1", json.dumps(body).encode(), attributes={"aoi": AOI, **source})
    kept = take_dead_letter(world.services, delivery)
    assert kept is not None
    return kept


RESULT: Json = {"type": "scene", "id": 7, "status": "DONE"}
UPDATE: Json = {"type": "scene", "id": 7}
DELETION: Json = {"type": "delete", "aoi": AOI, "generation": 0}


@pytest.mark.parametrize(
    ("body", "subscription", "topic"),
    [
        (RESULT, "results", Topic.RESULTS),
        (UPDATE, "dependency-updates", Topic.DEPENDENCY_UPDATES),
        (DELETION, "projects/p/subscriptions/dependency-updates", Topic.DEPENDENCY_UPDATES),
        (RESULT, "from-workers-2", Topic.RESULTS),
        (UPDATE, "eu-updates", Topic.DEPENDENCY_UPDATES),
        (DELETION, "eu-updates", Topic.DEPENDENCY_UPDATES),
        (RESULT, "", Topic.RESULTS),
        (RESULT, None, Topic.RESULTS),
        (UPDATE, None, Topic.DEPENDENCY_UPDATES),
    ],
)
def test_a_dead_letter_is_kept_with_the_topic_that_it_comes_from(
    body: Json, subscription: str | None, topic: str
) -> None:
    """Whatever its subscription is named, and where nobody names it."""
    world = World()

    kept = dead_letter(world, body, subscription)

    assert (kept.kind, kept.topic, kept.aoi) == (UNDELIVERABLE, topic, AOI)
    assert json.loads(kept.raw) == body
    assert list(rejected(world.services, AOI, UNDELIVERABLE)) == [kept]


def test_a_dead_letter_says_how_often_it_was_delivered() -> None:
    """Where Pub/Sub tells it."""
    told = dead_letter(World(), RESULT, "results")
    untold = dead_letter(World(), RESULT, None)

    assert told.error == "given up after 100 deliveries"
    assert untold.error == "given up after too many deliveries"


def test_a_result_that_was_given_up_is_taken_when_the_store_is_back() -> None:
    """Nothing was wrong with it."""
    store = TroubledStore()
    world = World(a_new_scene(0), store=store)
    kept = dead_letter(world, json.loads(a_result()), "results")

    replay(world.services, kept.id)

    assert world.scene(0).status is Status.DONE


def test_a_retry_of_many_that_was_given_up_is_replayed() -> None:
    """As a message of the topic that it came by."""
    world = World(a_new_scene(0))
    world.answer(world.scene(0), "RETRY")
    items = [["scene", world.scene(0).id, 1]]
    chore: Json = {"type": "retry", "force": False, "items": items, "actor": "anna", "reason": "x"}
    kept = dead_letter(world, chore, "eu-updates")

    replay(world.services, kept.id)

    last = world.scene(0).history[-1]
    assert (last.after, last.cause.actor) == (Status.PENDING, "anna")


def a_rejected(body: bytes) -> Rejected:
    """Return a rejected message as it is kept."""
    return Rejected("unknown", "there is none", body, "m-1", World().now, AOI)
