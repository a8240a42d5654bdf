"""A tile that was FAILED is forced back: into its chain, among those that have not started."""

from __future__ import annotations

import pytest

from tests.builders import NEIGHBOUR, World, a_chain, a_new_scene, a_new_tile, ref
from tests.property import invariants
from tileweave.domain.status import Event, Status

ROOT = (None, None)
BACK = {
    Event.FORCE_NEW: Status.NEW,
    Event.FORCE_PENDING: Status.PENDING,
    Event.FORCE_RETRY: Status.PENDING,
    Event.FORCE_DONE: Status.DONE,
    Event.FORCE_STATUS_RETRY: Status.RETRY,
}
CHAIN = {0: ROOT, 1: (0, 0), 2: (1, 0), 3: (2, 0)}


def a_world_with_failures(*numbers: int, relinked: bool = True) -> World:
    """Return a chain of four whose scenes wait, with these tiles FAILED, and relinked or not."""
    world = World(*a_chain(4))
    for each in numbers:
        world.operate(world.tile(each), Event.FORCE_FAIL)
        if relinked:
            world.settle()
    return world


def assert_sound(world: World) -> None:
    """Both ends of each link agree, none names a FAILED tile, there is no cycle."""
    assert invariants.ends_that_disagree(world.store) == []
    assert invariants.links_to_failed(world.store) == []
    assert invariants.cycles(world.store) == []
    assert invariants.wrong_totals(world.store) == []


@pytest.mark.parametrize("relinked", [True, False])
@pytest.mark.parametrize("number", [0, 1, 2, 3])
@pytest.mark.parametrize("event", list(BACK))
def test_a_tile_forced_back_has_the_place_it_had(
    event: Event, number: int, *, relinked: bool
) -> None:
    """Root or not, before or after it was relinked: the chain is what it was."""
    world = a_world_with_failures(number, relinked=relinked)

    world.operate(world.tile(number), event)
    world.settle()

    assert world.links() == CHAIN
    assert world.tile(number).status is BACK[event]
    assert not world.tile(number).cut
    assert world.tile(number).heir is None
    assert_sound(world)


@pytest.mark.parametrize("started", ["PENDING", "DONE", "RETRY"])
def test_what_started_without_it_stays_as_it_is(started: str) -> None:
    """A dependant that has run keeps the links it ran with."""
    world = World(*a_chain(3))
    world.finish_scenes()
    world.operate(world.tile(0), Event.FORCE_FAIL)
    world.settle()
    if started != "PENDING":
        world.answer(world.tile(1), started)
    before = world.tile(1)

    world.operate(world.tile(0), Event.FORCE_NEW)

    after = world.tile(1)
    assert (after.status, after.previous, after.reference) == (before.status, None, None)
    assert world.tile(0).next == ()
    assert_sound(world)


def test_a_dependant_that_waits_refers_to_the_old_root_again() -> None:
    """Though the new root in between has started without it."""
    world = World(*a_chain(3))
    world.finish_scenes()
    world.operate(world.tile(0), Event.FORCE_FAIL)
    world.settle()

    world.operate(world.tile(0), Event.FORCE_PENDING)

    assert world.links() == {0: ROOT, 1: ROOT, 2: (1, 0)}
    assert_sound(world)


def test_a_tile_forced_back_finds_the_place_of_neighbours_that_failed_meanwhile() -> None:
    """Its kept links are followed over tiles that are FAILED by now."""
    world = a_world_with_failures(2, 1)

    world.operate(world.tile(2), Event.FORCE_NEW)

    assert world.links() == {0: ROOT, 2: (0, 0), 3: (2, 0)}
    assert_sound(world)


def test_a_tile_whose_root_failed_meanwhile_refers_to_the_new_one() -> None:
    """The heir of the reference it kept."""
    world = a_world_with_failures(2, 0)

    world.operate(world.tile(2), Event.FORCE_NEW)

    assert world.links() == {1: ROOT, 2: (1, 1), 3: (2, 1)}
    assert_sound(world)


@pytest.mark.parametrize("relinked", [True, False])
def test_the_second_of_two_failed_tiles_does_not_refer_to_itself(*, relinked: bool) -> None:
    """The root failed before it: the first that is back becomes the root."""
    world = a_world_with_failures(0, 1, relinked=relinked)

    world.operate(world.tile(1), Event.FORCE_NEW)
    world.settle()

    assert world.links()[1] == ROOT
    assert_sound(world)


