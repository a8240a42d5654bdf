from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import (
    AOI,
    NEIGHBOUR,
    World,
    a_chain,
    a_new_scene,
    a_new_tile,
    product,
    ref,
    sent_to,
)
from tests.property import invariants
from tests.unit.usecases.troubled import (
    TroubledPublisher,
    TroubledStore,
    nobody_answers,
    somebody_was_quicker,
)
from tileweave.domain.errors import AlreadyExists, Invalid, NotFound, Unavailable
from tileweave.domain.identity import scene_id
from tileweave.domain.ingestion import NewScene
from tileweave.domain.model import Key
from tileweave.domain.status import Event, Status
from tileweave.usecases.add_scene import MOST_BYTES_A_COMMIT, MOST_TILES_A_COMMIT, add_scene
from tileweave.usecases.watch import get_scene_with_tiles, overview

MANY = 2 * MOST_TILES_A_COMMIT + 100
BURSTS = [f"A44_IW1_{number:04}" for number in range(MANY)]


def a_large_scene(number: int = 1) -> NewScene:
    """Return a scene of three commits, each of whose tiles has the root as previous."""
    return a_new_scene(number, [a_new_tile(each, previous=ref(0)) for each in BURSTS])


def nothing_of_it_is_visible(world: World) -> bool:
    """Whether the AOI looks as if there were its first scene and tile only."""
    totals = overview(world.services, AOI).totals
    of_totals = [totals.of(what, each) for what in ("scenes", "tiles") for each in Status]
    return sum(of_totals) == len(world.documents()) == 2


def test_a_scene_is_added_and_its_job_published() -> None:
    """With the id that its name gives."""
    world = World()

    id_ = add_scene(world.services, AOI, a_chain(1)[0])

    assert id_ == scene_id(AOI, product(0)) == world.scene(0).id
    [job] = world.take_jobs()
    assert (job.body["id"], job.body["attempt"]) == (id_, 1)
    assert list(world.store.unpublished()) == []


def test_a_scene_that_is_there_already_is_named() -> None:
    """By its id; nothing is changed or published."""
    world = World(*a_chain(1))
    world.finish_scenes()
    world.take_jobs()
    before = world.documents()

    with pytest.raises(AlreadyExists, match=product(0)) as known:
        world.add(a_chain(1)[0])

    assert known.value.id == world.scene(0).id
    assert world.documents() == before
    assert world.take_jobs() == []


def test_a_scene_whose_job_was_not_published_is_when_it_is_added_again() -> None:
    """The caller repeats what failed, and is told that it is there."""
    publisher = TroubledPublisher()
    world = World(publisher=publisher)
    publisher.troubles = [nobody_answers()]
    with pytest.raises(Unavailable):
        world.add(a_new_scene(0))

    with pytest.raises(AlreadyExists):
        world.add(a_new_scene(0))

    assert sent_to(world.take_jobs()) == [("scene", world.scene(0).id)]
    assert world.scene(0).attempt == 1


def test_a_scene_is_not_added_to_an_aoi_that_does_not_exist() -> None:
    with pytest.raises(NotFound, match="There is no AOI Elsewhere"):
        add_scene(World().services, "Elsewhere", a_new_scene(0))


def test_a_scene_may_be_added_to_an_aoi_that_is_finished() -> None:
    """It runs as the others did."""
    world = World(*a_chain(2))
    world.finish()

    world.add(a_chain(3)[2])
    world.finish()

    assert (world.tile(2).status, world.tile(2).attempt) == (Status.DONE, 1)


def test_a_scene_added_while_somebody_was_quicker_is_added_all_the_same() -> None:
    """It is checked and linked again, with what is there now."""
    store = TroubledStore()
    world = World(a_chain(1)[0], store=store)
    store.commit_troubles = [somebody_was_quicker(), somebody_was_quicker()]

    world.add(a_chain(2)[1])

    assert world.links() == {0: (None, None), 1: (0, 0)}
    assert invariants.wrong_totals(store) == []


def test_a_scene_of_several_commits_is_whole() -> None:
    """Every tile is there, linked at both ends, counted, and released with its scene."""
    store = TroubledStore()
    world = World(a_chain(1)[0], store=store)
    before = store.commits

    world.add(a_large_scene())

    assert store.commits - before == 3
    scene, tiles = get_scene_with_tiles(world.services, world.scene(1).id)
    assert len(tiles) == len(scene.tile_ids) == MANY
    assert invariants.ends_that_disagree(store) == []
    assert invariants.wrong_totals(store) == []
    world.finish()
    assert {each.status for each in store.tiles(AOI)} == {Status.DONE}


