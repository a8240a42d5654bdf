from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.builders import AOI, World, a_chain, a_new_scene, a_new_tile, ref, sent_to
from tests.unit.usecases.troubled import TroubledPublisher, TroubledStore, nobody_answers
from tileweave.domain.draft import Edit
from tileweave.domain.errors import Conflict, Unavailable
from tileweave.domain.many import FEW
from tileweave.domain.status import Event, Status
from tileweave.usecases.ports import Write


def a_world(retry_count: int = 0) -> World:
    """Return a chain of two; the scenes are DONE, the first tile is handed out."""
    world = World(*a_chain(2, retry_count=retry_count))
    world.finish_scenes()
    world.take_jobs()
    return world


def test_a_scene_that_is_done_releases_its_tiles() -> None:
    """Over a dependency update, which hands out those that are ready."""
    world = World(*a_chain(2))

    world.answer(world.scene(0))

    assert world.scene(0).status is Status.DONE
    assert sent_to(world.updates) == [("scene", world.scene(0).id)]
    world.settle()
    assert [world.tile(0).status, world.tile(1).status] == ["PENDING", "NEW"]


def test_a_tile_that_is_done_releases_the_next() -> None:
    """At once: nothing is left for a dependency update."""
    world = a_world()

    world.answer(world.tile(0), message="12 images")

    assert (world.tile(0).status, world.tile(0).message) == (Status.DONE, "12 images")
    assert sent_to(world.take_jobs()) == [("tile", world.tile(1).id)]
    assert world.updates == []
    assert list(world.store.unpublished()) == []


def test_a_tile_that_is_done_releases_a_next_that_waits_over_an_update() -> None:
    """What else it waits for may be DONE at the same time, so it is looked at once more."""
    world = World(*a_chain(2))
    world.answer(world.scene(0))
    world.settle()
    world.take_jobs()

    world.answer(world.tile(0))

    assert sent_to(world.updates) == [("tile", world.tile(0).id)]
    assert world.tile(1).status is Status.NEW
    world.answer(world.scene(1))
    world.settle()
    assert sent_to(world.take_jobs()) == [("tile", world.tile(1).id)]


@pytest.mark.parametrize(("count", "updates"), [(FEW, 0), (FEW + 1, 1)])
def test_a_tile_that_is_done_releases_many_over_an_update(count: int, updates: int) -> None:
    """So that no commit of a result is large."""
    bursts = [f"A44_IW1_{number:04}" for number in range(count)]
    links = {"previous": ref(0), "reference": ref(0)}
    others = a_new_scene(1, [a_new_tile(each, **links) for each in bursts])
    world = World(a_new_scene(0, [a_new_tile()]), others)
    world.finish_scenes()
    world.take_jobs()

    world.answer(world.tile(0))

    assert len(world.updates) == updates
    world.settle()
    assert len(world.take_jobs()) == count


def test_a_stale_result_is_kept_as_rejected() -> None:
    """It names another attempt than the current one."""
    world = a_world()

    rejected = world.answer(world.tile(0), attempt=2)

    assert rejected is not None
    assert (rejected.kind, rejected.aoi, rejected.received_at) == ("stale", AOI, world.now)
    assert world.rejected == {rejected.message_id: rejected}
    assert world.tile(0).status is Status.PENDING
    assert world.updates == []


@pytest.mark.parametrize("attempt", [None, 1])
def test_a_result_without_attempt_counts_as_current(attempt: int | None) -> None:
    """As geocube-ingester's workers send it."""
    world = a_world()

    assert world.answer(world.tile(0), attempt=attempt) is None
    assert world.tile(0).status is Status.DONE


def test_a_result_is_applied_once_however_often_it_comes() -> None:
    """Also one that would count again: RETRY with automatic retries left."""
    world = a_world(retry_count=3)
    tile = world.tile(0)

    for _ in range(3):
        assert world.answer(tile, "RETRY", message_id="the-same") is None

    assert (world.tile(0).attempt, world.tile(0).retry_countdown) == (2, 2)
    assert len(world.tile(0).history) == len(tile.history) + 1
    assert sent_to(world.take_jobs()) == [("tile", tile.id)]
    assert world.rejected == {}