def test_an_heir_that_never_referred_to_the_root_does_not_when_the_root_is_back() -> None:
    """It had a previous and no reference; it has so again."""
    world = World(
        a_new_scene(0, [a_new_tile()]),
        a_new_scene(1, [a_new_tile(previous=ref(0))]),
    )
    world.operate(world.tile(0), Event.FORCE_FAIL)
    world.settle()

    world.operate(world.tile(0), Event.FORCE_NEW)

    assert world.links() == {0: ROOT, 1: (0, None)}
    assert_sound(world)


@pytest.mark.parametrize(("order", "previous_of_2"), [((2, 1), 1), ((1, 2), 0)])
def test_two_neighbours_may_be_forced_back_in_either_order(
    order: tuple[int, int], previous_of_2: int
) -> None:
    """Tile 2 was linked to tile 0 when it failed: only what waits is linked to tile 1 again."""
    world = a_world_with_failures(1, 2)

    for each in order:
        world.operate(world.tile(each), Event.FORCE_NEW)

    assert world.links() == {**CHAIN, 2: (previous_of_2, 0)}
    assert_sound(world)


def test_a_tile_that_follows_one_that_is_back_is_not_taken_from_it() -> None:
    """Both of its predecessors failed, the nearer one first, and is back first."""
    world = a_world_with_failures(2, 1)

    for each in (2, 1):
        world.operate(world.tile(each), Event.FORCE_NEW)

    assert world.links()[3] == (2, 0)
    assert_sound(world)


def test_a_tile_that_refers_to_its_own_heir_makes_no_cycle() -> None:
    """The new root depended by reference on a tile that is forced back and refers to it now."""
    world = World(
        a_new_scene(0, [a_new_tile()]),
        a_new_scene(1, [a_new_tile(reference=ref(0))]),
        a_new_scene(2, [a_new_tile(previous=ref(0), reference=ref(1))]),
    )
    for each in (1, 0):
        world.operate(world.tile(each), Event.FORCE_FAIL)
        world.settle()

    world.operate(world.tile(1), Event.FORCE_NEW)

    assert_sound(world)


def test_a_tile_between_its_root_and_its_heir_makes_no_cycle() -> None:
    """The same over one more tile: its previous refers to the new root."""
    world = World(
        a_new_scene(0, [a_new_tile()]),
        a_new_scene(1, [a_new_tile(reference=ref(0))]),
        a_new_scene(2, [a_new_tile(previous=ref(1))]),
        a_new_scene(3, [a_new_tile(previous=ref(0), reference=ref(2))]),
    )
    for each in (2, 0):
        world.operate(world.tile(each), Event.FORCE_FAIL)
        world.settle()

    world.operate(world.tile(2), Event.FORCE_NEW)

    assert_sound(world)


def test_a_tile_forced_to_be_done_hands_out_what_waited_for_others_without_it() -> None:
    """A dependant is linked to it again, and so is ready."""
    world = World(
        a_new_scene(0, [a_new_tile(), a_new_tile(NEIGHBOUR)]),
        a_new_scene(1, [a_new_tile(previous=ref(0), reference=ref(0))]),
        a_new_scene(2, [a_new_tile(previous=ref(1), reference=ref(0, NEIGHBOUR))]),
    )
    world.finish_scenes()
    world.answer(world.tile(0, NEIGHBOUR))
    world.operate(world.tile(1), Event.FORCE_FAIL)
    world.settle()
    waiting = world.tile(2)

    world.operate(world.tile(1), Event.FORCE_DONE)
    world.settle()

    assert (waiting.status, waiting.previous) == ("NEW", world.tile(0).link)
    assert (world.tile(2).status, world.tile(2).previous) == ("PENDING", world.tile(1).link)


@pytest.mark.parametrize("event", [Event.FORCE_FAIL, Event.FORCE_FAILED])
def test_a_failed_tile_forced_to_fail_stays_cut_out(event: Event) -> None:
    """Only its history tells."""
    world = a_world_with_failures(1)

    world.operate(world.tile(1), event)
    world.settle()

    assert world.links() == {0: ROOT, 2: (0, 0), 3: (2, 0)}
    assert world.tile(1).cut
    assert_sound(world)


def test_a_tile_that_is_back_can_fail_again() -> None:
    """It is cut out as if nothing had been before."""
    world = a_world_with_failures(0)
    world.operate(world.tile(0), Event.FORCE_NEW)

    world.operate(world.tile(0), Event.FORCE_FAIL)
    world.settle()

    assert world.links() == {1: ROOT, 2: (1, 1), 3: (2, 1)}
    assert_sound(world)