def test_a_scene_with_much_data_takes_several_commits() -> None:
    """A commit holds so many bytes, not only so many tiles."""
    store = TroubledStore()
    world = World(store=store)
    tiles = [replace(a_new_tile(each), wkt="x" * (MOST_BYTES_A_COMMIT // 3)) for each in BURSTS[:5]]

    world.add(a_new_scene(0, tiles))

    assert store.commits == 3
    assert len(world.scene(0).tile_ids) == 5


def test_geometry_and_data_count_as_bytes_too() -> None:
    """Whatever is large in a tile."""
    large = "x" * (MOST_BYTES_A_COMMIT // 2)
    store = TroubledStore()
    tiles = [
        replace(a_new_tile(BURSTS[0]), geometry=json.dumps(large)),
        replace(a_new_tile(BURSTS[1]), data={"large": large}),
    ]

    World(a_new_scene(0, tiles), store=store)

    assert store.commits == 2


@pytest.mark.parametrize("commit", [1, 2, 3])
def test_a_scene_of_several_commits_that_breaks_off_is_not_there(commit: int) -> None:
    """Nobody sees a part of it, nothing of it is handed out."""
    store = TroubledStore()
    world = World(a_chain(1)[0], store=store)
    world.take_jobs()
    store.commit_troubles = [*[None] * (commit - 1), nobody_answers()]

    with pytest.raises(Unavailable):
        world.add(a_large_scene())

    assert world.find(Key("scene", scene_id(AOI, product(1)))) is None
    world.finish()
    assert sent_to(world.take_jobs()) == [("tile", world.tile(0).id)]
    assert nothing_of_it_is_visible(world)


@pytest.mark.parametrize("commit", [1, 2, 3])
def test_a_scene_of_several_commits_that_broke_off_is_completed_by_the_next_call(
    commit: int,
) -> None:
    """It goes on where the first one stopped."""
    store = TroubledStore()
    world = World(a_chain(1)[0], store=store)
    store.commit_troubles = [*[None] * (commit - 1), nobody_answers()]
    with pytest.raises(Unavailable):
        world.add(a_large_scene())
    began = world.now
    world.now += timedelta(minutes=1)

    world.add(a_large_scene())

    assert len(world.scene(1).tile_ids) == MANY
    kept = [each for each in store.tiles(AOI) if each.history[0].at == began]
    assert len(kept) == 1 + (commit - 1) * MOST_TILES_A_COMMIT
    assert invariants.ends_that_disagree(store) == []
    assert invariants.wrong_totals(store) == []
    world.finish()
    assert {each.status for each in store.tiles(AOI)} == {Status.DONE}


def test_a_scene_that_becomes_wrong_between_its_commits_leaves_nothing_behind() -> None:
    """What it links to FAILED after its first commit: it is refused, all of it."""
    store = TroubledStore()
    world = World(a_chain(1)[0], store=store)
    store.commit_troubles = [None, nobody_answers()]
    with pytest.raises(Unavailable):
        world.add(a_large_scene())
    world.operate(world.tile(0), Event.FORCE_FAIL)
    world.settle()

    with pytest.raises(Invalid):
        world.add(a_large_scene())

    assert nothing_of_it_is_visible(world)


def test_an_invalid_scene_of_several_commits_leaves_nothing_behind() -> None:
    """It is checked as a whole before its first commit."""
    store = TroubledStore()
    world = World(a_chain(1)[0], store=store)
    before = store.commits
    tiles = a_large_scene().tiles
    wrong = replace(tiles[-1], previous=ref(7))

    with pytest.raises(Invalid):
        world.add(replace(a_large_scene(), tiles=(*tiles[:-1], wrong)))

    assert store.commits == before
    assert nothing_of_it_is_visible(world)


def test_a_tile_of_a_scene_that_broke_off_is_not_linked_to() -> None:
    """It is not there for anyone, until its scene is."""
    store = TroubledStore()
    world = World(a_chain(1)[0], store=store)
    store.commit_troubles = [None, nobody_answers()]
    with pytest.raises(Unavailable):
        world.add(a_large_scene())
    new = a_new_scene(2, [a_new_tile(previous=ref(1, BURSTS[0]))])

    with pytest.raises(Invalid, match=f"no tile {BURSTS[0]}"):
        world.add(new)

    world.add(a_large_scene())
    world.add(new)
    assert world.tile(2).previous == world.tile(1, BURSTS[0]).link


def test_a_scene_that_broke_off_may_be_sent_again_otherwise() -> None:
    """What the first request left becomes what the second one says: date, data and links."""
    store = TroubledStore()
    world = World(a_new_scene(0, [a_new_tile(), a_new_tile(NEIGHBOUR)]), store=store)
    first = a_large_scene()
    store.commit_troubles = [None, nobody_answers()]
    with pytest.raises(Unavailable):
        world.add(first)
    tiles = [replace(each, data={"v": 2}, previous=ref(0, NEIGHBOUR)) for each in first.tiles]
    later = first.date + timedelta(days=1)

    world.add(replace(first, date=later, tiles=tuple(tiles)))

    found = [each for each in store.tiles(AOI) if each.scene_source_id == first.source_id]
    assert {each.date for each in found} == {later}
    assert [each.data for each in found] == [{"v": 2}] * MANY
    assert {each.previous and each.previous.source_id for each in found} == {NEIGHBOUR}
    assert invariants.ends_that_disagree(store) == []
    assert invariants.wrong_totals(store) == []
