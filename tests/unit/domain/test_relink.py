"""Failed tiles are cut out of the graph, in whatever order they fail and are propagated.

Links are written as numbers of scenes: `{2: (1, 0)}` says that the tile of scene 2 has that of
scene 1 as previous and that of scene 0 as reference.
"""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.builders import (
    AOI,
    BURST,
    NEIGHBOUR,
    World,
    a_chain,
    a_new_scene,
    a_new_tile,
    ref,
    sent_to,
)
from tests.property import invariants
from tileweave.domain.status import Event, Status
from tileweave.usecases.propagate import PIECE

ROOT = (None, None)


def a_finished_world(length: int = 4) -> World:
    """Return a chain whose scenes are DONE: its first tile is handed out, the others wait."""
    world = World(*a_chain(length))
    world.finish_scenes()
    world.take_jobs()
    return world


def fail(world: World, *numbers: int, propagated: bool = True) -> None:
    """Fail tiles one after the other, each propagated before the next, or none."""
    for number in numbers:
        world.operate(world.tile(number), Event.FORCE_FAIL)
        if propagated:
            world.settle()


def assert_sound(world: World) -> None:
    """Both ends of each link agree, none names a FAILED tile, there is no cycle."""
    assert invariants.ends_that_disagree(world.store) == []
    assert invariants.links_to_failed(world.store) == []
    assert invariants.cycles(world.store) == []
    assert invariants.wrong_totals(world.store) == []


def test_a_tile_in_the_middle_is_bridged() -> None:
    """Its dependant gets its previous; what named another reference keeps it."""
    world = a_finished_world()

    fail(world, 1)

    assert world.links() == {0: ROOT, 2: (0, 0), 3: (2, 0)}
    assert_sound(world)


def test_the_last_tile_leaves_the_others_as_they_are() -> None:
    """Nothing depended on it, and it is on nobody's list any more."""
    world = a_finished_world()

    fail(world, 3)

    assert world.links() == {0: ROOT, 1: (0, 0), 2: (1, 0)}
    assert world.tile(2).next == ()
    assert world.tile(0).referenced_by == (world.tile(1).id, world.tile(2).id)
    assert_sound(world)


def test_the_next_of_a_failed_root_is_the_new_root() -> None:
    """All others that named the root as reference get the new one."""
    world = a_finished_world()

    fail(world, 0)

    assert world.links() == {1: ROOT, 2: (1, 1), 3: (2, 1)}
    assert_sound(world)


def test_the_new_root_is_handed_out() -> None:
    """It waits for nothing but its scene; the others wait for it."""
    world = a_finished_world()

    fail(world, 0)

    assert sent_to(world.take_jobs()) == [("tile", world.tile(1).id)]
    assert [each.status for each in world.store.tiles(AOI)] == ["FAILED", "PENDING", "NEW", "NEW"]


def test_a_new_root_waits_for_its_scene() -> None:
    """It is handed out when the scene is DONE, not before."""
    world = World(*a_chain(3))
    world.answer(world.scene(0))
    world.settle()

    fail(world, 0)

    assert world.tile(1).status is Status.NEW
    world.answer(world.scene(1))
    world.settle()
    assert world.tile(1).status is Status.PENDING


def test_a_tile_that_became_ready_by_a_failure_is_handed_out() -> None:
    """Its new previous and its reference are DONE already."""
    world = a_finished_world()
    world.answer(world.tile(0))
    world.settle()
    world.take_jobs()

    world.answer(world.tile(1), "FAILED")
    world.settle()

    assert sent_to(world.take_jobs()) == [("tile", world.tile(2).id)]
    assert world.tile(3).status is Status.NEW


def test_a_tile_whose_new_previous_is_not_done_waits() -> None:
    """It was next in line to a tile that failed before its turn."""
    world = a_finished_world()

    fail(world, 1)

    assert world.tile(2).status is Status.NEW
    assert world.take_jobs() == []


def test_of_several_dependants_the_earliest_is_the_new_root() -> None:
    """The earliest by its scene's date, whatever the order in which they were added."""
    world = World(
        a_new_scene(0, [a_new_tile()]),
        *(a_new_scene(n, [a_new_tile(previous=ref(0), reference=ref(0))]) for n in (3, 1, 2)),
        a_new_scene(4, [a_new_tile(previous=ref(3), reference=ref(0))]),
    )

    fail(world, 0)

    assert world.links() == {1: ROOT, 2: (None, 1), 3: (None, 1), 4: (3, 1)}
    assert_sound(world)


