from __future__ import annotations

import pytest

from tests.builders import AOI, World, a_chain, a_new_scene, a_new_tile, sent_to
from tests.unit.usecases.troubled import DeafStore, TroubledStore, somebody_was_quicker
from tileweave.domain.errors import NotAllowed, NotFound
from tileweave.domain.model import Key
from tileweave.domain.status import Event, Status
from tileweave.usecases.chores import PIECE
from tileweave.usecases.operate import Retried, operate, retry_aoi


def a_world_that_waits_for_a_person() -> World:
    """Return three scenes of one tile each: scene 2 and tile 0 are in RETRY."""
    world = World(*(a_new_scene(number, [a_new_tile()]) for number in range(3)))
    world.answer(world.scene(0))
    world.answer(world.scene(1))
    world.answer(world.scene(2), "RETRY")
    world.settle()
    world.answer(world.tile(0), "RETRY")
    world.take_jobs()
    return world


@pytest.mark.parametrize("event", [Event.RETRY, Event.FORCE_RETRY])
def test_a_retried_tile_is_handed_out_again(event: Event) -> None:
    """As a new attempt, whose job is published."""
    world = a_world_that_waits_for_a_person()

    after = world.operate(world.tile(0), event)

    assert (after.status, after.attempt) == (Status.PENDING, 2)
    assert world.tile(0).outbox == frozenset()
    [job] = world.take_jobs()
    assert (job.body["id"], job.body["attempt"]) == (after.id, 2)


def test_a_failed_scene_takes_all_its_tiles_with_it() -> None:
    """Once its update is propagated."""
    world = a_world_that_waits_for_a_person()

    world.operate(world.scene(2), Event.FAIL)
    world.settle()

    assert (world.scene(2).status, world.tile(2).status) == (Status.FAILED, Status.FAILED)


def test_a_tile_is_not_retried_before_its_scene_is_done() -> None:
    """The scene was forced back; the refusal says so."""
    world = a_world_that_waits_for_a_person()
    world.operate(world.scene(0), Event.FORCE_PENDING)

    with pytest.raises(NotAllowed, match=f"scene {world.scene(0).id} is PENDING"):
        world.operate(world.tile(0), Event.RETRY)

    assert world.tile(0).status is Status.RETRY


def test_force_retries_a_tile_whose_scene_is_not_done() -> None:
    """It is asked for in so many words."""
    world = a_world_that_waits_for_a_person()
    world.operate(world.scene(0), Event.FORCE_PENDING)

    world.operate(world.tile(0), Event.FORCE_RETRY)

    assert world.tile(0).status is Status.PENDING


@pytest.mark.parametrize("key", [Key("scene", 4711), Key("tile", 4711)])
def test_what_is_not_there_is_not_found(key: Key) -> None:
    world = World()

    with pytest.raises(NotFound, match=f"There is no {key.kind} 4711"):
        operate(world.services, key, Event.FORCE_RETRY)


def test_what_an_operator_did_is_in_the_history() -> None:
    """By whom, from, to and when."""
    world = a_world_that_waits_for_a_person()

    world.operate(world.tile(0), Event.FAIL)

    change = world.tile(0).history[-1]
    assert (change.before, change.after, change.cause.actor) == ("RETRY", "FAILED", "operator")
    assert change.at == world.now


def test_retrying_an_aoi_hands_out_all_that_waits_for_a_person() -> None:
    """Scenes and tiles in RETRY, nothing else."""
    world = a_world_that_waits_for_a_person()

    retried = retry_aoi(world.services, AOI)

    assert retried == Retried(scenes=1, tiles=1)
    assert set(sent_to(world.take_jobs())) == {
        ("scene", world.scene(2).id),
        ("tile", world.tile(0).id),
    }
    assert world.tile(1).attempt == 1


def test_retrying_an_aoi_by_force_hands_out_what_is_pending_too() -> None:
    """Their workers may have disappeared."""
    world = a_world_that_waits_for_a_person()

    retried = retry_aoi(world.services, AOI, force=True)

    assert retried == Retried(scenes=1, tiles=2)
    assert (world.tile(0).attempt, world.tile(1).attempt, world.scene(2).attempt) == (2, 2, 2)


