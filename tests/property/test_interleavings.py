"""Two at work on the same graph: one between any two calls of the other.

Each case runs `first` and, before the n-th of its calls to the store or the publisher, all of
`meanwhile` and what follows from it; for every n there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import product as pairs_of

import pytest

from tests.builders import AOI, BURST, NEIGHBOUR, World, a_chain, a_new_scene, a_new_tile, ref
from tests.property import invariants
from tests.property.busy import BusyPublisher, BusyStore, Killed, Meanwhile, die
from tileweave.domain.errors import Invalid
from tileweave.domain.ingestion import NewScene, NewTile
from tileweave.domain.messages import Message
from tileweave.domain.model import Document
from tileweave.domain.status import Event, Status
from tileweave.usecases import add_scene, add_scenes
from tileweave.usecases.add_scenes import Fate
from tileweave.usecases.ports import Rejected

Action = Callable[[World], object]


class BusyWorld(World):
    """A world in which something can happen before any call to the store or the publisher.

    A message whose receiver dies comes again.
    """

    def __init__(self, *scenes: NewScene) -> None:
        self.meanwhile = Meanwhile()
        super().__init__(
            *scenes,
            store=BusyStore(self.meanwhile),
            publisher=BusyPublisher(self.meanwhile, lambda _: None),
        )

    def deliver_result(self, body: bytes, message_id: str = "") -> Rejected | None:
        message_id = message_id or f"result-{next(self._numbers)}"
        try:
            return super().deliver_result(body, message_id)
        except Killed:
            return super().deliver_result(body, message_id)

    def deliver(self, update: Message, *, again: bool = False) -> Rejected | None:
        try:
            return super().deliver(update, again=again)
        except Killed:
            return super().deliver(update, again=True)

    def run(self, first: Action, before: int, meanwhile: Action) -> bool:
        """Run both; return whether `first` made so many calls."""
        happened = []

        def happen() -> None:
            happened.append(before)
            meanwhile(self)

        self.meanwhile.plan({before: happen})
        first(self)
        self.meanwhile.plan({})
        return bool(happened)


def scene_result(number: int, status: str) -> Action:
    """A worker's result for a scene, and all that follows."""
    return _then_settled(lambda world: world.answer(world.scene(number), status))


def tile_result(number: int, status: str, burst: str = BURST) -> Action:
    """A worker's result for a tile, and all that follows."""
    return _then_settled(lambda world: world.answer(world.tile(number, burst), status))


def forced(number: int, event: Event) -> Action:
    """An operator's force on a tile, and all that follows."""
    return _then_settled(lambda world: world.operate(world.tile(number), event))


def an_addition(scene: NewScene) -> Action:
    """A scene is added, or refused since it names a FAILED tile."""

    def add(world: World) -> None:
        with suppress(Invalid):
            world.add(scene)

    return add


def _then_settled(action: Action) -> Action:
    def both(world: World) -> None:
        action(world)
        world.settle()

    return both


def a_running_chain() -> BusyWorld:
    """Four scenes, the first downloaded: tile 0 handed out, the others waiting."""
    world = BusyWorld(*a_chain(4))
    world.answer(world.scene(0))
    world.settle()
    return world


def a_branched_graph() -> BusyWorld:
    """Tile 0 with three dependants, one of which refers to a neighbour; all scenes downloaded."""
    world = BusyWorld(
        a_new_scene(0, [a_new_tile(), a_new_tile(NEIGHBOUR)]),
        a_new_scene(1, [a_new_tile(previous=ref(0), reference=ref(0))]),
        a_new_scene(2, [a_new_tile(previous=ref(0), reference=ref(0, NEIGHBOUR))]),
        a_new_scene(3, [a_new_tile(previous=ref(1), reference=ref(0))]),
    )
    world.finish_scenes()
    return world