def test_of_dependants_of_the_same_date_the_lowest_id_is_the_new_root() -> None:
    """Tiles of one scene have its date in common."""
    bursts = [f"A44_IW1_{number}" for number in range(8951, 8959)]
    world = World(
        a_new_scene(0, [a_new_tile()]),
        a_new_scene(1, [a_new_tile(each, previous=ref(0), reference=ref(0)) for each in bursts]),
    )

    fail(world, 0)

    lowest = min((world.tile(1, each) for each in bursts), key=lambda tile: tile.id)
    assert lowest.is_root
    others = [world.tile(1, each) for each in bursts if each != lowest.source_id]
    assert {(each.previous, each.reference) for each in others} == {(None, lowest.link)}
    assert_sound(world)


def test_a_new_root_loses_a_reference_of_its_own_too() -> None:
    """The new root has no previous and no reference, wherever the reference led."""
    world = World(
        a_new_scene(0, [a_new_tile(), a_new_tile(NEIGHBOUR)]),
        a_new_scene(1, [a_new_tile(previous=ref(0), reference=ref(0, NEIGHBOUR))]),
    )

    fail(world, 0)

    assert world.tile(1).is_root
    assert world.tile(0, NEIGHBOUR).referenced_by == ()
    assert_sound(world)


def test_a_dependant_with_another_reference_keeps_it() -> None:
    """Only those whose reference was the failed root get the new one."""
    world = World(
        a_new_scene(0, [a_new_tile(), a_new_tile(NEIGHBOUR)]),
        a_new_scene(1, [a_new_tile(previous=ref(0), reference=ref(0))]),
        a_new_scene(2, [a_new_tile(previous=ref(0), reference=ref(0, NEIGHBOUR))]),
    )

    fail(world, 0)

    assert world.links() == {1: ROOT, 2: (None, 0)}
    assert world.tile(2).reference == world.tile(0, NEIGHBOUR).link
    assert_sound(world)


def test_dependants_by_reference_of_a_tile_that_is_no_root_get_its_reference() -> None:
    """And keep their previous."""
    world = World(
        a_new_scene(0, [a_new_tile(), a_new_tile(NEIGHBOUR)]),
        a_new_scene(1, [a_new_tile(previous=ref(0, NEIGHBOUR), reference=ref(0))]),
        a_new_scene(2, [a_new_tile(previous=ref(0, NEIGHBOUR), reference=ref(1))]),
    )

    fail(world, 1)

    assert world.tile(2).previous == world.tile(0, NEIGHBOUR).link
    assert world.tile(2).reference == world.tile(0).link
    assert_sound(world)


def test_dependants_by_reference_only_of_a_root_lose_it() -> None:
    """With no dependant by previous there is no new root to refer to."""
    world = World(
        a_new_scene(0, [a_new_tile(), a_new_tile(NEIGHBOUR)]),
        a_new_scene(1, [a_new_tile(previous=ref(0, NEIGHBOUR), reference=ref(0))]),
        a_new_scene(2, [a_new_tile(reference=ref(0))]),
    )

    fail(world, 0)

    assert world.tile(1).previous == world.tile(0, NEIGHBOUR).link
    assert world.tile(1).reference is None
    assert world.tile(2).is_root
    assert world.tile(0).heir is None
    assert_sound(world)


def test_a_tile_with_a_reference_but_no_previous_is_no_root() -> None:
    """Its dependant gets its links, and is not elected."""
    world = World(
        a_new_scene(0, [a_new_tile()]),
        a_new_scene(1, [a_new_tile(reference=ref(0))]),
        a_new_scene(2, [a_new_tile(previous=ref(1), reference=ref(1))]),
    )

    fail(world, 1)

    assert world.links() == {0: ROOT, 2: (None, 0)}
    assert_sound(world)


def test_a_root_without_dependants_just_fails() -> None:
    """There is nobody to relink."""
    world = World(a_new_scene(0, [a_new_tile()]))

    fail(world, 0)

    assert world.links() == {}
    assert world.tile(0).cut


