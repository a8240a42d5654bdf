"""Lists and parts of graphs: what they read, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from tests.builders import AOI, BURST, NEIGHBOUR, World, a_chain, date_of
from tileweave.domain.errors import NotFound
from tileweave.domain.model import Scene
from tileweave.domain.status import Status
from tileweave.usecases import browse
from tileweave.usecases.browse import Part
from tileweave.usecases.ports import ALL, Services, Which, Window, place_of
from tileweave.usecases.watch import create_aoi


@pytest.fixture
def world() -> World:
    """Five dates of two bursts."""
    return World(*a_chain(5, (BURST, NEIGHBOUR)))


def test_scenes_and_tiles_are_windows_of_their_lists(world: World) -> None:
    """After a place, so many."""
    services = world.services
    window = Window(place_of(world.scene(1)), 0, 2)
    assert list(browse.scenes(services, AOI, (), window)) == [world.scene(2), world.scene(3)]
    every = list(browse.tiles(services, AOI, (Status.NEW,), ALL))
    assert every == list(world.store.tiles(AOI))
    assert list(browse.tiles(services, AOI, (), Window(place_of(every[3]), 1, 2))) == every[5:7]


@pytest.mark.parametrize(
    "read",
    [
        lambda services: browse.scenes(services, "Nowhere", (), ALL),
        lambda services: browse.tiles(services, "Nowhere", (), ALL),
        lambda services: browse.ends(services, "Nowhere", Which.ROOTS),
        lambda services: browse.graph(services, "Nowhere"),
    ],
)
def test_an_aoi_that_is_not_there_is_told_at_once(
    world: World, read: Callable[[Services], Iterator[object]]
) -> None:
    """Before anything is read of it."""
    with pytest.raises(NotFound, match="Nowhere"):
        read(world.services)


@pytest.mark.parametrize("at_once", [1, 3, 500])
def test_ends_come_with_their_scenes(
    world: World, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """However many are read at once."""
    monkeypatch.setattr(browse, "READ_AT_ONCE", at_once)
    for which, number in ((Which.ROOTS, 0), (Which.LEAVES, 4)):
        found = list(browse.ends(world.services, AOI, which))
        assert {tile.source_id for tile, _ in found} == {BURST, NEIGHBOUR}
        assert all(scene == world.scene(number) for _, scene in found)


def test_a_tile_whose_scene_is_gone_is_left_out(world: World) -> None:
    """Its AOI is being deleted."""
    found = browse.with_scenes(world.services, world.store.tiles(AOI))
    world.store.bury_aoi(AOI)
    gone = world.scene(0).key
    world.store.delete_some(AOI, 0, 3)
    assert world.find(gone) is None
    assert len(list(found)) == 8


def test_the_scene_of_a_tile_comes_before_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, in every part of a graph."""
    monkeypatch.setattr(browse, "READ_AT_ONCE", 3)
    parts = [browse.WHOLE, Part(tiles=frozenset({BURST})), Part(statuses=frozenset({Status.NEW}))]
    for part in parts:
        seen: list[int] = []
        for each in browse.graph(world.services, AOI, part):
            assert isinstance(each, Scene) or each.scene_id in seen
            seen.append(each.id)
        assert len(seen) == len(set(seen)) == 5 + (5 if part.tiles else 10)


def test_a_part_by_date_reads_nothing_before_it() -> None:
    """It begins right before its first moment, and ends at its last."""
    first = date_of(2)
    place = Part(first=first).window.after
    assert place is not None
    assert place.date < first
    assert (first - place.date).microseconds == 1
    assert Part(first=datetime.min.replace(tzinfo=UTC)).window == browse.WHOLE.window == ALL


def test_aois_are_asked_for_by_the_beginning_of_their_names(world: World) -> None:
    """A beginning that no name can have asks for none."""
    create_aoi(world.services, "Denmark")
    create_aoi(world.services, "Sweden")
    found = [
        [each.aoi.name for each in browse.aois(world.services, pattern)]
        for pattern in (
            "*",
            "D*",
            "Den*k",
            "?weden",
            "København*",
            "[DS]*",
        )
    ]
    assert found == [["Denmark", AOI, "Sweden"], ["Denmark", AOI], ["Denmark"], ["Sweden"], [], []]
