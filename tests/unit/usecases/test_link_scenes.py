"""Scenes whose tiles are linked by themselves: what is added, and what is told of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.builders import (
    AOI,
    BURST,
    NEIGHBOUR,
    World,
    a_chain,
    a_new_scene,
    a_new_tile,
    date_of,
    product,
    ref,
)
from tests.property import invariants
from tests.unit.usecases.troubled import DeafStore, TroubledStore, somebody_was_quicker
from tileweave.adapters.memory import MemoryStore
from tileweave.domain.errors import AlreadyExists, Conflict, Invalid, NotFound
from tileweave.domain.fences import fence_of
from tileweave.domain.ingestion import Names, NewScene
from tileweave.domain.model import Tile
from tileweave.domain.status import Event, Status
from tileweave.usecases import link_scenes as linking
from tileweave.usecases.add_scenes import Fate, Outcome, add_scenes
from tileweave.usecases.foresee import foresee_linked, foresee_scenes
from tileweave.usecases.link_scene import link_scene
from tileweave.usecases.link_scenes import link_scenes
from tileweave.usecases.ports import NO_GUARDS, Store
from tileweave.usecases.survey import survey
from tileweave.web.scene_input import read_scene

DENMARK = json.loads(
    (Path(__file__).parents[2] / "data" / "denmark_tiles.geojson").read_text("utf-8")
)["features"]
STACK = "S1A_IW_SLC__1SDV_20220204T170123_20220204T170150_041766_04F863_"


def bare(*numbers: int, bursts: Sequence[str] = (BURST,)) -> list[NewScene]:
    """Return scenes of these numbers with tiles without links."""
    return [a_new_scene(number, [a_new_tile(each) for each in bursts]) for number in numbers]


def unlinked(feature: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a Feature of the document's example without links."""
    found = deepcopy(feature)
    for tile in found["properties"]["Tiles"]:
        del tile["Previous"], tile["Reference"]
    return found


def graph(world: World) -> set[tuple[Any, ...]]:
    """Return what each live tile names and is named by."""
    return {
        (each.link, each.previous, each.reference, each.next[:1], frozenset(each.referenced_by))
        for each in world.store.tiles(AOI)
        if each.status is not Status.FAILED
    }


def link(world: World, *scenes: NewScene) -> list[Outcome]:
    """Add scenes with automatic links."""
    return link_scenes(world.services, AOI, scenes)


def fates(outcomes: Sequence[Outcome]) -> list[str]:
    """Return what became of each."""
    return [each.fate.value for each in outcomes]


def said(outcome: Outcome) -> str:
    """Return what is told of a scene."""
    return "; ".join(each.message for each in outcome.problems)


def sound(world: World) -> list[str]:
    """Return what is wrong with a graph."""
    checks = (invariants.ends_that_disagree, invariants.cycles, invariants.wrong_totals)
    return [each for check in checks for each in check(world.store)]


@pytest.mark.parametrize("parts", [1, 3])
def test_denmark_without_its_links_makes_the_same_graph(parts: int) -> None:
    """Whole, and scene by scene, the newest first."""
    given, linked = World(), World()
    add_scenes(given.services, AOI, [read_scene(AOI, each) for each in DENMARK])
    scenes = [read_scene(AOI, unlinked(each)) for each in DENMARK]
    for number in range(parts):
        assert set(fates(link(linked, *scenes[number::parts]))) == {"added"}
    assert graph(linked) == graph(given)
    assert len(graph(given)) == 9


def sixty_dates() -> tuple[list[NewScene], list[NewScene]]:
    """Return 60 dates of 20 bursts that drift, with their links, and without."""
    random = Random(6)
    drift = [random.choice((0, 0, 1, -1)) for _ in range(60)]
    ids = [
        [f"D37_IW{1 + each % 3}_{21_211 + each * 27 + moved}" for each in range(20)]
        for moved in drift
    ]
    with_links = []
    for number in range(60):
        tiles = [a_new_tile(each) for each in ids[number]]
        if number:
            names = zip(tiles, ids[number - 1], ids[0], strict=True)
            tiles = [
                replace(tile, previous=ref(number - 1, before), reference=ref(0, first))
                for tile, before, first in names
            ]
        with_links.append(a_new_scene(number, tiles))
    without = [a_new_scene(number, map(a_new_tile, ids[number])) for number in range(60)]
    return with_links, without


