"""Work done in pieces by messages: retries of many, deletions."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.builders import (
    AOI,
    BURST,
    NEIGHBOUR,
    World,
    a_chain,
    a_new_scene,
    a_new_tile,
    sent_to,
    sweep,
)
from tests.unit.usecases.troubled import TroubledPublisher, TroubledStore, nobody_answers
from tests.unit.usecases.troubled import somebody_was_quicker as somebody
from tileweave.domain.errors import NotFound, Unavailable
from tileweave.domain.messages import Message, Topic
from tileweave.domain.status import Event, Status
from tileweave.usecases import chores
from tileweave.usecases.chores import PIECE, DeleteAoi, RetryMany, do_chore, message_of
from tileweave.usecases.operate import Retried, delete_aoi, retry_aoi
from tileweave.usecases.propagate import take_update
from tileweave.usecases.reject import Delivery
from tileweave.usecases.watch import create_aoi, overview

MANY = 2 * PIECE + 30


def a_world_with_many_in_retry(count: int = MANY) -> World:
    """Return one scene that is DONE, all of whose tiles wait for a person."""
    world = World(a_new_scene(0, [a_new_tile(f"T{number:04}") for number in range(count)]))
    world.finish_scenes()
    for tile in list(world.store.tiles(AOI)):
        world.answer(tile, "RETRY")
    world.take_jobs()
    return world


def attempts(world: World) -> set[tuple[Status, int]]:
    """Return status and attempt of all tiles."""
    return {(each.status, each.attempt) for each in world.store.tiles(AOI)}


def test_many_are_retried_in_pieces() -> None:
    """The call tells how many; nothing is handed out before the pieces are done."""
    world = a_world_with_many_in_retry()

    retried = retry_aoi(world.services, AOI)

    assert retried == Retried(scenes=0, tiles=MANY)
    assert [len(each.body["items"]) for each in world.updates] == [PIECE, PIECE, 30]
    assert attempts(world) == {(Status.RETRY, 1)}
    assert world.take_jobs() == []
    world.settle()
    assert attempts(world) == {(Status.PENDING, 2)}
    assert len(set(sent_to(world.take_jobs()))) == MANY


@pytest.mark.parametrize("force", [False, True])
def test_as_many_as_one_commit_takes_are_retried_at_once(*, force: bool) -> None:
    """Without a message."""
    world = a_world_with_many_in_retry(PIECE)

    retried = retry_aoi(world.services, AOI, force=force)

    assert retried.tiles == PIECE
    assert world.updates == []
    assert attempts(world) == {(Status.PENDING, 2)}


@pytest.mark.parametrize("force", [False, True])
def test_a_piece_that_is_delivered_again_hands_nothing_out_twice(*, force: bool) -> None:
    """Each is at its next attempt by then."""
    world = a_world_with_many_in_retry()
    retry_aoi(world.services, AOI, force=force)
    updates = world.updates
    for update in [*updates, *updates]:
        world.deliver(update, again=True)

    assert attempts(world) == {(Status.PENDING, 2)}
    assert len(sent_to(world.take_jobs())) == MANY


@pytest.mark.parametrize("force", [False, True])
def test_a_repeated_call_hands_nothing_out_twice(*, force: bool) -> None:
    """Its pieces meet what those of the first have done."""
    world = a_world_with_many_in_retry()
    for _ in range(2):
        assert retry_aoi(world.services, AOI, force=force).tiles == MANY
    world.settle()

    assert attempts(world) == {(Status.PENDING, 2)}
    assert len(sent_to(world.take_jobs())) == MANY
    if not force:
        assert retry_aoi(world.services, AOI) == Retried(0, 0)


def test_force_hands_out_again_what_is_pending_once_a_call() -> None:
    """A later call is a new one."""
    world = a_world_with_many_in_retry()
    for _ in range(2):
        retry_aoi(world.services, AOI, force=True)
        world.settle()

    assert attempts(world) == {(Status.PENDING, 3)}


def test_what_was_answered_in_between_is_left_alone() -> None:
    """A tile that is DONE by the time its piece is delivered is not begun again."""
    world = a_world_with_many_in_retry()
    retry_aoi(world.services, AOI, force=True)
    answered = list(world.store.tiles(AOI))[:3]
    for tile, status in zip(answered, ("DONE", "FAILED", "DONE"), strict=True):
        world.answer(tile, status)
    world.settle()

    found = [world.find(tile.key) for tile in answered]
    assert [each.status for each in found if each] == ["DONE", "FAILED", "DONE"]
    assert [each.attempt for each in found if each] == [1, 1, 1]
    assert len(world.take_jobs()) == MANY - 3


@pytest.mark.parametrize("force", [False, True])
def test_a_tile_whose_scene_is_not_done_is_left_as_it_is(*, force: bool) -> None:
    """The others of its piece are retried."""
    world = World(*(a_new_scene(number, [a_new_tile()]) for number in range(2)))
    world.finish_scenes()
    for number in range(2):
        world.answer(world.tile(number), "RETRY")
    world.operate(world.scene(0), Event.FORCE_STATUS_RETRY)
    world.take_jobs()

    retried = retry_aoi(world.services, AOI, force=force)

    assert retried == Retried(scenes=1, tiles=1)
    assert (world.tile(0).status, world.tile(0).attempt) == (Status.RETRY, 1)
    assert (world.tile(1).status, world.tile(1).attempt) == (Status.PENDING, 2)


def test_a_piece_whose_publication_failed_is_left_to_the_janitor() -> None:
    """What it committed is published once, by whoever comes first."""
    publisher = TroubledPublisher()
    world = a_world_with_many_in_retry()
    world.publisher = publisher
    world.services = replace(world.services, publisher=publisher)
    retry_aoi(world.services, AOI)
    update = world.updates[0]
    publisher.troubles = [nobody_answers()]
    with pytest.raises(Unavailable):
        world.deliver(update)
    world.now = world.now.replace(hour=13)

    assert sweep(world.services) == PIECE
    assert len(world.take_jobs()) == PIECE
    world.deliver(update, again=True)
    assert world.take_jobs() == []


def test_a_call_whose_pieces_were_not_published_can_be_repeated() -> None:
    """Those that were are done once."""
    publisher = TroubledPublisher()
    world = a_world_with_many_in_retry()
    world.publisher = publisher
    world.services = replace(world.services, publisher=publisher, defers_publishing=True)
    publisher.troubles, publisher.published_before = [nobody_answers()], 1
    with pytest.raises(Unavailable):
        retry_aoi(world.services, AOI)

    assert retry_aoi(world.services, AOI).tiles == MANY
    world.settle()
    assert attempts(world) == {(Status.PENDING, 2)}


def test_somebody_who_is_quicker_is_respected() -> None:
    """The piece looks again."""
    store = TroubledStore()
    world = World(a_new_scene(0, [a_new_tile()]), store=store)
    world.finish_scenes()
    world.answer(world.tile(0), "RETRY")
    store.commit_troubles = [somebody()]

    assert retry_aoi(world.services, AOI) == Retried(0, 1)


def test_nothing_is_retried_of_what_is_gone() -> None:
    """The message names it in vain."""
    world = World(*a_chain(1))
    chore = RetryMany(force=True, items=(("scene", world.scene().id, 1), ("tile", 4711, 0)))
    delete_aoi(world.services, AOI)
    world.take_jobs()

    assert world.deliver(message_of(chore, AOI)) is None
    assert world.take_jobs() == []


@pytest.mark.parametrize(
    "body",
    [
        {"type": "retry", "items": []},
        {"type": "retry", "force": True, "items": [["scene", 0, 1]]},
        {"type": "retry", "force": True, "items": [["aoi", 1, 1]]},
        {"type": "delete", "aoi": AOI},
        {"type": "delete", "aoi": AOI, "generation": -1},
        {"type": "dust"},
    ],
)
def test_a_chore_that_means_nothing_is_rejected(body: object) -> None:
    """It is acknowledged, and kept."""
    world = World()
    rejected = take_update(world.services, Delivery("m", json.dumps(body).encode()))

    assert rejected is not None
    assert rejected.kind == "malformed"


def test_a_chore_is_a_dependency_update() -> None:
    """Its attributes say what, and of which AOI."""
    message = message_of(DeleteAoi(aoi=AOI, generation=2), AOI)

    body = {"type": "delete", "aoi": AOI, "generation": 2}
    assert message == Message(Topic.DEPENDENCY_UPDATES, body, {"type": "delete", "aoi": AOI})


def test_a_large_aoi_is_deleted_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is gone at once; what it held goes a message at a time."""
    monkeypatch.setattr(chores, "DELETED_AT_ONCE", 3)
    monkeypatch.setattr(chores, "DELETED_A_MESSAGE", 6)
    world = World(*a_chain(7, (BURST, NEIGHBOUR)))
    world.take_jobs()

    delete_aoi(world.services, AOI)

    with pytest.raises(NotFound):
        overview(world.services, AOI)
    left = [len(world.documents())]
    while world.updates:
        world.deliver(world.updates[0])
        left.append(len(world.documents()))
    assert left == [15, 9, 3, 0]
    assert list(world.store.leftovers()) == []