def test_a_failed_tile_keeps_the_links_it_had_marked_as_cut() -> None:
    """So that it can be put back; nothing that lives names it."""
    world = a_finished_world()
    before = world.tile(1)

    fail(world, 1)

    after = world.tile(1)
    assert after.cut
    assert (after.previous, after.reference) == (before.previous, before.reference)
    assert after.id not in world.tile(0).next
    assert after.id not in world.tile(0).referenced_by


def test_a_failed_root_names_its_heir() -> None:
    """The one that took its place."""
    world = a_finished_world()

    fail(world, 0)

    assert world.tile(0).heir == world.tile(1).link


def test_an_heir_that_fails_too_has_an_heir() -> None:
    """Whoever referred to the first root refers to the last."""
    world = a_finished_world(5)

    fail(world, 0, 1, 2)

    assert world.links() == {3: ROOT, 4: (3, 3)}
    assert_sound(world)


def test_of_several_dependants_the_heir_fails_and_its_own_dependant_inherits() -> None:
    """What referred to the heir refers to the one that follows it."""
    world = World(
        *a_chain(3),
        a_new_scene(3, [a_new_tile(previous=ref(0), reference=ref(0))]),
    )

    fail(world, 0, 1)

    assert world.links() == {2: ROOT, 3: (None, 2)}
    assert_sound(world)


@pytest.mark.parametrize("order", list(permutations((1, 2))))
def test_two_failures_in_a_row_are_bridged_in_either_order(order: tuple[int, ...]) -> None:
    """The tile after both follows the one before both."""
    world = a_finished_world()

    fail(world, *order)

    assert world.links() == {0: ROOT, 3: (0, 0)}
    assert_sound(world)


@pytest.mark.parametrize("order", list(permutations((0, 1, 2, 3))))
def test_a_whole_chain_may_fail_in_any_order(order: tuple[int, ...]) -> None:
    """Nothing is left, and nothing was handed out on the way but new roots."""
    world = a_finished_world()

    fail(world, *order)

    assert world.links() == {}
    assert all(each.cut for each in world.store.tiles(AOI))
    assert_sound(world)


@pytest.mark.parametrize("failed", [(0, 1), (1, 2), (0, 2), (0, 1, 2), (1, 2, 3), (2, 3)])
def test_failures_may_all_be_there_before_any_is_relinked(failed: tuple[int, ...]) -> None:
    """Updates are propagated in any order, and lead to the same links."""
    left = [number for number in range(5) if number not in failed]
    root, *others = left
    expected: dict[int, tuple[int | None, int | None]] = {root: ROOT}
    expected |= {number: (before, root) for before, number in zip(left, others, strict=False)}

    for order in permutations(range(len(failed))):
        world = a_finished_world(5)
        fail(world, *failed, propagated=False)
        updates = world.updates
        for each in order:
            world.deliver(updates[each])

        assert world.links() == expected
        assert_sound(world)
        world.finish()
        assert [world.tile(each).status for each in left] == ["DONE"] * len(left)


def test_while_one_failure_is_relinked_another_may_be_known_and_not_relinked() -> None:
    """Links are followed over every FAILED tile, relinked or not."""
    world = a_finished_world()
    fail(world, 1, 2, propagated=False)
    _, second = world.updates

    world.deliver(second)

    assert world.links() == {0: ROOT, 3: (0, 0)}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_heir_that_never_referred_to_the_root_is_the_reference_of_those_that_did(
    order: tuple[int, int],
) -> None:
    """The root and the tile before the heir are FAILED before either is relinked."""
    world = World(
        a_new_scene(0, [a_new_tile(), a_new_tile(NEIGHBOUR)]),
        a_new_scene(1, [a_new_tile(previous=ref(0), reference=ref(0))]),
        a_new_scene(2, [a_new_tile(previous=ref(1), reference=ref(0, NEIGHBOUR))]),
        a_new_scene(3, [a_new_tile(previous=ref(2), reference=ref(0))]),
    )
    fail(world, 0, 1, propagated=False)
    updates = world.updates

    for each in order:
        world.deliver(updates[each])

    assert world.links() == {2: ROOT, 3: (2, 2)}
    assert_sound(world)


