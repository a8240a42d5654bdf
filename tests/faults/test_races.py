"""Many at once on the Firestore emulator: the pairs of `test_schedules.py`, in sixteen threads.

Each race starts the two of a pair for many chains together, then everything that follows from it,
round by round: all updates at once, all jobs at once. Who loses a race waits a moment and decides
again, so no caller sees an error; the rest is looked at as after a schedule.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from random import Random

import pytest
from google.cloud.firestore import Client

from tests.builders import AOI, World, a_chain, a_new_scene, a_new_tile, date_of, ref
from tests.faults import aftermath
from tests.faults.actors import addition, operation, result, retry_of_all, update
from tests.faults.figures import record
from tests.faults.stepped import Act
from tileweave.adapters.firestore.store import FirestoreStore
from tileweave.domain.errors import Invalid, NotAllowed
from tileweave.domain.model import Document, Tile
from tileweave.domain.status import Event, Status

pytestmark = [pytest.mark.emulators, pytest.mark.timeout(120)]

THREADS = 16
CHAINS = 12
BURSTS = tuple(f"A44_IW1_{number:04}" for number in range(CHAINS))

NO_ERRORS: tuple[type[Exception], ...] = ()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """All who take part in a race."""
    with ThreadPoolExecutor(THREADS) as pool:
        yield pool


class Race:
    """A world in the emulator, and those who are at work on it."""

    def __init__(self, client: Client, threads: ThreadPoolExecutor) -> None:
        self.world = World(store=FirestoreStore(client))
        self._threads = threads
        self._random = Random(1)
        self.calls = 0

    def together(
        self, acts: Iterable[Act], refusals: tuple[type[Exception], ...] = NO_ERRORS
    ) -> list[Exception]:
        """Let all of it happen at once, neighbours in the list first of all; return refusals."""
        start = threading.Event()

        def act_on_signal(act: Act) -> object:
            start.wait()
            return act(self.world.services)

        ends = [self._threads.submit(act_on_signal, act) for act in acts]
        self.calls += len(ends)
        start.set()
        errors = [error for end in ends if (error := end.exception()) is not None]
        assert [each for each in errors if not isinstance(each, refusals)] == []
        return [each for each in errors if isinstance(each, Exception)]

    def settle(self) -> None:
        """Deliver all updates at once, and those that follow, until there are none."""
        while updates := self.world.take_updates():
            keys = {(each.body["type"], each.body["id"]) for each in updates}
            found = [each for each in self.world.documents() if each.key in keys]
            self.together(update(each) for each in self._shuffled(found))

    def finish(self) -> None:
        """Answer all jobs at once, and settle, until there are none."""
        self.settle()
        while pending := self.world.pending():
            self.together(
                result(each, attempt=each.attempt, id_=f"end {each.attempt} of {each.id}")
                for each in self._shuffled(pending)
            )
            self.settle()

    def scenes_done(self, *numbers: int) -> None:
        """Answer DONE for these scenes, and settle."""
        self.together(result(self.world.scene(each), id_=f"scene {each}") for each in numbers)
        self.settle()

    def _shuffled(self, found: Sequence[Document]) -> list[Document]:
        return self._random.sample(found, len(found))


@pytest.fixture
def race(firestore_client: Client, threads: ThreadPoolExecutor) -> Race:
    return Race(firestore_client, threads)


def check(
    name: str,
    race: Race,
    *,
    results: Iterable[str] = (),
    forced: bool = False,
    helped: bool = False,
) -> None:
    """Let all follow that follows; nothing may be wrong, and no result lost."""
    race.settle()
    race.finish()
    wrong = aftermath.wrong_at_the_end(race.world, forced=forced, helped=helped)
    assert [*wrong, *aftermath.lost_results(race.world, [*results])] == []
    record(name, pairs=CHAINS, calls=race.calls)


def pairs(one: Iterable[Act], other: Iterable[Act]) -> Iterator[Act]:
    """Return the acts of both, each beside its pair."""
    return chain.from_iterable(zip(one, other, strict=True))


def tiles(race: Race, number: int) -> list[Tile]:
    """Return the tiles of the scene of this number."""
    return [each for each in race.world.store.tiles(AOI) if each.date == date_of(number)]


def results(
    of: Sequence[Document], status: str, word: str = "result"
) -> tuple[list[Act], list[str]]:
    """Return a result for each of these, and their ids."""
    ids = [f"{word} {each.id}" for each in of]
    return [result(each, status, id_=id_) for each, id_ in zip(of, ids, strict=True)], ids


def a_race_over_chains(race: Race, length: int, *, done: Sequence[int]) -> Race:
    """Chains over the same scenes, of which some are downloaded."""
    race.world.add(*a_chain(length, BURSTS))
    race.scenes_done(*done)
    return race


@pytest.mark.parametrize(
    ("one", "other"), [("DONE", "DONE"), ("DONE", "FAILED"), ("FAILED", "FAILED")]
)
def test_two_dependencies_end_at_once(race: Race, one: str, other: str) -> None:
    """Each tile of the second scene waits for two of the first: all these end together."""
    bursts, others = BURSTS, [f"{burst}_2" for burst in BURSTS]
    race.world.add(
        a_new_scene(0, [a_new_tile(each) for each in (*bursts, *others)]),
        a_new_scene(
            1,
            [
                a_new_tile(burst, previous=ref(0, burst), reference=ref(0, each))
                for burst, each in zip(bursts, others, strict=True)
            ],
        ),
    )
    race.scenes_done(0, 1)
    found = {each.source_id: each for each in tiles(race, 0)}
    first, ids = results([found[each] for each in bursts], one)
    second, more = results([found[each] for each in others], other)

    race.together(pairs(first, second))

    check(f"race: {one} and {other} of two dependencies", race, results=[*ids, *more])


@pytest.mark.parametrize("status", ["DONE", "RETRY", "FAILED"])
def test_the_same_results_come_twice_at_once(race: Race, status: str) -> None:
    """Each is delivered twice together: it is applied once."""
    a_race_over_chains(race, 2, done=(0, 1))
    acts, ids = results(tiles(race, 0), status)

    race.together(pairs(acts, acts))

    check(f"race: the same {status} twice", race, results=ids, helped=True)


def test_operators_fail_what_late_results_come_for(race: Race) -> None:
    """Tiles in RETRY: one of the two is first, and only an operator is told."""
    a_race_over_chains(race, 2, done=(0, 1))
    race.together(results(tiles(race, 0), "RETRY")[0])
    waiting = tiles(race, 0)
    late, ids = results(waiting, "DONE", "late")
    fails = [operation(each, Event.FAIL, id_=f"fail {each.id}") for each in waiting]

    told = race.together(pairs(late, fails), refusals=(NotAllowed,))

    ended = [each.status for each in tiles(race, 0)]
    assert ended.count(Status.DONE) == len(told)
    check("race: DONE and an operator's fail", race, results=ids)


def test_scenes_are_added_while_their_previous_tiles_fail(race: Race) -> None:
    """A scene for each chain names its tile, which fails: it is refused, or relinked."""
    a_race_over_chains(race, 1, done=(0,))
    failures, ids = results(tiles(race, 0), "FAILED")
    added = [
        addition(
            a_new_scene(
                1 + number, [a_new_tile(each, previous=ref(0, each), reference=ref(0, each))]
            )
        )
        for number, each in enumerate(BURSTS)
    ]

    refused = race.together(pairs(added, failures), refusals=(Invalid,))

    check("race: addition and FAILED of the previous tile", race, results=ids)
    assert len(list(race.world.store.scenes(AOI))) == 1 + CHAINS - len(refused)


def test_two_tiles_of_a_chain_fail_at_once(race: Race) -> None:
    """Neighbours, forced to; then both are relinked together."""
    a_race_over_chains(race, 4, done=(0, 1, 2, 3))
    first, second = (
        [operation(each, Event.FORCE_FAIL, id_=f"fail {each.id}") for each in tiles(race, number)]
        for number in (0, 1)
    )

    race.together(pairs(first, second))

    check("race: two failures in a chain", race, forced=True)


def test_failed_tiles_are_forced_back_while_their_neighbours_are_relinked(race: Race) -> None:
    """Tile 1 of each chain is FAILED, and comes back while its update, and tile 0's, arrive."""
    a_race_over_chains(race, 4, done=(0, 1, 2, 3))
    for number in (0, 1):
        failing = tiles(race, number)
        race.together(operation(each, Event.FORCE_FAIL, id_=f"fail {each.id}") for each in failing)
    race.world.take_updates()
    back = [operation(each, Event.FORCE_RETRY, id_=f"back {each.id}") for each in tiles(race, 1)]
    updates = ([update(each) for each in tiles(race, number)] for number in (0, 1))

    race.together(chain.from_iterable(zip(back, *updates, strict=True)))

    check("race: forced back and relinked", race, forced=True, helped=True)


@pytest.mark.parametrize("status", ["DONE", "FAILED"])
def test_a_scene_ends_while_its_tiles_are_unblocked(race: Race, status: str) -> None:
    """The second scene and all tiles of the first end together; then all updates arrive at once."""
    a_race_over_chains(race, 2, done=(0,))
    scene = race.world.scene(1)
    acts, ids = results(tiles(race, 0), "DONE")
    middle = len(acts) // 2

    race.together([*acts[:middle], result(scene, status, id_="scene"), *acts[middle:]])

    check(f"race: scene {status} and tiles unblocked", race, results=[*ids, "scene"])


def test_the_whole_aoi_is_retried_while_results_come(race: Race) -> None:
    """Tiles in RETRY, and a call for each that retries all of them."""
    a_race_over_chains(race, 1, done=(0,))
    race.together(results(tiles(race, 0), "RETRY")[0])
    late, ids = results(tiles(race, 0), "DONE", "late")

    race.together(pairs(late, [retry_of_all()] * CHAINS))

    check("race: DONE and retries of all", race, results=ids)
