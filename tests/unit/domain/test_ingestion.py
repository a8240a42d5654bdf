from __future__ import annotations

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
    product,
    ref,
)
from tileweave.domain import ingestion
from tileweave.domain.errors import IdCollision, Invalid, Problem
from tileweave.domain.identity import scene_id, tile_id
from tileweave.domain.ingestion import Names, NewScene, NewTile, TileRef
from tileweave.domain.model import Scene, Tile
from tileweave.domain.status import Event, Status

FIRST, SECOND, THIRD = "A44_IW1_8951", "A44_IW1_8979", "A44_IW1_9007"


def linked(tile: NewTile, field: str, to: TileRef) -> NewTile:
    """Return the tile with this previous or reference."""
    return replace(tile, previous=to) if field == "previous" else replace(tile, reference=to)


def refused(world: World, new: NewScene) -> list[Problem]:
    """Return why a scene is refused; nothing of it is there, and nothing else changed."""
    before = world.documents()
    with pytest.raises(Invalid) as error:
        world.add(new)
    assert world.documents() == before
    return list(error.value.problems)


@pytest.mark.parametrize("field", ["previous", "reference"])
@pytest.mark.parametrize("unknown", [ref(0, NEIGHBOUR), ref(7), TileRef(BURST, "")])
def test_a_link_to_an_unknown_tile_is_refused(field: str, unknown: TileRef) -> None:
    """The error names the link, the tile and its scene."""
    world = World(*a_chain(1))
    tile = linked(a_new_tile(), field, unknown)

    [problem] = refused(world, a_new_scene(1, [tile]))

    assert problem.path == f"tiles.{BURST}.{field}"
    assert f"no tile {unknown.source_id} of scene {unknown.scene_source_id}" in problem.message


@pytest.mark.parametrize("field", ["previous", "reference"])
def test_a_link_to_a_failed_tile_is_refused(field: str) -> None:
    """Relinked or not: a FAILED tile is never linked to."""
    world = World(*a_chain(1))
    world.operate(world.tile(0), Event.FORCE_FAIL)

    [problem] = refused(world, a_new_scene(1, [linked(a_new_tile(), field, ref(0))]))

    assert problem.path == f"tiles.{BURST}.{field}"
    assert f"tile {BURST} of scene {product(0)} is FAILED" in problem.message


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.FAILED])
def test_a_link_to_a_tile_of_any_other_status_is_taken(status: Status) -> None:
    """Scenes are added to an AOI that is running, or finished."""
    forced = {
        Status.NEW: Event.FORCE_NEW,
        Status.PENDING: Event.FORCE_PENDING,
        Status.DONE: Event.FORCE_DONE,
        Status.RETRY: Event.FORCE_STATUS_RETRY,
    }
    world = World(*a_chain(1))
    world.operate(world.tile(0), forced[status])

    world.add(a_chain(2)[1])

    assert world.links() == {0: (None, None), 1: (0, 0)}
    assert world.tile(0).next == world.tile(0).referenced_by == (world.tile(1).id,)


def test_every_wrong_link_is_named_at_once() -> None:
    """So that one look at the answer is enough to mend them all."""
    world = World(*a_chain(1))
    tiles = [
        a_new_tile(FIRST, previous=ref(5), reference=ref(6)),
        a_new_tile(SECOND, previous=ref(0)),
        a_new_tile(THIRD, reference=ref(7)),
    ]

    problems = refused(world, a_new_scene(1, tiles))

    assert [each.path for each in problems] == [
        f"tiles.{FIRST}.previous",
        f"tiles.{FIRST}.reference",
        f"tiles.{THIRD}.reference",
    ]


@pytest.mark.parametrize("field", ["previous", "reference"])
def test_a_tile_that_names_itself_is_refused(field: str) -> None:
    """That is the shortest cycle."""
    [problem] = refused(World(), a_new_scene(0, [linked(a_new_tile(), field, ref(0))]))

    assert problem.message == f"the links make a cycle: {BURST} -> {BURST}"