RESULTS_IN_THE_CHAIN = {
    **{f"tile 0 {each}": tile_result(0, each) for each in ("DONE", "FAILED", "RETRY")},
    **{f"scene {n} {each}": scene_result(n, each) for n in (1, 2) for each in ("DONE", "FAILED")},
    "scene 4 added": an_addition(a_chain(5)[4]),
}
RESULTS_IN_THE_BRANCHES = {
    **{f"tile 0 {each}": tile_result(0, each) for each in ("DONE", "FAILED")},
    **{f"neighbour {each}": tile_result(0, each, NEIGHBOUR) for each in ("DONE", "FAILED")},
}
FORCED = {
    f"tile {number} {event}": forced(number, event)
    for number in (0, 1, 2)
    for event in (Event.FORCE_FAIL, Event.FORCE_RETRY, Event.FORCE_NEW, Event.FORCE_DONE)
}


def a_bulk_chain(last: Sequence[NewTile], *, both_ways: bool) -> list[NewScene]:
    """Return scenes 6 to 9 in a chain of neighbours, the last with tiles that name other chains.

    `both_ways`: the first two name each other both ways.
    """
    chain = [
        a_new_scene(number, [a_new_tile(NEIGHBOUR, previous=ref(number - 1, NEIGHBOUR))])
        for number in range(7, 10)
    ]
    chain[-1] = replace(chain[-1], tiles=(*chain[-1].tiles, *last))
    first = a_new_scene(6, [a_new_tile(NEIGHBOUR)])
    if both_ways:
        first = replace(first, tiles=(*first.tiles, a_new_tile("B", previous=ref(7, "B"))))
        chain[0] = replace(chain[0], tiles=(*chain[0].tiles, a_new_tile("B")))
    return [first, *chain]


def named_by(number: int, burst: str = BURST) -> NewTile:
    """Return a tile that names the tile of this number, and the first of its chain."""
    return a_new_tile(burst, previous=ref(number), reference=ref(0))


BULKS = {
    "names the last": a_bulk_chain([named_by(3)], both_ways=False),
    "names the root, after a unit": a_bulk_chain([named_by(0)], both_ways=True),
    "ends with a large scene": a_bulk_chain(
        [named_by(3), named_by(0, "C"), named_by(0, "D"), *map(a_new_tile, "EFG")], both_ways=False
    ),
    "begins with a large scene": [
        a_new_scene(8, [named_by(3), *map(a_new_tile, "CDEFG"), named_by(0, "H")]),
        a_new_scene(9, [a_new_tile(previous=ref(8), reference=ref(0))]),
    ],
}
FAILURES = {
    "the root": lambda world: _fail(world, 0),
    "the last": lambda world: _fail(world, 3),
    "the last two, the later first": lambda world: _fail(world, 3, 2),
    "all": lambda world: _fail(world, 0, 1, 2, 3),
}


def _fail(world: World, *numbers: int) -> None:
    for number in numbers:
        world.operate(world.tile(number), Event.FORCE_FAIL)


def different(actions: dict[str, Action]) -> list[tuple[str, str]]:
    """Return all ordered pairs of two different actions."""
    return [(one, other) for one, other in pairs_of(actions, repeat=2) if one != other]


@pytest.mark.parametrize(("one", "other"), different(RESULTS_IN_THE_CHAIN))
def test_any_two_results_in_a_chain_may_interleave(one: str, other: str) -> None:
    """Wherever one result and all it sets off comes between the calls of another, all is well."""
    first, meanwhile = RESULTS_IN_THE_CHAIN[one], RESULTS_IN_THE_CHAIN[other]

    for world in _interleaved(a_running_chain, first, meanwhile):
        assert _wrong_at_the_end(world) == []


@pytest.mark.parametrize(("one", "other"), different(RESULTS_IN_THE_BRANCHES))
def test_any_two_results_in_a_branched_graph_may_interleave(one: str, other: str) -> None:
    """The same where a tile has several dependants, and one of them another reference."""
    first, meanwhile = RESULTS_IN_THE_BRANCHES[one], RESULTS_IN_THE_BRANCHES[other]

    for world in _interleaved(a_branched_graph, first, meanwhile):
        assert _wrong_at_the_end(world) == []


@pytest.mark.parametrize(("one", "other"), different(FORCED))
def test_any_two_forced_changes_may_interleave(one: str, other: str) -> None:
    """Operators who force neighbours at the same time leave a sound graph."""
    first, meanwhile = FORCED[one], FORCED[other]

    for world in _interleaved(a_running_chain, first, meanwhile):
        assert _unsound(world) == []


