from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import permutations

import pytest

from tests.builders import AOI, World, a_chain, a_new_scene, a_new_tile, ref, sent_to
from tests.unit.usecases.troubled import (
    TroubledPublisher,
    TroubledStore,
    nobody_answers,
)
from tileweave.domain.errors import Unavailable
from tileweave.domain.messages import Message, Topic
from tileweave.domain.model import Key
from tileweave.domain.status import Event, Status
from tileweave.usecases.propagate import PIECE, propagate, take_update
from tileweave.usecases.reject import Delivery

MANY = PIECE + 50
BURSTS = [f"A44_IW1_{number:04}" for number in range(MANY)]


def statuses(world: World) -> list[str]:
    """Return the statuses of all tiles, by date."""
    return [each.status.value for each in world.store.tiles(AOI)]


def test_an_update_that_comes_twice_hands_out_once() -> None:
    """What is PENDING is not handed out again."""
    world = World(*a_chain(2))
    world.answer(world.scene(0))
    [update] = world.updates
    world.take_jobs()

    world.deliver(update)
    world.deliver(update)

    assert sent_to(world.take_jobs()) == [("tile", world.tile(0).id)]
    assert world.tile(0).attempt == 1


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_updates_may_come_in_any_order(order: tuple[int, ...]) -> None:
    """The last one to come finds that all is DONE."""
    world = World(*a_chain(3))
    for number in range(3):
        world.answer(world.scene(number))
    updates = world.updates

    for each in order:
        world.deliver(updates[each])

    assert statuses(world) == ["PENDING", "NEW", "NEW"]
    world.finish()
    assert statuses(world) == ["DONE"] * 3


def test_an_update_that_comes_late_looks_at_what_is_now() -> None:
    """It said DONE; the tile has been forced back since."""
    world = World(*a_chain(2))
    world.answer(world.scene(0))
    world.settle()
    world.answer(world.tile(0))
    [update] = world.updates
    world.operate(world.tile(0), Event.FORCE_NEW)
    world.answer(world.scene(1))

    world.deliver(update)
    world.settle()

    assert statuses(world) == ["NEW", "NEW"]


def test_an_update_of_a_failure_that_was_taken_back_relinks_nothing() -> None:
    """The tile is in its chain again."""
    world = World(*a_chain(3))
    world.operate(world.tile(1), Event.FORCE_FAIL)
    [update] = world.updates
    world.operate(world.tile(1), Event.FORCE_NEW)

    world.deliver(update)

    assert world.links() == {0: (None, None), 1: (0, 0), 2: (1, 0)}


def test_an_update_of_a_failure_that_comes_again_writes_nothing() -> None:
    """The tile was cut out the first time."""
    store = TroubledStore()
    world = World(*a_chain(3), store=store)
    world.operate(world.tile(0), Event.FORCE_FAIL)
    [update] = world.updates
    world.deliver(update)
    before = store.commits

    world.deliver(update, again=True)

    assert store.commits == before


def test_an_update_of_what_does_not_exist_is_passed_over() -> None:
    """Its AOI was deleted."""
    world = World()

    propagate(world.services, Key("tile", 4711))
    propagate(world.services, Key("scene", 4711))

    assert world.documents() == []


@pytest.mark.parametrize("body", [b"", b'{"type": "tile"}', b'{"type": "tile", "id": "7"}'])
def test_a_malformed_update_is_kept_as_rejected(body: bytes) -> None:
    """It is acknowledged: it would come back for ever."""
    world = World()

    rejected = take_update(world.services, Delivery("message-1", body))

    assert rejected is not None
    assert rejected.kind == "malformed"
    assert world.rejected == {"message-1": rejected}


def test_more_tiles_than_a_piece_are_all_released_with_their_scene() -> None:
    """In several commits."""
    store = TroubledStore()
    world = World(a_new_scene(0, map(a_new_tile, BURSTS)), store=store)
    world.answer(world.scene(0))
    before = store.commits

    world.settle()

    assert statuses(world) == ["PENDING"] * MANY
    assert store.commits - before == 2


def test_more_tiles_than_a_piece_all_fail_with_their_scene() -> None:
    """And each is relinked."""
    world = World(
        a_new_scene(0, [a_new_tile()]),
        a_new_scene(1, [a_new_tile(each, previous=ref(0)) for each in BURSTS]),
        a_new_scene(2, [a_new_tile(each, previous=ref(1, each)) for each in BURSTS]),
    )

    world.answer(world.scene(1), "FAILED")
    world.settle()

    first = world.tile(0).link
    assert {world.tile(1, each).status for each in BURSTS} == {Status.FAILED}
    assert {world.tile(2, each).previous for each in BURSTS} == {first}


