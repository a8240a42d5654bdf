from __future__ import annotations

import pytest

from tests.builders import AOI, World, a_chain, date_of
from tileweave.domain.errors import AlreadyExists, Invalid, NotFound
from tileweave.domain.status import Status
from tileweave.usecases.watch import (
    create_aoi,
    get_scene,
    get_scene_with_tiles,
    get_tile,
    overview,
)


def test_a_created_aoi_is_empty_and_new() -> None:
    world = World()

    found = overview(world.services, AOI)

    assert (found.aoi.name, found.aoi.created_at) == (AOI, world.now)
    assert (found.totals.status, found.totals.progress) == (Status.NEW, 0.0)


def test_an_aoi_is_created_once() -> None:
    world = World(*a_chain(1))

    with pytest.raises(AlreadyExists, match=AOI):
        create_aoi(world.services, AOI)

    assert overview(world.services, AOI).totals.of("scenes", Status.PENDING) == 1


def test_an_aoi_needs_a_legal_name() -> None:
    with pytest.raises(Invalid, match="Denmark Demo"):
        create_aoi(World().services, "Denmark Demo")


def test_an_overview_counts_scenes_tiles_and_roots() -> None:
    """And spans the dates of the scenes."""
    world = World(*a_chain(3))
    world.finish_scenes()

    totals = overview(world.services, AOI).totals

    assert totals.of("scenes", Status.DONE) == 3
    assert [totals.of("tiles", each) for each in (Status.NEW, Status.PENDING)] == [2, 1]
    assert (totals.roots, totals.status) == (1, Status.PENDING)
    assert (totals.first, totals.last) == (date_of(0), date_of(2))
    assert totals.progress == 0.5


def test_a_scene_is_found_with_its_tiles() -> None:
    world = World(*a_chain(2))
    scene, tile = world.scene(1), world.tile(1)

    assert get_scene_with_tiles(world.services, scene.id) == (scene, [tile])


def test_what_does_not_exist_is_not_found() -> None:
    """A scene's id is no tile's, and the other way round."""
    world = World(*a_chain(1))

    with pytest.raises(NotFound):
        get_scene(world.services, world.tile(0).id)
    with pytest.raises(NotFound):
        get_tile(world.services, world.scene(0).id)
    with pytest.raises(NotFound):
        overview(world.services, "Elsewhere")
