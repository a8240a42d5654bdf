"""Automatic links while others are at work: every order of two, and many at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import pytest
import tenacity.nap
from google.cloud.firestore import Client

from tests.builders import AOI, BURST, a_chain, a_new_scene, a_new_tile, number_of
from tests.faults.actors import addition, ended, linking, result, update
from tests.faults.stepped import SharedWorld
from tests.faults.test_races import THREADS, Race
from tests.faults.test_races import check as check_race
from tests.faults.test_schedules import check
from tileweave.domain.ingestion import NewScene
from tileweave.domain.status import Event

ONE_CHAIN = {0: (None, None), 1: (0, 0), 2: (1, 0)}


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let retries follow each other at once: who goes first is what the explorer decides."""
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=lambda _: None))


def bare(*numbers: int, burst: str = BURST) -> list[NewScene]:
    """Return scenes of these numbers, each with a tile without links."""
    return [a_new_scene(number, [a_new_tile(burst)]) for number in numbers]


@pytest.mark.usefixtures("no_pauses")
class TestEveryOrder:
    """Of the steps of two, each a call of the store."""

    def test_a_chain_may_be_begun_by_two_at_once(self) -> None:
        """Of different dates: it is one chain, whoever was first."""
        actors = {"one": linking(*bare(0, 2)), "other": linking(*bare(1))}
        for outcome in check("links: a new chain, twice", SharedWorld(), actors, at_least=500):
            assert outcome.world.links() == ONE_CHAIN

    def test_bursts_that_a_third_one_joins_may_come_with_it_at_once(self) -> None:
        """They are no neighbours: only the fence tells that the other has come."""
        near, far = "A44_IW1_8953", "A44_IW1_8957"
        world = SharedWorld(*bare(0, burst="A44_IW1_8949"))
        actors = {"one": linking(*bare(1, burst=near)), "other": linking(*bare(2, burst=far))}
        for outcome in check("links: what joins two chains", world, actors, at_least=500):
            tiles = {number_of(each.link): each for each in outcome.world.store.tiles(AOI)}
            links = {
                n: (number_of(each.previous), number_of(each.reference))
                for n, each in tiles.items()
            }
            assert links == ONE_CHAIN

    def test_the_same_scenes_may_be_linked_by_two_at_once(self) -> None:
        """Each is there once."""
        act = linking(*bare(0, 1, 2))
        actors = {"one": act, "other": act}
        for outcome in check("links: the same twice", SharedWorld(), actors, at_least=250):
            assert outcome.world.links() == ONE_CHAIN

    def test_small_chains_of_one_commit_may_be_begun_by_two_at_once(self) -> None:
        """Who is slower adds what is left one by one."""
        cells = [bare(number, burst=f"T32UN{number}")[0] for number in range(3)]
        actors = {"one": linking(*cells[:2]), "other": linking(*cells[1:])}
        for outcome in check("links: small chains", SharedWorld(), actors, at_least=100):
            tiles = list(outcome.world.store.tiles(AOI))
            assert sorted(each.source_id for each in tiles) == ["T32UN0", "T32UN1", "T32UN2"]
            assert {(each.previous, each.reference) for each in tiles} == {(None, None)}

    def test_two_dates_may_be_inserted_into_one_gap_at_once(self) -> None:
        """The one after it waits for the later of them."""
        world = SharedWorld(*a_chain(1), *bare(), *_after(3))
        actors = {"one": linking(*bare(1)), "other": linking(*bare(2))}
        for outcome in check("links: one gap", world, actors, at_least=500):
            assert outcome.world.links() == {**ONE_CHAIN, 3: (2, 0)}

    def test_a_date_may_be_inserted_while_the_one_after_it_is_handed_out(self) -> None:
        """The root is DONE: the tile after it starts, or waits for the new one."""
        world = SharedWorld(*a_chain(1), *_after(2))
        world.finish_scenes()
        actors = {"worker": ended(world.tile(0), "DONE"), "ingestion": linking(*bare(1))}
        kinds = set()
        for outcome in check("links: a hand-out", world, actors, at_least=500):
            links = outcome.world.links()
            assert links[1] == (0, 0)
            kinds.add(links[2])
        assert kinds == {(0, 0), (1, 0)}

    def test_a_date_may_be_added_while_the_one_before_it_is_cut_out(self) -> None:
        """FAILED, and propagated: it is linked past it."""
        world = SharedWorld(*a_chain(2))
        world.finish_scenes()
        world.operate(world.tile(1), Event.FORCE_FAIL)
        actors = {"ingestion": linking(*bare(2)), "propagation": update(world.tile(1))}
        for outcome in check("links: a cut", world, actors, at_least=300, forced=True):
            assert outcome.world.links() == {0: (None, None), 2: (0, 0)}

    def test_a_date_may_be_added_while_the_one_before_it_fails(self) -> None:
        """The last of the chain FAILED by a result."""
        world = SharedWorld(*a_chain(1))
        world.finish_scenes()
        actors = {"worker": ended(world.tile(0), "FAILED"), "ingestion": linking(*bare(1, 2))}
        for outcome in check("links: FAILED", world, actors, at_least=500):
            assert outcome.world.links() == {1: (None, None), 2: (1, 1)}

    def test_given_links_may_be_added_beside_automatic_ones(self) -> None:
        """Both name the root; who comes later is linked to who was first."""
        world = SharedWorld(*a_chain(1))
        actors = {"given": addition(a_chain(2)[1]), "automatic": linking(*bare(2))}
        for outcome in check("links: given ones beside", world, actors, at_least=90):
            links = outcome.world.links()
            assert links[1] == (0, 0)
            assert links[2] in {(0, 0), (1, 0)}

    def test_a_scene_may_be_given_up_while_its_result_comes(self) -> None:
        """A newer version comes: the older one is given up, or stays beside it."""
        name = "S1A_IW_SLC__1SDV_20220204T170123_20220204T170150_041766_04F863_"
        older, newer = (
            replace(
                bare(1)[0],
                source_id=f"{name}{each}",
                product_name=name,
                tags={"ingestionDate": day},
            )
            for each, day in (("AAAA", "2022-03-01"), ("BBBB", "2022-03-02"))
        )
        world = SharedWorld(*bare(0), older)
        [job] = [each for each in world.store.scenes(AOI) if each.source_id == older.source_id]
        actors = {"worker": ended(job, "DONE"), "ingestion": linking(newer)}
        check("links: a newer version", world, actors, at_least=300)