@pytest.mark.parametrize("status", ["DONE", "FAILED", "RETRY"])
@pytest.mark.parametrize("build", [a_running_chain, a_branched_graph])
def test_a_process_may_die_before_any_call(build: Callable[[], BusyWorld], status: str) -> None:
    """Whoever dies, wherever: its message comes again, and every job is published."""

    def everything(world: World) -> None:
        world.answer(next(world.store.tiles(AOI)), status)
        world.finish()

    for world in _interleaved(build, everything, lambda _: die()):
        assert _wrong_at_the_end(world) == []
        published = {(each.attributes["type"], each.body["id"]) for each in world.take_jobs()}
        assert {each.key for each in world.documents() if each.attempt} == published
        assert list(world.store.unpublished()) == []


@pytest.fixture
def small_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a commit hold a scene of up to two tiles, or two tiles of a larger one."""
    monkeypatch.setattr(add_scenes, "MOST_BYTES_A_COMMIT", 2 * add_scenes.LEAST_WEIGHT + 2_500)
    monkeypatch.setattr(add_scene, "MOST_TILES_A_COMMIT", 2)


@pytest.mark.usefixtures("small_commits")
@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("bulk", BULKS)
def test_a_chain_in_pieces_may_interleave_with_failures(
    bulk: str, failure: str, *, settled: bool
) -> None:
    """Wherever what it names fails between two calls, all of the chain is added, or nothing."""
    outcomes: list[set[Fate]] = []

    def add(world: World) -> None:
        outcomes.append(_added(world, BULKS[bulk]))

    fail = _then_settled(FAILURES[failure]) if settled else FAILURES[failure]
    for world in _interleaved(a_running_chain, add, fail):
        there = 4 + len(BULKS[bulk]) * (outcomes[-1] == {Fate.ADDED})
        assert outcomes[-1] in ({Fate.ADDED}, {Fate.REFUSED})
        assert len(list(world.store.scenes(AOI))) == there
        world.settle()
        assert _wrong_at_the_end(world) == []
    assert {Fate.ADDED} in outcomes


@pytest.mark.usefixtures("small_commits")
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("bulk", BULKS)
def test_a_chain_that_broke_off_is_completed_whatever_failed_since(bulk: str, failure: str) -> None:
    """Whoever adds it dies, wherever; if anything of it is there, the rest is added by a repeat."""

    def add(world: World) -> None:
        with suppress(Killed):
            _added(world, BULKS[bulk])

    for world in _interleaved(a_running_chain, add, lambda _: die()):
        begun = len(list(world.store.scenes(AOI))) > 4
        _then_settled(FAILURES[failure])(world)
        fates = _added(world, BULKS[bulk])
        assert fates <= {Fate.ADDED, Fate.KNOWN} if begun else len(fates) == 1
        assert _wrong_at_the_end(world) == []


def _added(world: World, bulk: Sequence[NewScene]) -> set[Fate]:
    return {each.fate for each in add_scenes.add_scenes(world.services, AOI, bulk)}


def _interleaved(
    build: Callable[[], BusyWorld], first: Action, meanwhile: Action
) -> Iterator[BusyWorld]:
    """Yield a world for each call of `first` that `meanwhile` can come before, and one without."""
    before, interrupted = 1, True
    while interrupted:
        world = build()
        interrupted = world.run(first, before, meanwhile)
        yield world
        before += 1


def _wrong_at_the_end(world: World) -> list[str]:
    """Return what is wrong once all that is handed out was done."""
    early = invariants.started_early(world.store)
    illegal = invariants.illegal_changes(world.store)
    for each in world.documents():
        if each.status is Status.RETRY:
            world.operate(each, Event.RETRY)
    world.finish()
    left = [f"{each.key} is {each.status}" for each in world.documents() if _is_open(each)]
    return [*early, *illegal, *left, *_unsound(world)]


def _unsound(world: World) -> list[str]:
    return [
        *invariants.links_to_failed(world.store),
        *invariants.ends_that_disagree(world.store),
        *invariants.cycles(world.store),
        *invariants.wrong_totals(world.store),
        *invariants.broken_histories(world.store),
    ]


def _is_open(document: Document) -> bool:
    return document.status not in (Status.DONE, Status.FAILED)