def test_retrying_an_aoi_twice_hands_out_once() -> None:
    """The second time there is nothing in RETRY."""
    world = a_world_that_waits_for_a_person()
    retry_aoi(world.services, AOI)

    assert retry_aoi(world.services, AOI) == Retried(scenes=0, tiles=0)


def test_retrying_an_aoi_leaves_tiles_whose_scene_is_not_done() -> None:
    """They are not counted either."""
    world = a_world_that_waits_for_a_person()
    world.operate(world.scene(0), Event.FORCE_PENDING)

    assert retry_aoi(world.services, AOI) == Retried(scenes=1, tiles=0)
    assert world.tile(0).status is Status.RETRY


def test_retrying_more_than_a_piece_hands_out_every_one_once() -> None:
    """By messages: they may come twice, and somebody may be quicker."""
    many = PIECE + 20
    store = TroubledStore()
    world = World(*map(a_new_scene, range(many)), store=store)
    for number in range(many):
        world.answer(world.scene(number), "RETRY")
    store.commit_troubles = [None, somebody_was_quicker()]

    retried = retry_aoi(world.services, AOI)
    for each in world.updates * 2:
        world.deliver(each)

    assert retried == Retried(scenes=many, tiles=0)
    assert {each.attempt for each in store.scenes(AOI)} == {2}


def test_retrying_more_than_a_piece_by_force_hands_out_every_one_once() -> None:
    """What is PENDING may be retried again and again, but not by the same message twice."""
    many = PIECE + 20
    world = World(*map(a_new_scene, range(many)))

    retry_aoi(world.services, AOI, force=True)
    for each in world.updates * 2:
        world.deliver(each)

    assert {each.attempt for each in world.store.scenes(AOI)} == {2}


def test_retrying_another_aoi_is_not_found() -> None:
    with pytest.raises(NotFound, match="There is no AOI Elsewhere"):
        retry_aoi(World().services, "Elsewhere")


def test_retrying_an_aoi_where_nothing_waits_does_nothing() -> None:
    world = World(*a_chain(2))
    world.take_jobs()

    assert retry_aoi(world.services, AOI) == Retried(scenes=0, tiles=0)
    assert world.take_jobs() == []


def test_tiles_that_wait_for_their_scene_are_not_counted_however_many_there_are() -> None:
    """The answer is what was started: nothing, of more tiles than one commit retries."""
    bursts = [f"A44_IW1_{number}" for number in range(PIECE + 1)]
    world = World(*a_chain(1, bursts))
    for burst in bursts:
        world.operate(world.tile(0, burst), Event.FORCE_STATUS_RETRY)

    assert retry_aoi(world.services, AOI) == Retried(0, 0)
    assert world.updates == []


def test_a_call_whose_commit_had_no_answer_is_known_to_be_carried_out() -> None:
    """It took effect: it is not refused, not carried out twice, and its job is published."""
    store = DeafStore()
    world = World(a_new_scene(0), store=store)
    world.answer(world.scene(0), "RETRY")
    world.take_jobs()
    store.lost = 1

    after = world.operate(world.scene(0), Event.RETRY)

    assert (after.status, after.attempt) == (Status.PENDING, 2)
    assert [each.body["attempt"] for each in world.take_jobs()] == [2]


@pytest.mark.parametrize("force", [True, False])
def test_a_retry_of_an_aoi_whose_commit_had_no_answer_counts_what_it_began(*, force: bool) -> None:
    """The same, for all of them."""
    store = DeafStore()
    world = World(a_new_scene(0), a_new_scene(1), store=store)
    world.answer(world.scene(0), "RETRY")
    world.answer(world.scene(1), "RETRY")
    world.take_jobs()
    store.lost = 1

    assert retry_aoi(world.services, AOI, force=force) == Retried(2, 0)

    assert [each.body["attempt"] for each in world.take_jobs()] == [2, 2]