def test_what_is_forced_back_while_others_are_published_again_hands_out_nothing() -> None:
    """The dependency is read after that, however it was found."""
    publisher = TroubledPublisher()
    first = ref(0)
    scenes = [a_new_scene(each, [a_new_tile(previous=first, reference=first)]) for each in (1, 2)]
    world = World(a_new_scene(0, [a_new_tile()]), *scenes, publisher=publisher)
    for number in (0, 1):
        world.answer(world.scene(number))
    world.settle()
    publisher.troubles = [nobody_answers()]
    with pytest.raises(Unavailable):  # tile 1 is handed out, and its job left in the outbox
        world.answer(world.tile(0))
    world.answer(world.scene(2))
    update = Message(Topic.DEPENDENCY_UPDATES, {"type": "tile", "id": world.tile(0).id}, {})
    real = publisher.publish

    def publish(messages: Sequence[Message]) -> None:
        publisher.publish = real  # type: ignore[method-assign]
        real(messages)
        world.operate(world.tile(0), Event.FORCE_NEW)

    publisher.publish = publish  # type: ignore[method-assign]

    world.deliver(update, again=True)

    assert world.tile(0).status is Status.NEW
    assert world.tile(2).status is Status.NEW


def test_what_a_long_propagation_published_is_confirmed_as_it_goes_on() -> None:
    """So that no janitor publishes the first piece once more while the last is at work."""
    store = TroubledStore()
    world = World(a_new_scene(0, map(a_new_tile, BURSTS)), store=store)
    world.answer(world.scene(0))
    [update] = world.updates
    waiting: list[int] = []
    store.before_commits = [None, lambda: waiting.append(len(list(store.unpublished())))]

    world.deliver(update)

    assert waiting == [1]  # the scene's own update
    assert list(store.unpublished()) == []


def test_a_propagation_that_broke_off_goes_on_when_its_update_comes_again() -> None:
    """The first piece was committed; the second was not."""
    store = TroubledStore()
    world = World(a_new_scene(0, map(a_new_tile, BURSTS)), store=store)
    world.answer(world.scene(0))
    [update] = world.updates
    store.commit_troubles = [None, nobody_answers()]
    with pytest.raises(Unavailable):
        world.deliver(update)
    assert statuses(world).count("PENDING") == PIECE

    world.deliver(update, again=True)

    assert statuses(world) == ["PENDING"] * MANY
    assert {each.attempt for each in world.store.tiles(AOI)} == {1}


@pytest.mark.parametrize("got_out", [0, 7])
def test_what_was_left_unpublished_is_published_when_the_update_comes_again(got_out: int) -> None:
    """None of the jobs got out, or some."""
    publisher = TroubledPublisher()
    world = World(a_new_scene(0, map(a_new_tile, BURSTS)), publisher=publisher)
    world.answer(world.scene(0))
    [update] = world.updates
    world.take_jobs()
    publisher.troubles, publisher.published_before = [nobody_answers()], got_out
    with pytest.raises(Unavailable):
        world.deliver(update)

    world.deliver(update, again=True)

    jobs = sent_to(world.take_jobs())
    assert set(jobs) == {("tile", each.id) for each in world.store.tiles(AOI)}
    assert len(jobs) == MANY + got_out
    assert list(world.store.unpublished()) == []


def test_a_relinking_that_broke_off_goes_on_when_its_update_comes_again() -> None:
    """The heir that was elected stays the heir."""
    store = TroubledStore()
    links = {"previous": ref(0), "reference": ref(0)}
    world = World(
        a_new_scene(0, [a_new_tile()]),
        a_new_scene(1, [a_new_tile(each, **links) for each in BURSTS]),
        store=store,
    )
    world.operate(world.tile(0), Event.FORCE_FAIL)
    [update] = world.updates
    store.commit_troubles = [None, nobody_answers()]
    with pytest.raises(Unavailable):
        world.deliver(update)
    heir = world.tile(0).heir
    assert not world.tile(0).cut

    world.deliver(update, again=True)

    assert heir is not None
    assert world.tile(0).heir == heir
    assert world.tile(0).cut
    first, *tiles = world.store.tiles(AOI)
    others = [each for each in tiles if each.id != heir.tile_id]
    assert first == world.tile(0)
    assert {(each.previous, each.reference) for each in others} == {(None, heir)}


def test_a_job_of_a_tile_that_finished_meanwhile_is_not_published_again() -> None:
    """A redelivery publishes only what nobody confirmed."""
    world = World(*a_chain(1))
    world.answer(world.scene(0))
    [update] = world.updates
    world.settle()
    world.take_jobs()
    body = json.dumps(update.body).encode()

    take_update(world.services, Delivery("update-1", body, again=True))

    assert world.take_jobs() == []