def _after(number: int) -> list[NewScene]:
    tile = a_chain(2)[1].tiles[0]
    return [a_new_scene(number, [tile])]


@pytest.fixture
def race(firestore_client: Client) -> Iterator[Race]:
    with ThreadPoolExecutor(THREADS) as pool:
        yield Race(firestore_client, pool)


@pytest.mark.emulators
@pytest.mark.timeout(120)
def test_many_begin_one_chain_at_once(race: Race) -> None:
    """In sixteen threads on the Firestore emulator: it is not forked."""
    race.together(linking(*bare(each)) for each in range(8))
    expected = {each: (each - 1, 0) for each in range(1, 8)}
    assert race.world.links() == {0: (None, None), **expected}
    check_race("race: one chain, begun by many", race)


@pytest.mark.emulators
@pytest.mark.timeout(120)
def test_dates_are_inserted_while_results_come(race: Race) -> None:
    """Odd dates into a chain of even ones that is running."""
    race.together([linking(*bare(0, 2, 4, 6))])
    race.scenes_done(0, 2, 4, 6)
    root = race.world.tile(0)
    race.together([result(root, id_="root"), *(linking(*bare(each)) for each in (1, 3, 5))])
    check_race("race: dates between, and results", race, results=["root"])
    assert {number: links[0] for number, links in race.world.links().items()}[6] in (4, 5)
