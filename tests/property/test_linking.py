"""Automatic links at random: any dates, in any requests, in any order; whatever has happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tests.builders import AOI, World, a_new_scene, a_new_tile
from tests.property import invariants
from tileweave.domain.errors import NotAllowed
from tileweave.domain.footprints import NEAR, ORBIT
from tileweave.domain.ingestion import NewScene, TileRef
from tileweave.domain.model import Tile
from tileweave.domain.status import Event, Status
from tileweave.usecases import add_scene as single
from tileweave.usecases import add_scenes as bulk
from tileweave.usecases.add_scenes import Fate, add_scenes
from tileweave.usecases.link_scenes import link_scenes

FORCED = st.sampled_from([each for each in Event if each.name.startswith("FORCE")])
TIMES = st.sampled_from([0, 3, 6, 9, 14, 20, ORBIT - 1, ORBIT - 4])
"""ANX times of one footprint, of several, and of some that others join; around a new orbit too."""

TRACKS = st.sampled_from(["A44_IW1", "A44_IW2", "D37_IW1"])


@pytest.fixture(scope="module", autouse=True)
def small_commits() -> Iterator[None]:
    """Let a commit hold a scene of a tile or two, or two tiles of a larger one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "MOST_BYTES_A_COMMIT", 2 * bulk.LEAST_WEIGHT + 2_500)
        patch.setattr(single, "MOST_TILES_A_COMMIT", 2)
        yield


@st.composite
def scenes(draw: st.DrawFn, most: int = 6) -> list[NewScene]:
    """Return scenes of different names, some of one date, each with a few bursts."""
    days = draw(st.lists(st.integers(0, 8), min_size=1, max_size=most))
    found = []
    for number, day in enumerate(days):
        ids = draw(st.sets(st.tuples(TRACKS, TIMES), max_size=3))
        tiles = [a_new_tile(f"{track}_{time}") for track, time in sorted(ids)]
        found.append(replace(a_new_scene(day, tiles), source_id=f"S1A_{number:02}"))
    return found


@st.composite
def requests(draw: st.DrawFn) -> tuple[list[NewScene], list[list[NewScene]]]:
    """Return scenes, and the same in any order in any number of requests."""
    every = draw(scenes())
    order = draw(st.permutations(every))
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(order) - 1)))))
    ends = [0, *(each for each in cuts if each < len(order)), len(order)]
    return every, [list(order[start:end]) for start, end in pairwise(ends)]


def graph(world: World) -> dict[TileRef, object]:
    """Return what each tile names and is named by."""
    return {
        TileRef(each.source_id, each.scene_source_id): (
            each.previous,
            each.reference,
            set(each.next),
            set(each.referenced_by),
        )
        for each in world.store.tiles(AOI)
    }


def explicit(every: Sequence[NewScene]) -> list[NewScene]:
    """Return the scenes with the links that the contract says, found by comparing all pairs."""
    placed = [(new.date, new.source_id, tile.source_id) for new in every for tile in new.tiles]
    group = {each: {each} for each in placed}
    for one, other in combinations(placed, 2):
        if _is_near(one[2], other[2]) and group[one] is not group[other]:
            group[one] |= group[other]
            for each in group[other]:
                group[each] = group[one]
    links = {}
    for each in placed:
        chain = sorted(group[each])
        before = chain.index(each) - 1
        if before >= 0:
            links[each] = TileRef(chain[before][2], chain[before][1]), TileRef(*chain[0][:0:-1])
    return [
        replace(
            new,
            tiles=tuple(
                replace(tile, previous=found[0], reference=found[1])
                if (found := links.get((new.date, new.source_id, tile.source_id)))
                else tile
                for tile in new.tiles
            ),
        )
        for new in every
    ]


def _is_near(one: str, other: str) -> bool:
    (track, _, time), (other_track, _, other_time) = one.rpartition("_"), other.rpartition("_")
    apart = abs(int(time) - int(other_time))
    return track == other_track and min(apart, ORBIT - apart) < NEAR


def sound(world: World) -> list[str]:
    """Return what is wrong, whatever happened."""
    checks = (
        invariants.ends_that_disagree,
        invariants.cycles,
        invariants.wrong_totals,
        invariants.links_to_failed,
    )
    return [each for check in checks for each in check(world.store)]


