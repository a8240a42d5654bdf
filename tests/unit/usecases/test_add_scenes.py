"""Many scenes at once: crashes, races, commits that are no larger than they may be."""

from __future__ import annotations

import random
from collections.abc import Sequence
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
from tests.property import invariants
from tests.unit.usecases.troubled import (
    DeafStore,
    TroubledPublisher,
    TroubledStore,
    nobody_answers,
    somebody_was_quicker,
)
from tileweave.domain.errors import NotFound, TooLarge, Unavailable
from tileweave.domain.identity import scene_id
from tileweave.domain.ingestion import NewScene
from tileweave.usecases import add_scenes as module
from tileweave.usecases.add_scene import MOST_BYTES_A_COMMIT, MOST_TILES_A_COMMIT
from tileweave.usecases.add_scenes import Fate, add_scenes
from tileweave.usecases.operate import delete_aoi
from tileweave.usecases.watch import create_aoi

CHAIN = a_chain(6, (BURST, NEIGHBOUR))


def a_world(store: TroubledStore, publisher: TroubledPublisher | None = None) -> World:
    """Return an empty AOI, whose commits are counted from now on."""
    world = World(store=store, publisher=publisher)
    store.commits = 0
    return world


def fates(world: World, scenes: Sequence[NewScene]) -> list[Fate]:
    """Add scenes; return what became of each."""
    return [each.fate for each in add_scenes(world.services, AOI, scenes)]