def test_three_orders_of_sixty_dates_make_the_same_graph() -> None:
    """Whole and in several requests: that of explicit links."""
    with_links, without = sixty_dates()
    given = World()
    add_scenes(given.services, AOI, with_links)
    expected = graph(given)
    shuffled = Random(1).sample(without, 60)
    for order, size in ((without, 60), (without[::-1], 60), (shuffled, 60), (shuffled, 17)):
        world = World()
        for start in range(0, 60, size):
            assert set(fates(link(world, *order[start : start + size]))) == {"added"}
        assert graph(world) == expected
        assert sound(world) == []


class Counting(MemoryStore):
    """A store in memory that counts its round trips: of a query, one for each 30 names."""

    def __init__(self) -> None:
        super().__init__()
        self.trips: list[str] = []

    def read(self, keys: Any) -> Any:  # noqa: ANN401 - as it is
        """Count, and return the documents."""
        self.trips.append("read")
        return super().read(keys)

    def commit(self, writes: Any, increments: Any, guards: Any = NO_GUARDS) -> Any:  # noqa: ANN401
        """Count, and commit."""
        self.trips.append("commit")
        return super().commit(writes, increments, guards)

    def tiles_named(self, aoi: str, source_ids: Any) -> Iterator[Any]:  # noqa: ANN401
        """Count, and return the tiles."""
        self.trips += ["query"] * -(-len(source_ids) // 30)
        return super().tiles_named(aoi, source_ids)

    def tiles_between(self, aoi: str, first: str, last: str) -> Iterator[Any]:
        """Count, and return the tiles."""
        self.trips.append("query")
        return super().tiles_between(aoi, first, last)


def test_sixty_dates_of_twenty_bursts_cost_few_round_trips() -> None:
    """1,200 tiles: a query for each swath, and a commit for 500 tiles."""
    store = Counting()
    world = World(store=store)
    store.trips.clear()
    link(world, *sixty_dates()[1])
    kinds = {kind: store.trips.count(kind) for kind in ("read", "query", "commit")}
    assert kinds["commit"] == 3
    assert kinds["read"] <= 3
    assert kinds["query"] <= 3


def test_a_repeated_request_adds_what_is_missing() -> None:
    """And nothing twice."""
    world = World()
    link(world, *bare(0, 2))
    assert fates(link(world, *bare(2, 1, 0))) == ["known", "added", "known"]
    assert world.links() == {0: (None, None), 1: (0, 0), 2: (1, 0)}
    before = graph(world)
    assert fates(link(world, *bare(0, 1, 2))) == ["known"] * 3
    assert graph(world) == before


def test_dates_join_a_chain_that_was_given_its_links() -> None:
    """At its end, and between."""
    world = World(*a_chain(2))
    link(world, *bare(5, 3))
    assert world.links() == {0: (None, None), 1: (0, 0), 3: (1, 0), 5: (3, 0)}


def test_a_tile_that_has_started_keeps_its_previous_and_that_is_said() -> None:
    """The one that comes between names the one before."""
    world = World(*bare(0))
    link(world, *bare(2))
    world.finish()
    [outcome] = link(world, *bare(1))
    assert world.links() == {0: (None, None), 2: (0, 0), 1: (0, 0)}
    assert f"tile {BURST} of scene {product(2)} comes after it, but keeps its links" in said(
        outcome
    )
    [outcome] = link(world, *bare(-1, bursts=(BURST,)))
    assert world.links()[-1] == (None, 0)
    assert f"tile {BURST} of scene {product(0)} stays the root and reference" in said(outcome)
    assert sound(world) == []


def test_many_such_tiles_are_said_at_once() -> None:
    """Not tile by tile."""
    world = World()
    link(world, *bare(0, 2, bursts=(BURST, NEIGHBOUR)))
    world.finish()
    [outcome] = link(world, *bare(1, bursts=(BURST, NEIGHBOUR)))
    assert len(outcome.problems) == 1
    assert "(2 such tiles)" in said(outcome)


def test_failed_tiles_are_cut_out_before_anything_is_linked() -> None:
    """Though their update has not come yet: what became ready by it is handed out."""
    world = World()
    link(world, *bare(0, 1, 2))
    world.finish_scenes()
    world.answer(world.tile(0))
    world.operate(world.tile(1), Event.FORCE_FAIL)
    link(world, *bare(3))
    assert world.links() == {0: (None, None), 2: (0, 0), 3: (2, 0)}
    assert world.tile(2).status is Status.PENDING
    world.settle()
    assert sound(world) == []


def test_the_whole_chain_is_refused_with_one_of_its_scenes() -> None:
    """Also with one that could not be read, if its tiles are of the chain; others are added."""
    world = World()
    wrong = a_new_scene(1, [replace(a_new_tile(), previous=ref(9))])
    other = a_new_scene(3, [a_new_tile("T32UNG")])
    outcomes = link(world, *bare(0, 2), wrong, other)
    assert fates(outcomes) == ["refused", "refused", "refused", "added"]
    assert f"scene {product(1)} of its chain is refused" in said(outcomes[0])
    near = BURST.replace("8951", "8953")
    outcomes = link_scenes(world.services, AOI, bare(0), {"S1A_bad": []}, {"S1A_bad": [near]})
    assert fates(outcomes) == ["refused"]
    assert "scene S1A_bad of its chain is refused" in said(outcomes[0])
    named = link_scenes(world.services, AOI, bare(0), {"S1A_bad": [product(0)]})
    assert "scene S1A_bad names it, and is refused" in said(named[0])


def test_two_scenes_of_one_day_are_both_in_the_chain() -> None:
    """Slices of one datatake hold the same burst: in the order of their names, in any order."""
    one, two = (
        replace(a_new_scene(1, [a_new_tile()]), source_id=f"{product(1)}_{part}") for part in "ab"
    )
    worlds = [World(), World()]
    for world, order in zip(worlds, ([one, two], [two, one]), strict=True):
        for each in order:
            link(world, each)
        link(world, *bare(0))
    assert graph(worlds[0]) == graph(worlds[1])


def version(checksum: str, day: int, tile: str = BURST) -> NewScene:
    """Return a version of an acquisition."""
    tags = {"ingestionDate": f"2022-03-{day:02}T12:00:00Z"}
    return replace(
        a_new_scene(1, [a_new_tile(tile)]),
        source_id=f"{STACK}{checksum}",
        product_name=STACK,
        tags=tags,
    )


def live(world: World) -> set[str]:
    """Return the names of the scenes in the chain, without their products'."""
    world.settle()
    tiles = [each for each in world.store.tiles(AOI) if each.status is not Status.FAILED]
    return {each.scene_source_id[-4:] for each in tiles}


@pytest.mark.parametrize("order", ["AAAA BBBB", "BBBB AAAA"])
@pytest.mark.parametrize("at_once", [True, False])
def test_the_newest_version_of_an_acquisition_is_kept(order: str, *, at_once: bool) -> None:
    """In any order, in one request or two: the older one is known as the newer."""
    world = World()
    link(world, *bare(0))
    days = {"AAAA": 3, "BBBB": 5}
    scenes = [version(name, days[name]) for name in order.split()]
    requests = [scenes] if at_once else [[each] for each in scenes]
    outcomes = {each.source_id[-4:]: each for part in requests for each in link(world, *part)}
    assert outcomes["BBBB"].fate is Fate.ADDED
    assert live(world) == {product(0)[-4:], "BBBB"}
    if at_once or order == "BBBB AAAA":
        assert (outcomes["AAAA"].fate, outcomes["AAAA"].id) == (Fate.KNOWN, outcomes["BBBB"].id)
        assert f"scene {STACK}BBBB, which stands for it" in said(outcomes["AAAA"])
    else:
        assert f"scene {STACK}AAAA, an older version of it, is given up" in said(outcomes["BBBB"])
    assert sound(world) == []


def test_a_version_of_which_something_has_come_stays() -> None:
    """The newer one is known as it."""
    world = World()
    link(world, version("AAAA", 3))
    world.finish_scenes()
    [outcome] = link(world, version("BBBB", 5))
    assert (outcome.fate, live(world)) == (Fate.KNOWN, {"AAAA"})


def test_a_version_that_begins_meanwhile_is_not_given_up() -> None:
    """A newer one was added beside it: both are in the chain."""
    store = TroubledStore()
    world = World(store=store)
    link(world, version("AAAA", 3))
    store.before_commits = [None, world.finish]
    link(world, version("BBBB", 5))
    assert live(world) == {"AAAA", "BBBB"}


def test_an_older_version_is_refused_with_the_newest() -> None:
    """Nothing stands for it."""
    world = World()
    wrong = replace(version("BBBB", 5), tiles=(a_new_tile(previous=ref(9)),))
    outcomes = link(world, version("AAAA", 3), wrong)
    assert fates(outcomes) == ["refused", "refused"]
    assert "the newest of its acquisition, is refused" in said(outcomes[0])


def test_scenes_without_tiles_are_one_each() -> None:
    """And a chain by their grid."""
    names = [f"S2A_MSIL1C_202201{day:02}T103421_N0301_R108_T32UNG_X" for day in (1, 11, 21)]
    scenes = [replace(a_new_scene(number), source_id=name) for number, name in enumerate(names)]
    world = World()
    assert fates(link(world, *scenes[::-1])) == ["added"] * 3
    assert world.links("T32UNG") == {0: (None, None), 1: (0, 0), 2: (1, 0)}


def test_too_many_tiles_to_be_linked_anew_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are written with those that come: it is told how many there are."""
    monkeypatch.setattr(linking, "MOST_MOVED", 2)
    world = World()
    link(world, *bare(1, 2, 3))
    [outcome] = link(world, *bare(0))
    assert outcome.fate is Fate.REFUSED
    assert "3 tiles that wait would be linked anew, more than 2" in said(outcome)


def test_who_was_slower_looks_again() -> None:
    """Somebody else begins the same chain right before the commit: they do not fork it."""
    store = TroubledStore()
    world = World(store=store)
    store.before_commits = [lambda: link(world, *bare(1))]
    assert fates(link(world, *bare(0, 2))) == ["added", "added"]
    assert world.links() == {0: (None, None), 1: (0, 0), 2: (1, 0)}


def test_who_is_always_slower_is_told() -> None:
    """After so many tries."""
    store = TroubledStore()
    world = World(store=store)
    store.commit_troubles = [somebody_was_quicker()] * 30
    with pytest.raises(Conflict):
        link(world, *bare(0))


def test_an_aoi_that_is_not_there_is_told() -> None:
    """Before anything else, and when it goes meanwhile."""
    store = TroubledStore()
    world = World(store=store)
    with pytest.raises(NotFound):
        link_scenes(world.services, "Nowhere", bare(0))
    store.before_commits = [lambda: store.bury_aoi(AOI)]
    with pytest.raises(NotFound):
        link(world, *bare(0))


def test_one_scene_is_added_or_said_to_be_there() -> None:
    """Its id is told either way; what is wrong is told field by field."""
    world = World()
    added = link_scene(world.services, AOI, bare(0)[0])
    with pytest.raises(AlreadyExists) as known:
        link_scene(world.services, AOI, bare(0)[0])
    assert known.value.id == added == world.scene(0).id
    with pytest.raises(Invalid, match="there is no tile"):
        link_scene(world.services, AOI, a_new_scene(1, [a_new_tile(previous=ref(9))]))


def test_a_scene_whose_commit_nobody_heard_of_was_added_by_its_call() -> None:
    """Not by somebody else."""
    store = DeafStore()
    world = World(store=store)
    store.lost = 1
    assert link_scene(world.services, AOI, bare(0)[0]) == world.scene(0).id


class ReadOnly(MemoryStore):
    """A store that nobody may write to, once it is `closed`."""

    closed = False

    def commit(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as it is
        """Commit, unless it is closed."""
        assert not self.closed, "something was written"
        return super().commit(*args, **kwargs)

    def confirm(self, published: Any) -> None:  # noqa: ANN401 - the same
        """Confirm, unless it is closed."""
        assert not self.closed, "something was confirmed"
        super().confirm(published)


def a_world_of_chains(store: Store) -> World:
    """Return a world with a chain that has begun, one that waits, and one with a FAILED tile."""
    world = World(store=store)
    link(world, *bare(1, 3, bursts=(BURST, NEIGHBOUR)), *bare(5, bursts=("T32UNG",)))
    world.finish_scenes()
    world.operate(world.tile(1, NEIGHBOUR), Event.FORCE_FAIL)
    return world


def test_what_is_foreseen_is_what_is_made() -> None:
    """The scenes, their links, and those that would be linked anew; nothing is written."""
    store = ReadOnly()
    world = a_world_of_chains(store)
    new = [*bare(0, 2, 4, bursts=(BURST, NEIGHBOUR)), *bare(6, bursts=("T32UNG",))]
    new += [a_new_scene(7, [a_new_tile(previous=ref(0, "none"))]), *bare(5, bursts=("T32UNG",))]
    for scenes in (new[:4], new):
        store.closed = True
        foreseen = foresee_linked(world.services, AOI, scenes)
        store.closed = False
        twin = a_world_of_chains(MemoryStore())
        before = {each.id: each for each in twin.store.tiles(AOI)}
        assert link(twin, *scenes) == foreseen.outcomes
        made = [each for each in twin.store.tiles(AOI) if each.id not in before]
        assert links(made) == links([tile for _, tiles in foreseen.scenes for tile in tiles])
        after = {each.id: each for each in twin.store.tiles(AOI)}
        moved = {id_ for id_ in before if links([before[id_]]) != links([after[id_]])}
        assert moved == {after.id for _, after in foreseen.moved}
        for old, foretold in foreseen.moved:
            assert links([old]) == links([before[old.id]])
            assert links([foretold]) == links([after[old.id]])


def links(tiles: Sequence[Tile]) -> dict[int, object]:
    """Return what tiles name."""
    return {each.id: (each.previous, each.reference) for each in tiles}


def test_given_links_are_foreseen_too() -> None:
    """And what is wrong with them; nothing is written."""
    store = ReadOnly()
    world = World(*a_chain(2), store=store)
    store.closed = True
    chain = a_chain(4)
    wrong = replace(a_new_scene(9, [a_new_tile(previous=ref(8))]))
    foreseen = foresee_scenes(world.services, AOI, [*chain, wrong])
    assert fates(foreseen.outcomes) == ["known", "known", "added", "added", "refused"]
    assert [scene.source_id for scene, _ in foreseen.scenes] == [product(2), product(3)]
    assert [tile.previous.date for _, [tile] in foreseen.scenes if tile.previous] == [
        date_of(1),
        date_of(2),
    ]
    assert foreseen.moved == []


def test_a_survey_finds_what_lies_between() -> None:
    """Neighbours of neighbours, until there are no more."""
    world = World()
    ids = [f"A44_IW1_{8951 + step}" for step in (0, 3, 6, 9, 20)]
    for number, each in enumerate(ids):
        link(world, *bare(number, bursts=(each,)))
    names = linking.names_of(world.services, AOI)
    found = survey(world.services, names, bare(7, bursts=(ids[0],)))
    assert {each.source_id for each in found.tiles} == set(ids[:4])


def grid(*numbers: int) -> list[NewScene]:
    """Return a scene for each of these cells of a grid."""
    return [a_new_scene(number, [a_new_tile(f"T32UN{number}")]) for number in numbers]


def test_small_chains_share_a_commit_and_pass_the_fences_of_their_own_tracks() -> None:
    """Each once: a request of many tracks writes one fence for each of them."""
    store = TroubledStore()
    world = World(store=store)
    store.commits = 0

    assert fates(link(world, *grid(*range(100)))) == ["added"] * 100
    assert store.commits == 1

    store.commit_troubles = [somebody_was_quicker()]
    assert fates(link(world, *grid(*range(100, 120)))) == ["added"] * 20
    fences = store.read([fence_of(Names(AOI), f"T32UN{number}") for number in range(120)])
    assert {each.document.attempt for each in fences.values() if each} == {0}
    assert None not in fences.values()


def test_a_chain_that_is_refused_keeps_back_no_other_of_its_commit() -> None:
    """Nor does one that is there, or that is there in part."""
    store = TroubledStore()
    world = World(store=store)
    link(world, *grid(0), *bare(20))
    wrong = a_new_scene(40, [a_new_tile("T32WRONG", previous=ref(99))])
    store.commits = 0
    outcomes = link(world, *grid(0, *range(1, 10)), wrong, *bare(20, 21))
    assert fates(outcomes) == ["known", *["added"] * 9, "refused", "known", "added"]
    assert store.commits == 2
    assert sound(world) == []


def test_versions_are_given_up_with_a_commit_of_many() -> None:
    """Like alone."""
    world = World()
    link(world, version("AAAA", 3))
    outcomes = link(world, *grid(0, 1, 2), version("BBBB", 5))
    assert fates(outcomes) == ["added"] * 4
    assert "an older version of it, is given up" in said(outcomes[3])
    assert "AAAA" not in live(world)


def test_each_tile_is_found_once_where_spans_overlap_as_text() -> None:
    """From 17 to 81 there is 59239: a version whose tiles count twice would not be given up."""
    world = World()
    bursts = [a_new_tile(f"A44_IW1_{time}") for time in (59_239, 21, 49, 77)]
    older, newer = (
        replace(version(*each), tiles=tuple(bursts)) for each in (("AAAA", 3), ("BBBB", 5))
    )
    link(world, older)
    found = survey(world.services, Names(AOI), [newer]).tiles
    assert len(found) == len({each.id for each in found}) == 4
    assert fates(link(world, newer)) == ["added"]
    assert live(world) == {"BBBB"}