@pytest.mark.parametrize("late", [False, True])
def test_branches_are_relinked_each_by_itself(*, late: bool) -> None:
    """A tile of one branch fails: the other branch is as before."""
    world = World(
        *a_chain(3),
        a_new_scene(3, [a_new_tile(previous=ref(1), reference=ref(0))]),
        a_new_scene(4, [a_new_tile(previous=ref(3), reference=ref(0))]),
    )

    fail(world, 3, 1, propagated=not late)
    world.settle()

    assert world.links() == {0: ROOT, 2: (0, 0), 4: (0, 0)}
    assert_sound(world)


def test_a_failed_scene_takes_its_tiles_out_of_all_chains() -> None:
    """Each of them is relinked, each in its own chain."""
    world = World(*a_chain(3, [BURST, NEIGHBOUR]))

    world.answer(world.scene(1), "FAILED")
    world.settle()

    assert world.links(BURST) == {0: ROOT, 2: (0, 0)}
    assert world.links(NEIGHBOUR) == {0: ROOT, 2: (0, 0)}
    assert_sound(world)


@pytest.mark.parametrize("event", [Event.FORCE_FAIL, Event.FORCE_FAILED])
def test_a_scene_forced_to_fail_takes_tiles_that_have_run(event: Event) -> None:
    """DONE or handed out, they are FAILED and relinked."""
    world = a_finished_world(3)
    world.answer(world.tile(0))
    world.settle()

    world.operate(world.scene(0), event)
    world.settle()

    assert world.tile(0).status is Status.FAILED
    assert world.links() == {1: ROOT, 2: (1, 1)}
    assert_sound(world)


def test_links_between_tiles_of_one_scene_are_relinked_too() -> None:
    """A dependant need not be of another date."""
    inner = [
        a_new_tile("A44_IW1_1"),
        a_new_tile("A44_IW1_2", previous=ref(0, "A44_IW1_1"), reference=ref(0, "A44_IW1_1")),
        a_new_tile("A44_IW1_3", previous=ref(0, "A44_IW1_2"), reference=ref(0, "A44_IW1_1")),
    ]
    world = World(a_new_scene(0, inner))

    world.operate(world.tile(0, "A44_IW1_1"), Event.FORCE_FAIL)
    world.settle()

    assert world.tile(0, "A44_IW1_2").is_root
    third = world.tile(0, "A44_IW1_3")
    assert (third.previous, third.reference) == (world.tile(0, "A44_IW1_2").link,) * 2
    assert_sound(world)


@pytest.mark.parametrize("is_root", [True, False])
def test_more_dependants_than_one_piece_are_all_relinked(*, is_root: bool) -> None:
    """They agree on one new root, though no commit sees them all."""
    many = PIECE + 20
    bursts = [f"A44_IW1_{number:04}" for number in range(many)]
    links = {"previous": ref(1), "reference": ref(1)}
    first = a_new_tile(previous=None if is_root else ref(0))
    world = World(
        a_new_scene(0, [a_new_tile()]),
        a_new_scene(1, [first]),
        a_new_scene(2, [a_new_tile(each, **links) for each in bursts]),
    )
    world.finish_scenes()

    fail(world, 1)

    tiles = [world.tile(2, each) for each in bursts]
    lowest = min(tiles, key=lambda tile: tile.id)
    if is_root:
        assert lowest.is_root
        tiles.remove(lowest)
        assert {(each.previous, each.reference) for each in tiles} == {(None, lowest.link)}
    else:
        assert {(each.previous, each.reference) for each in tiles} == {(world.tile(0).link, None)}
    assert_sound(world)
    world.finish()
    assert all(each.status is Status.DONE for each in world.store.tiles(AOI) if not each.cut)


def test_a_tile_named_as_both_previous_and_reference_is_relinked_in_both() -> None:
    """The tile after the root names it twice."""
    world = World(*a_chain(2), a_new_scene(2, [a_new_tile(previous=ref(1), reference=ref(1))]))

    fail(world, 1)

    assert world.links() == {0: ROOT, 2: (0, 0)}
    assert_sound(world)


def test_a_tile_that_started_is_relinked_and_goes_on() -> None:
    """What its worker has in hand is not taken back."""
    world = a_finished_world(3)
    for number in (0, 1):
        world.answer(world.tile(number))
        world.settle()
    started = world.tile(2)

    fail(world, 1)

    assert world.links() == {0: ROOT, 2: (0, 0)}
    assert world.tile(2).status is Status.PENDING
    assert world.tile(2).attempt == started.attempt
    assert_sound(world)