@pytest.fixture
def a_scene_a_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a commit take no more than one scene of two tiles."""
    monkeypatch.setattr(module, "MOST_BYTES_A_COMMIT", 2 * module.LEAST_WEIGHT + 2_500)


def test_scenes_are_added_in_any_order() -> None:
    """In one commit; what follows is as if they had come one by one."""
    store = TroubledStore()
    world = a_world(store)
    shuffled = random.Random(3).sample(CHAIN, len(CHAIN))

    outcomes = add_scenes(world.services, AOI, shuffled)

    assert [each.source_id for each in outcomes] == [each.source_id for each in shuffled]
    assert [each.id for each in outcomes] == [scene_id(AOI, each.source_id) for each in shuffled]
    assert {each.fate for each in outcomes} == {Fate.ADDED}
    assert store.commits == 1
    assert world.links() == World(*CHAIN).links()
    assert not invariants.ends_that_disagree(world.store)
    assert not invariants.cycles(world.store)
    world.finish()
    assert not world.pending()


@pytest.mark.usefixtures("a_scene_a_commit")
@pytest.mark.parametrize("broken", range(6))
def test_a_crash_in_the_middle_of_a_chain_is_mended_by_a_repeat(broken: int) -> None:
    """Which adds what is missing, and only that."""
    store = TroubledStore()
    world = a_world(store)
    store.commit_troubles = [None] * broken + [nobody_answers()]
    with pytest.raises(Unavailable):
        add_scenes(world.services, AOI, CHAIN)
    assert len(world.documents()) == 3 * broken

    assert fates(world, CHAIN[::-1]) == [Fate.ADDED] * (6 - broken) + [Fate.KNOWN] * broken

    assert world.links() == World(*CHAIN).links()
    assert len(world.take_jobs()) == 6
    assert fates(world, CHAIN) == [Fate.KNOWN] * 6


@pytest.mark.usefixtures("a_scene_a_commit")
def test_what_this_call_added_is_added_even_if_somebody_was_quicker() -> None:
    """The chain is looked at again; what was added before counts as added."""
    store = TroubledStore()
    world = a_world(store)
    store.commit_troubles = [None, None, somebody_was_quicker()]

    assert fates(world, CHAIN) == [Fate.ADDED] * 6

    assert len(world.take_jobs()) == 6


def test_a_publisher_that_does_not_answer_leaves_jobs_to_the_janitor() -> None:
    """The scenes are there."""
    publisher = TroubledPublisher()
    publisher.troubles = [nobody_answers()]
    world = a_world(TroubledStore(), publisher)
    world.services = replace(world.services, defers_publishing=True)

    assert fates(world, CHAIN) == [Fate.ADDED] * 6

    assert len(list(world.store.unpublished())) == 6


def test_a_scene_larger_than_a_commit_is_added_in_the_middle_of_its_chain() -> None:
    """The scenes before and after it in commits of their own."""
    bursts = [BURST, *(f"B{number:04}" for number in range(MOST_TILES_A_COMMIT))]
    chain = a_chain(3)
    large = replace(chain[1], tiles=(*chain[1].tiles, *map(a_new_tile, bursts[1:])))
    world = a_world(TroubledStore())

    assert fates(world, [chain[2], large, chain[0]]) == [Fate.ADDED] * 3

    assert world.links() == World(*chain).links()
    assert len(world.scene(1).tile_ids) == MOST_TILES_A_COMMIT + 1
    assert fates(world, [chain[2], large, chain[0]]) == [Fate.KNOWN] * 3


def test_a_large_scene_that_broke_off_is_gone_on_with() -> None:
    """It is seen with its last tile, not before."""
    store = TroubledStore()
    world = a_world(store)
    large = a_new_scene(0, [a_new_tile(f"B{number:04}") for number in range(1_200)])
    store.commit_troubles = [None, nobody_answers()]
    with pytest.raises(Unavailable):
        add_scenes(world.services, AOI, [large])
    assert world.documents() == []

    assert fates(world, [large]) == [Fate.ADDED]
    assert len(world.documents()) == 1_201


def test_data_of_scenes_counts_for_the_size_of_a_commit() -> None:
    """Ten scenes of large data and one small tile each do not fit one."""
    store = TroubledStore()
    world = a_world(store)
    text = "x" * (MOST_BYTES_A_COMMIT // 4)
    chain = [replace(each, data={**each.data, "text": text}) for each in a_chain(10)]

    assert fates(world, chain) == [Fate.ADDED] * 10

    assert store.commits == 4


def test_tiles_of_a_commit_have_a_largest_number() -> None:
    """However small they are."""
    store = TroubledStore()
    world = a_world(store)
    bursts = [f"B{number}" for number in range(100)]

    assert fates(world, a_chain(20, bursts)) == [Fate.ADDED] * 20

    assert store.commits == 5


def test_those_that_name_what_was_refused_before_are_refused() -> None:
    """With all of their chain."""
    world = a_world(TroubledStore())
    outcomes = add_scenes(world.services, AOI, CHAIN[1:], refused={product(0): ()})

    assert {each.fate for each in outcomes} == {Fate.REFUSED}
    assert all(each.problems and each.id is None for each in outcomes)
    assert world.documents() == []


def test_those_that_a_refused_scene_names_are_refused() -> None:
    """They are of one chain with it; others are not."""
    world = a_world(TroubledStore())
    outcomes = add_scenes(world.services, AOI, CHAIN[:2], refused={product(2): {product(1)}})
    assert [each.fate for each in outcomes] == [Fate.REFUSED] * 2
    assert world.documents() == []


def test_an_aoi_that_goes_away_meanwhile_is_not_found() -> None:
    """Nothing is left behind in the next of that name."""
    world = a_world(TroubledStore())
    delete_aoi(world.services, AOI)
    with pytest.raises(NotFound):
        add_scenes(world.services, AOI, CHAIN)
    create_aoi(world.services, AOI)
    assert fates(world, CHAIN) == [Fate.ADDED] * 6
    assert {each.id for each in world.documents()}.isdisjoint({scene_id(AOI, product(0))})


def apart(count: int) -> list[NewScene]:
    """Return scenes that name no other."""
    return [a_new_scene(number, [a_new_tile()]) for number in range(count)]


def test_small_chains_share_a_commit() -> None:
    """As many as it holds."""
    store = TroubledStore()
    world = a_world(store)

    assert fates(world, apart(600)) == [Fate.ADDED] * 600

    assert store.commits == 2
    assert len(world.take_jobs()) == 600


def test_a_chain_that_is_refused_keeps_back_no_other_of_its_commit() -> None:
    """Nor does one that is there, or that lacks its end."""
    store = TroubledStore()
    world = a_world(store)
    add_scenes(world.services, AOI, [*a_chain(2), a_new_scene(10)])
    wrong = a_new_scene(20, [a_new_tile(previous=ref(99))])
    scenes = [*a_chain(3), a_new_scene(10), wrong, *(a_new_scene(n) for n in range(30, 50))]
    store.commits = 0

    told = dict(zip([each.source_id for each in scenes], fates(world, scenes), strict=True))

    assert [told[product(number)] for number in (0, 1, 2, 10, 20, 30)] == [
        Fate.KNOWN,
        Fate.KNOWN,
        Fate.ADDED,
        Fate.KNOWN,
        Fate.REFUSED,
        Fate.ADDED,
    ]
    assert store.commits == 2


@pytest.mark.parametrize("trouble", [somebody_was_quicker(), TooLarge("It is too much.")])
def test_chains_are_added_one_by_one_where_a_commit_for_all_is_refused(trouble: Exception) -> None:
    """All of them."""
    store = TroubledStore()
    world = a_world(store)
    store.commit_troubles = [trouble]

    assert fates(world, apart(5)) == [Fate.ADDED] * 5

    assert store.commits == 6
    assert invariants.wrong_totals(world.store) == []


def test_chains_whose_commit_nobody_heard_of_are_known() -> None:
    """None is added twice."""
    store = DeafStore()
    world = World(store=store)
    store.lost = 1

    assert fates(world, apart(3)) == [Fate.KNOWN] * 3

    assert len(world.documents()) == 6
    assert invariants.wrong_totals(world.store) == []