@pytest.mark.parametrize("over_references", [False, True])
def test_a_cycle_of_links_within_a_scene_is_refused(*, over_references: bool) -> None:
    """Over previous and reference links alike."""
    field = "reference" if over_references else "previous"
    tiles = [
        linked(a_new_tile(FIRST), field, ref(0, THIRD)),
        a_new_tile(SECOND, previous=ref(0, FIRST)),
        a_new_tile(THIRD, previous=ref(0, SECOND)),
    ]

    [problem] = refused(World(), a_new_scene(0, tiles))

    assert problem.path == "tiles"
    assert all(each in problem.message for each in (FIRST, SECOND, THIRD))


def test_a_tile_that_is_there_twice_is_refused() -> None:
    """A source id is unique within its scene."""
    [problem] = refused(World(), a_new_scene(0, [a_new_tile(), a_new_tile()]))

    assert (problem.path, problem.message) == (
        f"tiles.{BURST}",
        f"the scene has a tile {BURST} already",
    )


def test_tiles_of_one_scene_may_name_each_other_in_any_order() -> None:
    """The one that is named may come after the one that names it."""
    tiles = [
        a_new_tile(THIRD, previous=ref(0, SECOND), reference=ref(0, FIRST)),
        a_new_tile(SECOND, previous=ref(0, FIRST), reference=ref(0, FIRST)),
        a_new_tile(FIRST),
    ]

    world = World(a_new_scene(0, tiles))

    first, second = world.tile(0, FIRST), world.tile(0, SECOND)
    third = world.tile(0, THIRD)
    assert (third.previous, third.reference) == (second.link, first.link)
    assert first.next == (second.id,)
    assert set(first.referenced_by) == {second.id, third.id}


def test_an_added_scene_is_handed_out_at_once_and_its_tiles_wait() -> None:
    """The scene at attempt 1, its tiles at 0; each history begins with it."""
    world = World(replace(a_chain(1)[0], retry_count=2))

    scene, tile = world.scene(0), world.tile(0)
    assert (scene.status, scene.attempt, scene.retry_countdown) == (Status.PENDING, 1, 2)
    assert (tile.status, tile.attempt, tile.retry_countdown) == (Status.NEW, 0, 2)
    for each in (scene, tile):
        [change] = each.history
        assert (change.before, change.after, change.attempt) == (None, each.status, each.attempt)
        assert change.cause.actor == "ingestion"
        assert (change.at, each.updated_at) == (world.now, world.now)


def test_an_added_scene_holds_all_that_it_came_with() -> None:
    """Names, data, tags and geometries as they were given."""
    tile = replace(
        a_new_tile(), data={"any": [1, [2]]}, geometry="{}", wkt="POLYGON EMPTY", anx_time=8951
    )
    new = NewScene(
        source_id=product(0),
        date=a_new_scene(0).date,
        data={"uuid": "05a3b01d", "nested": {"deep": [[1]]}},
        tags={"area": "Denmark"},
        tiles=(tile,),
        product_name="S1A_IW_SLC__1SDV_20220111T170124",
        own_record=True,
        geometry='{"type": "MultiPolygon"}',
        wkt="MULTIPOLYGON EMPTY",
    )

    world = World(new)

    scene, stored = world.scene(0), world.tile(0)
    fields = ("source_id", "date", "data", "tags", "product_name", "own_record", "geometry", "wkt")
    assert [getattr(scene, each) for each in fields] == [getattr(new, each) for each in fields]
    assert (scene.aoi, scene.tile_ids) == (AOI, (stored.id,))
    of_tile = ("source_id", "data", "geometry", "wkt", "anx_time")
    assert [getattr(stored, each) for each in of_tile] == [getattr(tile, each) for each in of_tile]
    assert (stored.aoi, stored.date, stored.scene_id) == (AOI, new.date, scene.id)
    assert stored.scene_source_id == scene.source_id