def test_two_results_that_say_the_same_are_two() -> None:
    """They came as different messages."""
    world = a_world(retry_count=3)

    world.answer(world.tile(0), "RETRY")
    world.answer(world.tile(0), "RETRY")

    assert (world.tile(0).attempt, world.tile(0).retry_countdown) == (3, 1)


def test_a_result_that_comes_again_after_others_is_not_applied() -> None:
    """The job was handed out again since: it is known among all the older ones."""
    world = a_world(retry_count=1)
    world.answer(world.tile(0), "RETRY", message_id="first")
    world.answer(world.tile(0), "RETRY", message_id="second")

    assert world.answer(world.tile(0), "RETRY", message_id="first") is None

    assert world.tile(0).status is Status.RETRY
    assert world.tile(0).attempt == 2


def test_retries_are_used_up_one_by_one() -> None:
    """Then the tile waits for a person."""
    world = a_world(retry_count=2)

    statuses = []
    for _ in range(3):
        world.answer(world.tile(0), "RETRY", message="no space left")
        statuses.append((world.tile(0).status, world.tile(0).retry_countdown))

    assert statuses == [("PENDING", 1), ("PENDING", 0), ("RETRY", 0)]
    said = [each.cause.message for each in world.tile(0).history[2:]]
    assert said == ["no space left"] * 3


def test_a_result_that_is_late_is_taken_while_the_tile_waits_for_a_person() -> None:
    """DONE after all."""
    world = a_world()
    world.answer(world.tile(0), "RETRY")

    assert world.answer(world.tile(0), "DONE") is None
    assert world.tile(0).status is Status.DONE


@pytest.mark.parametrize("kind", ["scene", "tile"])
def test_a_result_for_an_unknown_id_is_kept_as_rejected(kind: str) -> None:
    """Its AOI may have been deleted; a redelivery would not help."""
    world = a_world()
    body = json.dumps({"type": kind, "id": 4711, "status": "DONE"}).encode()

    rejected = world.deliver_result(body, "message-1")

    assert rejected is not None
    assert (rejected.kind, rejected.message_id) == ("unknown", "message-1")
    assert rejected.error == f"There is no {kind} 4711."
    assert rejected.body == body.decode()
    assert world.rejected == {"message-1": rejected}


def test_an_id_of_a_scene_is_none_of_a_tile() -> None:
    """The type of a result counts."""
    world = a_world()
    body = json.dumps({"type": "tile", "id": world.scene(0).id, "status": "DONE"}).encode()

    rejected = world.deliver_result(body)

    assert rejected is not None
    assert rejected.kind == "unknown"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "body: Invalid JSON"),
        (b"\xff{", "body: Invalid JSON"),
        (b"[]", "body: "),
        (b'{"type": "tile", "id": 0, "status": "OK"}', "id: "),
        (b'{"type": "tile", "id": 0, "status": "OK"}', "status: "),
        (b'{"id": 3, "status": "DONE"}', "type: Field required"),
    ],
)
def test_a_malformed_result_is_kept_as_rejected_with_every_wrong_field(
    body: bytes, said: str
) -> None:
    """It is acknowledged: it would come back for ever."""
    world = a_world()

    rejected = world.deliver_result(body, "message-1")

    assert rejected is not None
    assert rejected.kind == "malformed"
    assert said in rejected.error
    assert rejected.body == body.decode(errors="replace")
    assert list(world.rejected) == ["message-1"]


@pytest.mark.parametrize("status", ["DONE", "RETRY", "FAILED"])
def test_a_result_that_changes_nothing_is_kept_as_rejected(status: str) -> None:
    """The tile is DONE already."""
    world = a_world()
    world.answer(world.tile(0))

    rejected = world.answer(world.tile(0), status, message_id="late")

    assert rejected is not None
    assert rejected.kind == "ignored"
    assert rejected.error == f"tile {world.tile(0).id} is DONE: a result {status} changes nothing"
    assert world.rejected == {"late": rejected}
    assert world.tile(0).status is Status.DONE


def test_a_rejected_message_that_comes_again_is_kept_once() -> None:
    """As it came first."""
    world = a_world()
    first = world.answer(world.tile(1), message_id="message-1")

    world.answer(world.tile(1), message_id="message-1")

    assert world.rejected == {"message-1": first}


