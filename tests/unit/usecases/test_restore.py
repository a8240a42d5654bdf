"""Restores: commits no larger than they may be, others at work, what a snapshot lacks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import (
    AOI,
    BURST,
    NEIGHBOUR,
    NOW,
    World,
    a_chain,
    a_new_scene,
    a_new_tile,
    product,
    ref,
)
from tests.property import invariants
from tests.snapshots import features_of, restored
from tests.unit.usecases.troubled import TroubledStore
from tileweave.domain.errors import Differs, Invalid, NotFound
from tileweave.domain.model import Json
from tileweave.domain.status import Event, Status
from tileweave.usecases import export, restore
from tileweave.usecases.add_scenes import LEAST_WEIGHT
from tileweave.usecases.janitor import visit
from tileweave.usecases.operate import delete_aoi, operate

LATER = NOW + timedelta(days=1)


def a_running_world() -> World:
    """Three dates of two bursts: the first tiles handed out, one of them DONE."""
    world = World(*a_chain(3, (BURST, NEIGHBOUR)))
    world.finish_scenes()
    world.answer(world.tile(0, NEIGHBOUR))
    world.settle()
    return world


def put_back(features: list[Json], **options: object) -> World:
    """Return a world with a snapshot, a day later."""
    world = World(**options)  # type: ignore[arg-type]
    world.now = LATER
    restored(world.services, features, AOI)
    return world


def test_a_snapshot_is_restored_with_few_calls() -> None:
    """A commit for some hundred tiles, and no read but of the scenes."""
    features = features_of(a_running_world().services)
    store = TroubledStore()
    world = World(store=store)
    store.commits = 0

    restored(world.services, features, AOI)

    assert store.commits == 1


def test_what_happened_while_it_was_restored_counts() -> None:
    """The tile whose previous became DONE between two commits is handed out."""
    features = features_of(a_running_world().services)
    world = put_back(features[:2])
    world.answer(world.tile(0))
    world.settle()
    world.answer(world.tile(1))
    world.settle()
    world.take_jobs()

    restored(world.services, features, AOI)

    assert world.tile(2).status is Status.PENDING
    assert [each.body["id"] for each in world.take_jobs()] == [world.tile(2).id]


@pytest.mark.parametrize("events", [False, True])
def test_a_scene_larger_than_a_commit_is_seen_with_the_last(
    monkeypatch: pytest.MonkeyPatch, *, events: bool
) -> None:
    """Its tiles are handed out by its update."""
    monkeypatch.setattr(restore, "MOST_BYTES_A_COMMIT", 2 * LEAST_WEIGHT)
    tiles = [a_new_tile(f"A44_IW1_{number:04}") for number in range(7)]
    source = World(a_new_scene(0, tiles))
    source.finish_scenes()
    features = features_of(source.services)
    world = put_back(features, events=events)

    assert {each.status for each in world.store.tiles(AOI)} == {Status.NEW}
    world.settle()
    assert {(each.status, each.attempt) for each in world.store.tiles(AOI)} == {(Status.PENDING, 2)}
    assert invariants.wrong_totals(world.store) == []


def test_only_what_happened_here_is_told_as_an_event() -> None:
    """Not what happened before the snapshot."""
    source = a_running_world()
    features = features_of(source.services)
    world = put_back(features, events=True)

    told = world.take_events()

    assert len(told) == len(world.documents()) + 2
    assert {each.body["actor"] for each in told} == {"ingestion", "propagation"}
    assert {each.body["when"][:10] for each in told} == {f"{LATER:%Y-%m-%d}"}


def test_a_tile_that_a_person_made_new_waits_for_one() -> None:
    """Also in the AOI that it is restored to, whatever the janitor looks for."""
    source = a_running_world()
    source.operate(source.tile(0), Event.FORCE_NEW)
    world = put_back(features_of(source.services))

    assert world.tile(0).status is Status.NEW
    world.now += timedelta(minutes=1)
    assert visit(world.services, audit=True).findings == []
    assert world.tile(0).status is Status.NEW


def test_a_tile_that_waits_for_what_is_not_done_is_not_handed_out() -> None:
    """Though it was, by force or because its scene was read before it was DONE."""
    source = a_running_world()
    features = features_of(source.services)
    source.operate(source.scene(0), Event.FORCE_PENDING)
    world = put_back([features_of(source.services)[0], *features[1:]])

    assert world.tile(0).status is Status.NEW
    world.answer(world.scene(0))
    world.settle()
    assert world.tile(0).status is Status.PENDING


def test_links_to_what_failed_meanwhile_are_mended() -> None:
    """The tile that was read before is linked to what comes before the FAILED one."""
    source = a_running_world()
    before = features_of(source.services)
    source.operate(source.tile(1), Event.FORCE_FAIL)
    source.settle()
    after = features_of(source.services)

    world = put_back([after[0], after[1], before[2]])
    world.settle()

    assert world.links() == {0: (None, None), 2: (0, 0)}
    assert invariants.links_to_failed(world.store) == []
    assert invariants.ends_that_disagree(world.store) == []


def test_a_scene_that_came_while_it_was_read_is_part_of_a_snapshot() -> None:
    """If another names it: it comes last."""
    world = World(*a_chain(2))
    found = []
    for held in export.whole(world.services, AOI, 1):
        found.append(held.scene.source_id)
        if len(found) == 1:
            operate(world.services, world.tile(1).key, Event.FORCE_NEW)
            early = replace(a_new_scene(-1, [a_new_tile("X")]))
            world.add(early, a_new_scene(5, [a_new_tile("X", previous=ref(-1, "X"))]))
    assert found == [product(0), product(1), product(5), product(-1)]


def test_a_deleted_aoi_is_not_there() -> None:
    """Neither to be read nor to be restored to."""
    world = a_running_world()
    features = features_of(world.services)
    part = export.page(world.services, AOI, None, 10)
    delete_aoi(world.services, AOI)
    world.settle()
    assert list(part.scenes) == []
    with pytest.raises(NotFound):
        features_of(world.services)
    with pytest.raises(NotFound):
        list(export.some(world.services, AOI, ["a"]))
    with pytest.raises(NotFound):
        restore.restore(world.services, AOI, [])
    assert features


def test_another_snapshot_of_the_same_scenes_is_not_restored_over_them() -> None:
    """Unless they are just as it says."""
    source = a_running_world()
    features = features_of(source.services)
    world = put_back(features)
    again = restored(world.services, features_of(world.services), AOI, taken_at=LATER)
    assert (again.scenes, again.known) == (0, 3)
    source.operate(source.tile(2), Event.FORCE_DONE)
    with pytest.raises(Differs, match=product(2)):
        restored(world.services, features_of(source.services), AOI, taken_at=LATER)


def test_tiles_that_wait_for_each_other_do_so_no_more() -> None:
    """The earlier of both is a root: nothing waits for ever."""
    source = World(a_new_scene(0, [a_new_tile()]), a_new_scene(1, [a_new_tile(previous=ref(0))]))
    one, other = features_of(source.services)
    back = {"Date": "2022-01-23T17:01:24Z", "SceneID": product(1), "SourceID": BURST}
    one["properties"]["Tiles"][0] |= {"Previous": back, "Reference": back}

    world = put_back([one, other])

    assert world.links() == {0: (None, None), 1: (0, None)}
    assert invariants.ends_that_disagree(world.store) == []


def test_a_link_to_nowhere_is_refused() -> None:
    """By the name of the scene, and nothing is restored."""
    source = World(a_new_scene(0, [a_new_tile()]), a_new_scene(1, [a_new_tile(previous=ref(0))]))
    world = World()
    with pytest.raises(Invalid, match=rf"{product(1)}.*there is no tile {BURST}"):
        restored(world.services, features_of(source.services)[1:], AOI)
    assert world.documents() == []
