"""Every change of every scene and tile is published as an event, where events are configured."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import (
    AOI,
    BURST,
    NEIGHBOUR,
    World,
    a_chain,
    a_new_scene,
    a_new_tile,
    product,
    sent_to,
    sweep,
)
from tests.unit.usecases.troubled import TroubledPublisher, TroubledStore, nobody_answers
from tileweave.adapters.memory import MemoryPublisher
from tileweave.domain.errors import NotAllowed, Unavailable
from tileweave.domain.messages import Message, Topic, change_body
from tileweave.domain.model import Cause, Json, Key
from tileweave.domain.policy import Policy
from tileweave.domain.status import Event, Status
from tileweave.usecases import add_scene as adding
from tileweave.usecases import add_scenes as adding_many
from tileweave.usecases.add_scenes import Fate, add_scenes
from tileweave.usecases.janitor import visit
from tileweave.usecases.leases import set_policy
from tileweave.usecases.operate import operate, retry_aoi
from tileweave.usecases.sweep import PATIENCE

CHANGE = ("when", "from", "to", "attempt", "message", "actor", "reason")


def told(events: list[Message]) -> dict[Key, list[Json]]:
    """Return the changes that were told of each scene and tile, in the order of their messages."""
    found = defaultdict[Key, list[Json]](list)
    for each in events:
        key = Key(each.body["type"], each.body["id"])
        found[key].append({name: each.body[name] for name in CHANGE})
    return dict(found)


def happened(world: World) -> dict[Key, list[Json]]:
    """Return all changes of each scene and tile."""
    return {each.key: [change_body(one) for one in each.history] for each in world.documents()}


def steps(events: list[Message]) -> list[tuple[Any, Any]]:
    """Return from where to where each event tells of, in order."""
    return [(each.body["from"], each.body["to"]) for each in events]


def test_an_event_tells_of_a_change() -> None:
    """What of, when, from where to where, which attempt, who did it and why."""
    world = World(*a_chain(1), events=True)
    world.answer(world.scene(0), "RETRY", "no space left")
    world.take_events()
    world.now += timedelta(microseconds=1)

    cause = Cause("anna", reason="the disk is larger now")
    operate(world.services, world.scene(0).key, Event.RETRY, cause)

    [event] = world.take_events()
    scene = world.scene(0)
    assert event.body == {
        "type": "scene",
        "id": scene.id,
        "source_id": product(0),
        "aoi": AOI,
        "when": "2022-03-01T12:00:00.000001Z",
        "from": "RETRY",
        "to": "PENDING",
        "attempt": 2,
        "message": "",
        "actor": "anna",
        "reason": "the disk is larger now",
    }
    assert event.attributes == {
        "type": "scene",
        "aoi": AOI,
        "id": str(scene.id),
        "attempt": "2",
        "status": "PENDING",
    }


def test_an_event_of_a_tile_names_its_scene() -> None:
    """That it was added is a change too: from nothing."""
    world = World(*a_chain(1), events=True)

    [event] = [each for each in world.take_events() if each.body["type"] == "tile"]

    tile = world.tile(0)
    assert (event.body["id"], event.body["source_id"]) == (tile.id, BURST)
    assert event.body["scene_id"] == world.scene(0).id
    assert steps([event]) == [(None, "NEW")]
    assert event.body["actor"] == "ingestion"


def test_a_whole_ingestion_is_told_change_by_change() -> None:
    """Each once, with nothing left to publish."""
    world = World(*a_chain(3, (BURST, NEIGHBOUR)), events=True)

    world.finish()

    assert told(world.take_events()) == happened(world)
    assert list(world.store.unpublished()) == []


def test_nothing_is_told_where_events_are_not_configured() -> None:
    """And no document waits for it."""
    world = World(*a_chain(2))

    world.finish()

    assert world.take_events() == []
    assert list(world.store.unpublished()) == []


def test_what_changed_before_events_were_configured_is_not_told() -> None:
    """They begin with the next change."""
    world = World(a_new_scene(0))
    world.services = replace(world.services, events=True)

    world.answer(world.scene(0))

    assert steps(world.take_events()) == [("PENDING", "DONE")]


def test_an_event_whose_publisher_died_is_told_by_the_janitor() -> None:
    """With the change as it was then."""
    publisher = TroubledPublisher()
    world = World(a_new_scene(0), publisher=publisher, events=True)
    world.take_events()
    publisher.troubles = [nobody_answers()]
    world.answer(world.scene(0), "RETRY", "no space left")
    assert world.take_events() == []
    world.now += PATIENCE + timedelta(seconds=1)

    sweep(world.services)
    sweep(world.services)

    [event] = world.take_events()
    assert event.body["message"] == "no space left"
    assert event.body["when"] == "2022-03-01T12:00:00.000000Z"


def test_several_changes_whose_publishers_died_are_all_told() -> None:
    """Each of its own, in order, with the next change or by the janitor."""
    publisher = TroubledPublisher()
    world = World(a_new_scene(0, retry_count=9), publisher=publisher, events=True)
    world.take_events()
    for number in range(3):
        publisher.troubles = [nobody_answers()]
        with pytest.raises(Unavailable):
            world.answer(world.scene(0), "RETRY", f"failure {number}")

    world.answer(world.scene(0), "RETRY", "failure 3")

    assert [each.body["message"] for each in world.take_events()] == [
        f"failure {number}" for number in range(4)
    ]
    assert [each.body["attempt"] for each in world.take_jobs()] == [1, 5]
    assert list(world.store.unpublished()) == []


def test_an_event_that_could_not_be_confirmed_is_told_once_more() -> None:
    """At least once, as everything that is published."""
    store = TroubledStore()
    world = World(a_new_scene(0), store=store, events=True)
    world.take_events()
    store.confirm_troubles = [nobody_answers()]

    world.answer(world.scene(0), message_id="the-same")
    world.answer(world.scene(0), message_id="the-same")
    world.answer(world.scene(0), message_id="the-same")

    assert steps(world.take_events()) == [("PENDING", "DONE")] * 2


def test_a_result_that_comes_again_is_no_event() -> None:
    """Nor is one that is ignored: nothing has changed."""
    world = World(a_new_scene(0), events=True)
    world.answer(world.scene(0), message_id="the-same")
    world.settle()
    world.take_events()

    world.answer(world.scene(0), message_id="the-same")
    world.answer(world.scene(0), "FAILED")
    world.answer(world.scene(0), "FAILED", attempt=7)

    assert world.take_events() == []


def test_a_delay_is_one_event() -> None:
    """The retry is the change; that its job is published later is none."""
    world = World(a_new_scene(0, retry_count=1), events=True)
    set_policy(world.services, AOI, Policy(first_delay=timedelta(minutes=1)))
    world.take_events()
    world.answer(world.scene(0), "RETRY")
    world.now += timedelta(minutes=1)

    visit(world.services)

    assert steps(world.take_events()) == [("PENDING", "PENDING")]
    assert [each.body["attempt"] for each in world.take_jobs()] == [1, 2]


def test_a_lease_that_ran_out_is_told_of_the_janitor() -> None:
    """With its reason."""
    world = World(a_new_scene(0), events=True)
    world.take_events()
    world.now += timedelta(hours=24)

    visit(world.services)

    [event] = world.take_events()
    assert (event.body["actor"], event.body["reason"]) == ("janitor", "its lease ran out")
    assert (event.body["attempt"], event.body["to"]) == (2, "PENDING")


def test_staged_tiles_are_told_of_once_they_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that breaks off tells nothing; the one that goes on with it tells all, once."""
    monkeypatch.setattr(adding, "MOST_TILES_A_COMMIT", 2)
    store = TroubledStore()
    world = World(store=store, events=True)
    large = a_new_scene(0, [a_new_tile(f"A44_IW1_{number}") for number in range(5)])
    store.commit_troubles = [None, nobody_answers()]
    with pytest.raises(Unavailable):
        world.add(large)
    assert world.take_events() == []
    assert list(store.unpublished()) == []

    world.add(large)

    assert told(world.take_events()) == happened(world)
    assert len(world.documents()) == 6