@pytest.mark.parametrize("status", ["DONE", "RETRY"])
def test_a_result_whose_publication_failed_is_published_when_it_comes_again(status: str) -> None:
    """The change was made; its message was left in the outbox."""
    publisher = TroubledPublisher()
    world = World(*a_chain(2, retry_count=1), publisher=publisher)
    world.finish_scenes()
    world.take_jobs()
    tile = world.tile(0)
    job = world.tile(1) if status == "DONE" else tile
    publisher.troubles = [nobody_answers()]
    with pytest.raises(Unavailable):
        world.answer(tile, status, message_id="the-same")
    assert [world.updates, world.take_jobs()] == [[], []]

    world.answer(tile, status, message_id="the-same")

    assert sent_to([*world.updates, *world.take_jobs()]) == [("tile", job.id)]
    assert len(world.tile(0).history) == len(tile.history) + 1
    world.settle()
    assert list(world.store.unpublished()) == []


@pytest.mark.parametrize("trouble", [nobody_answers(), Conflict("quicker")])
def test_a_result_whose_confirmation_failed_is_published_twice_at_most(trouble: Exception) -> None:
    """It is published, so it is not raised; at least once is what consumers are made for."""
    store = TroubledStore()
    world = World(a_new_scene(0, retry_count=1), store=store)
    world.take_jobs()
    store.confirm_troubles = [trouble]
    world.answer(world.scene(0), "RETRY", message_id="the-same")

    world.answer(world.scene(0), "RETRY", message_id="the-same")
    world.answer(world.scene(0), "RETRY", message_id="the-same")

    assert sent_to(world.take_jobs()) == [("scene", world.scene(0).id)] * 2
    assert list(store.unpublished()) == []


def test_an_update_is_promised_until_it_is_propagated() -> None:
    """Whoever publishes it may do so again; who propagates it takes the promise back."""
    world = World(a_new_scene(0))
    world.answer(world.scene(0), message_id="the-same")
    world.answer(world.scene(0), message_id="the-same")
    assert sent_to(world.updates) == [("scene", world.scene(0).id)] * 2
    assert world.scene(0).outbox == {"update:1"}

    world.deliver(world.updates[0])

    assert list(world.store.unpublished()) == []


def test_a_result_that_could_not_be_saved_changes_nothing_and_is_raised() -> None:
    """It comes again, and then counts."""
    store = TroubledStore()
    world = World(a_new_scene(0), store=store)
    store.commit_troubles = [nobody_answers()]

    with pytest.raises(Unavailable):
        world.answer(world.scene(0), message_id="the-same")

    assert world.scene(0).status is Status.PENDING
    assert world.updates == []
    assert world.answer(world.scene(0), message_id="the-same") is None
    assert world.scene(0).status is Status.DONE


def test_an_automatic_retry_waits_for_what_was_forced_back_meanwhile() -> None:
    """It is NEW, and handed out when its dependency is DONE again."""
    world = a_world(retry_count=2)
    world.answer(world.tile(0))
    world.settle()
    world.operate(world.tile(0), Event.FORCE_PENDING)

    world.answer(world.tile(1), "RETRY", "lost its input")

    tile = world.tile(1)
    assert (tile.status, tile.attempt, tile.retry_countdown) == (Status.NEW, 1, 1)
    assert tile.message == "lost its input"
    world.answer(world.tile(0))
    world.settle()
    assert (world.tile(1).status, world.tile(1).attempt) == (Status.PENDING, 2)


def test_a_result_is_known_however_long_the_history_is_by_then() -> None:
    """The document keeps the last changes only; without an attempt it would count again."""
    world = a_world(retry_count=50)
    for number in range(40):
        world.answer(world.tile(0), "RETRY", "x" * 4_000, message_id=f"m-{number}")
    shortened = replace(world.tile(0), history=world.tile(0).history[-5:], earlier=37)
    found = world.store.read([shortened.key])[shortened.key]
    assert found is not None
    edit = Edit(found.document, shortened)
    world.store.commit([Write(edit, found.version)], [])

    assert world.answer(world.tile(0), "RETRY", message_id="m-0") is None

    assert (world.tile(0).attempt, world.tile(0).retry_countdown) == (41, 10)