@given(requests())
def test_any_requests_in_any_order_make_the_graph_of_explicit_links(
    drawn: tuple[list[NewScene], list[list[NewScene]]],
) -> None:
    """As long as nothing has started, it does not matter what came first, or with what."""
    every, parts = drawn
    given_links, linked, at_once = World(), World(), World()
    add_scenes(given_links.services, AOI, explicit(every))
    for each in parts:
        told = link_scenes(linked.services, AOI, each)
        assert {outcome.fate for outcome in told} == {Fate.ADDED}
    link_scenes(at_once.services, AOI, every)

    for tile in given_links.store.tiles(AOI):
        event("a chain" if tile.previous else "a root")
    with_tiles = [each.source_id for each in every if each.tiles]
    expected = graph(given_links)
    for world in (linked, at_once):
        found = graph(world)
        assert {ref: found[ref] for ref in expected} == expected
        assert {ref.scene_source_id for ref in found.keys() - expected.keys()} == {
            each.source_id for each in every
        } - {*with_tiles}
        assert sound(world) == []


@dataclass(frozen=True)
class Happens:
    """Something that happens to a tile or scene between two requests."""

    pick: int
    what: Event


HAPPENINGS = st.lists(
    st.one_of(st.builds(Happens, st.integers(0, 99), FORCED), st.just("finish scenes")), max_size=6
)


PICKS = st.lists(st.none() | st.integers(0, 99), max_size=3)
"""Which live tile the first tile of each scene is given as previous, and as reference."""


@given(
    st.lists(st.tuples(scenes(most=3), HAPPENINGS, st.booleans(), PICKS), min_size=2, max_size=4)
)
def test_whatever_has_happened_the_graph_stays_sound(
    steps: list[tuple[list[NewScene], list[Happens | str], bool, list[int | None]]],
) -> None:
    """No link names a FAILED tile, nothing that started is linked anew, nothing waits for ever."""
    world = World()
    for number, (every, happenings, settles, picks) in enumerate(steps):
        named = [replace(each, source_id=f"{each.source_id}_{number}") for each in every]
        live = [each for each in world.store.tiles(AOI) if each.status is not Status.FAILED]
        new = [_given(each, live, picks[at : at + 2]) for at, each in enumerate(named)]
        before = {each.id: each for each in world.store.tiles(AOI)}
        failed = {each.id for each in before.values() if each.status is Status.FAILED}
        assert {each.fate for each in link_scenes(world.services, AOI, new)} == {Fate.ADDED}
        after = {each.id: each for each in world.store.tiles(AOI)}
        for tile in after.values():
            _check_links(tile, before.get(tile.id), failed)
        for each in happenings:
            _let_happen(world, each)
        if settles:
            world.settle()
    world.settle()
    assert sound(world) == []
    stuck = [
        tile
        for tile in world.store.tiles(AOI, (Status.NEW,))
        if tile.history[-1].cause.actor != "operator" and not invariants.unmet(world.store, tile)
    ]
    assert stuck == []


def _given(new: NewScene, live: Sequence[Tile], picks: Sequence[int | None]) -> NewScene:
    """Return a scene whose first tile is given links to tiles that are there, if any are picked."""
    if not new.tiles or not live:
        return new
    picked = [live[each % len(live)] for each in picks if each is not None]
    refs = [TileRef(each.source_id, each.scene_source_id) for each in picked]
    previous, reference = (*refs, None, None)[:2]
    first = replace(new.tiles[0], previous=previous, reference=reference)
    return replace(new, tiles=(first, *new.tiles[1:]))


def _check_links(tile: Tile, before: Tile | None, failed: set[int]) -> None:
    links = _links(tile)
    is_new = before is None or _links(before) != links
    if is_new and tile.status is not Status.FAILED:
        assert not failed.intersection(links)
    if before and before.status not in (Status.NEW, Status.FAILED):
        event("a tile that has started")
        assert not is_new or failed.intersection(_links(before))


def _links(tile: Tile) -> list[int]:
    return [each.tile_id for each in (tile.previous, tile.reference) if each]


def _let_happen(world: World, happens: Happens | str) -> None:
    documents = world.documents()
    if isinstance(happens, Happens) and documents:
        with suppress(NotAllowed):
            world.operate(documents[happens.pick % len(documents)], happens.what)
    else:
        world.finish_scenes()