def test_a_chain_of_many_commits_is_added_with_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many: none of them meets what the one before has confirmed."""
    most = adding_many.LEAST_WEIGHT + 2_500
    monkeypatch.setattr(adding_many, "MOST_BYTES_A_COMMIT", most)
    store = TroubledStore()
    world = World(store=store, events=True)

    outcomes = add_scenes(world.services, AOI, a_chain(30))

    assert {each.fate for each in outcomes} == {Fate.ADDED}
    assert store.commits == 30
    assert told(world.take_events()) == happened(world)


def test_a_retry_of_an_aoi_is_told_of_each() -> None:
    """Of who wanted it, and why."""
    world = World(*(a_new_scene(number) for number in range(3)), events=True)
    for number in range(3):
        world.answer(world.scene(number), "RETRY")
    world.take_events()

    retry_aoi(world.services, AOI, Cause("anna", reason="new disks"))

    events = world.take_events()
    assert steps(events) == [("RETRY", "PENDING")] * 3
    assert {(each.body["actor"], each.body["reason"]) for each in events} == {("anna", "new disks")}


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_the_events_tell_the_histories(seed: int) -> None:
    """Results, operators, failures, leases, new scenes: each change once, those of one in order."""
    chance = random.Random(seed)
    world = World(*a_chain(6, (BURST, NEIGHBOUR), retry_count=2), events=True)
    set_policy(world.services, AOI, Policy(first_delay=timedelta(minutes=1)))
    for number in range(150):
        happen(world, chance, number)
    world.settle()

    events = told(world.take_events())

    assert events == happened(world)
    assert sum(len(each) for each in events.values()) > 60
    assert list(world.store.unpublished()) == []


def happen(world: World, chance: random.Random, number: int) -> None:
    """Let something happen that may."""
    world.now += timedelta(seconds=chance.choice((0, 5, 70)))
    what = chance.choice(("add", *("answer", "deliver") * 3, "operate", "operate", "visit"))
    if what == "add":
        world.add(a_new_scene(100 + number, [a_new_tile()], retry_count=1))
    elif what == "answer" and (pending := world.pending()):
        world.answer(chance.choice(pending), chance.choice(("DONE", "DONE", "RETRY", "FAILED")))
    elif what == "deliver" and (updates := world.updates):
        world.deliver(chance.choice(updates), again=chance.random() < 0.3)
    elif what == "operate":
        events = [each for each in Event if each.startswith(("forced", "operator"))]
        with suppress(NotAllowed):
            world.operate(chance.choice(world.documents()), chance.choice(events))
    elif what == "visit":
        world.now += timedelta(hours=chance.choice((0, 0, 0, 25)))
        visit(world.services, audit=True)


def test_a_topic_of_events_that_is_not_there_keeps_no_job_back() -> None:
    """They are told when it is there again."""
    world = World(events=True)
    broken = EventsBroken(world.publisher)
    world.services = replace(world.services, publisher=broken)
    world.add(*a_chain(1))
    world.answer(world.scene(0))
    world.settle()
    assert world.tile(0).status is Status.PENDING
    jobs = sent_to(world.take_jobs())
    assert jobs == [("scene", world.scene(0).id), ("tile", world.tile(0).id)]
    assert world.take_events() == []
    broken.is_broken = False
    world.now += 2 * PATIENCE
    sweep(world.services)
    assert len(world.take_events()) == 4


class EventsBroken:
    """A publisher that has no topic of events."""

    def __init__(self, publisher: MemoryPublisher) -> None:
        self.publisher = publisher
        self.is_broken = True

    def publish(self, messages: Sequence[Message]) -> None:
        if self.is_broken and any(each.topic is Topic.EVENTS for each in messages):
            raise Unavailable("there is no topic of events")
        self.publisher.publish(messages)