@pytest.mark.parametrize("of_generation", [0, 3])
def test_ids_are_derived_from_names_and_the_aoi_s_generation(of_generation: int) -> None:
    names = Names(AOI, of_generation)

    assert names.scene(product(0)) == scene_id(AOI, product(0), of_generation)
    assert names.tile(ref(0)) == tile_id(AOI, product(0), BURST, of_generation)


def test_a_scene_with_the_id_of_another_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that was there first stays."""
    monkeypatch.setattr(ingestion, "scene_id", lambda *names: 42)
    world = World(a_new_scene(0))

    with pytest.raises(IdCollision, match=product(1)):
        world.add(a_new_scene(1))

    [scene] = world.store.scenes(AOI)
    assert isinstance(scene, Scene)
    assert (scene.id, scene.source_id) == (42, product(0))


def test_a_tile_with_the_id_of_another_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of its scene is added."""
    monkeypatch.setattr(ingestion, "tile_id", lambda *names: 42)
    world = World(a_new_scene(0, [a_new_tile()]))

    with pytest.raises(IdCollision, match=NEIGHBOUR):
        world.add(a_new_scene(1, [a_new_tile(NEIGHBOUR)]))

    [scene] = world.store.scenes(AOI)
    [tile] = world.store.tiles(AOI)
    assert isinstance(tile, Tile)
    assert (scene.source_id, tile.source_id, tile.scene_source_id) == (
        product(0),
        BURST,
        product(0),
    )


def test_two_tiles_of_a_new_scene_with_the_same_id_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither of them is there yet, and still they are different."""
    monkeypatch.setattr(ingestion, "tile_id", lambda *names: 42)
    world = World()

    with pytest.raises(IdCollision, match=NEIGHBOUR):
        world.add(a_new_scene(0, [a_new_tile(), a_new_tile(NEIGHBOUR)]))

    assert world.documents() == []


def test_the_order_of_tiles_that_name_each_other_in_a_circle_is_the_given_one() -> None:
    """There is no better one: they are refused later."""
    tiles: list[NewTile] = [
        a_new_tile(FIRST, previous=ref(0, SECOND)),
        a_new_tile(SECOND, previous=ref(0, FIRST)),
    ]

    assert [tile for _, tile in ingestion.in_order(a_new_scene(0, tiles))] == tiles


def test_tiles_of_scenes_that_name_each_other_have_an_order() -> None:
    """Each comes after those that it names, of whichever scene."""
    scenes = [
        a_new_scene(0, [a_new_tile(FIRST), a_new_tile(SECOND, reference=ref(1, SECOND))]),
        a_new_scene(1, [a_new_tile(THIRD, previous=ref(0, SECOND)), a_new_tile(SECOND)]),
    ]

    ordered = [(new.source_id, tile.source_id) for new, tile in ingestion.in_order(*scenes)]

    assert sorted(ordered) == sorted(
        (new.source_id, tile.source_id) for new in scenes for tile in new.tiles
    )
    chain = [(product(1), SECOND), (product(0), SECOND), (product(1), THIRD)]
    assert [each for each in ordered if each in chain] == chain
    assert ingestion.circle_of(scenes) == []


def test_a_circle_over_scenes_is_found() -> None:
    """Each tile names the next one, and the last the first."""
    scenes = [
        a_new_scene(0, [a_new_tile(FIRST, reference=ref(2)), a_new_tile(SECOND)]),
        a_new_scene(1, [a_new_tile(previous=ref(0))]),
        a_new_scene(2, [a_new_tile(previous=ref(1), reference=ref(0, SECOND))]),
    ]

    circle = ingestion.circle_of(scenes)

    start = circle.index(ref(0, FIRST))
    assert circle[start:] + circle[:start] == [ref(0, FIRST), ref(2), ref(1)]