def test_a_new_aoi_of_that_name_waits_until_all_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it gets other ids, and a late message takes nothing of it."""
    monkeypatch.setattr(chores, "DELETED_AT_ONCE", 1)
    monkeypatch.setattr(chores, "DELETED_A_MESSAGE", 1)
    world = World(*a_chain(2))
    old = world.scene().id
    world.take_jobs()
    delete_aoi(world.services, AOI)
    late = world.updates[0]
    with pytest.raises(Unavailable, match="still being deleted"):
        create_aoi(world.services, AOI)
    world.settle()

    create_aoi(world.services, AOI)
    world.add(*a_chain(2))
    world.deliver(late)

    assert len(world.documents()) == 4
    assert old not in {each.id for each in world.documents()}


def test_a_deletion_that_broke_off_is_gone_on_with_by_the_janitor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It finds what was buried and is still there."""
    monkeypatch.setattr(chores, "DELETED_AT_ONCE", 1)
    monkeypatch.setattr(chores, "DELETED_A_MESSAGE", 1)
    publisher = TroubledPublisher()
    world = World(*a_chain(2), publisher=publisher)
    publisher.troubles = [nobody_answers()]
    delete_aoi(world.services, AOI)
    world.take_jobs()
    assert world.updates == []

    sweep(world.services)
    world.settle()

    assert world.documents() == []


def test_deleting_twice_deletes_once() -> None:
    """A message that comes again finds nothing."""
    world = World(*a_chain(2))
    for _ in range(2):
        do_chore(world.services, DeleteAoi(aoi="Other", generation=0))
    assert len(world.documents()) == 4
