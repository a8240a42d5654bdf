"""Whole ingestions at random: any graph, any results, any order, others at work, processes dying.

`Ingestion` is what happens as long as nobody uses force; there the contract holds to the letter.
`ForcedIngestion` adds operators who force anything on anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any, Literal

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.builders import AOI, FIRST_PASS, NOW, REVISIT, a_chain, sweep
from tests.property import invariants
from tests.property.busy import BusyPublisher, BusyStore, Killed, Meanwhile, die
from tileweave.domain import batches
from tileweave.domain.errors import NotAllowed
from tileweave.domain.ingestion import NewScene, NewTile, TileRef
from tileweave.domain.messages import Message, Topic
from tileweave.domain.model import Document, Key, Tile
from tileweave.domain.status import Event, Status
from tileweave.usecases import add_scene as single
from tileweave.usecases import add_scenes as bulk
from tileweave.usecases.add_scene import add_scene
from tileweave.usecases.add_scenes import Fate, add_scenes
from tileweave.usecases.operate import operate, retry_aoi
from tileweave.usecases.ports import Services
from tileweave.usecases.propagate import take_update
from tileweave.usecases.reject import Delivery
from tileweave.usecases.sweep import PATIENCE
from tileweave.usecases.take_result import take_result
from tileweave.usecases.watch import create_aoi

BURSTS = ("A44_IW1_8951", "A44_IW1_8979", "A44_IW1_9007")

PICKS = st.integers(0, 99)
MAYBE_PICKS = st.none() | PICKS
CALLS = st.integers(1, 12)
Others = dict[int, list[int]]
"""Which messages others take, before which of somebody's calls."""

OTHERS = st.dictionaries(CALLS, st.lists(PICKS, min_size=1, max_size=4), min_size=1, max_size=2)
Bulk = list[tuple[int, list[tuple[int | None, int | None]]]]
"""Scenes of one request: for each its day, and what its tiles name."""

BULKS = st.lists(
    st.tuples(
        st.integers(0, 9), st.lists(st.tuples(MAYBE_PICKS, MAYBE_PICKS), max_size=len(BURSTS))
    ),
    min_size=2,
    max_size=5,
)
RESULTS = st.sampled_from(["DONE", "DONE", "FAILED", "RETRY"])
FORCED = st.sampled_from([event for event in Event if event.name.startswith("FORCE")])


@pytest.fixture(scope="module", autouse=True)
def small_commits() -> Iterator[None]:
    """Let a commit hold a scene of a tile or two, or two tiles of a larger one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "MOST_BYTES_A_COMMIT", 2 * bulk.LEAST_WEIGHT + 2_500)
        patch.setattr(single, "MOST_TILES_A_COMMIT", 2)
        yield


@dataclass(frozen=True)
class InFlight:
    """A result or dependency update on its way."""

    topic: Topic
    delivery: Delivery


class Ingestion(RuleBasedStateMachine):
    """An AOI, its workers and its operators."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile = Meanwhile()
        self.store = BusyStore(self.meanwhile)
        self.publisher = BusyPublisher(self.meanwhile, self.watch)
        self.now = NOW
        self.services = Services(self.store, self.publisher, now=lambda: self.now)
        self.in_flight: list[InFlight] = []
        self.jobs: list[Message] = []
        self.handed_out_early: list[str] = []
        self.somebody_died = False
        self._numbers = count(1)
        create_aoi(self.services, AOI)

    # --- what happens ---

    @rule(
        tiles=st.lists(st.tuples(MAYBE_PICKS, MAYBE_PICKS), max_size=len(BURSTS)),
        day=st.integers(0, 9),
        retry_count=st.integers(0, 1),
    )
    def a_scene_is_added(
        self, tiles: list[tuple[int | None, int | None]], day: int, retry_count: int
    ) -> None:
        """Links go to any tile that is not FAILED, those of the same scene included."""
        add_scene(self.services, AOI, self.new_scene(tiles, day, retry_count))
        self.collect()

    @rule(scenes=BULKS, others=OTHERS)
    def a_chain_is_added_while_messages_arrive(self, scenes: Bulk, others: Others) -> None:
        """In pieces of a scene or two: all of it, or nothing."""
        chain = self.new_chain(scenes)
        fates: list[Fate] = []

        def add() -> None:
            fates.extend(each.fate for each in add_scenes(self.services, AOI, chain))

        self.at_work(add, self.deliveries(others))
        self.check_outcomes(chain, fates)

    @rule(scenes=BULKS, call=CALLS, picks=st.lists(PICKS, max_size=6))
    def a_chain_is_added_in_two_attempts(self, scenes: Bulk, call: int, picks: list[int]) -> None:
        """The first one dies; messages arrive before it is repeated."""
        chain = self.new_chain(scenes)
        self.at_work_or_dead(lambda: add_scenes(self.services, AOI, chain), call)
        there = {each.source_id for each in self.store.scenes(AOI)}
        self.deliver_all(picks)
        fates = [each.fate for each in add_scenes(self.services, AOI, chain)]
        self.collect()
        for each, fate in zip(chain, fates, strict=True):
            assert (fate is Fate.KNOWN) == (each.source_id in there)
        whole = [Fate.ADDED if fate is Fate.KNOWN else fate for fate in fates]
        self.check_outcomes(chain, whole)

    @initialize(length=st.integers(0, 4), bursts=st.integers(1, 2))
    def a_chain_is_added(self, length: int, bursts: int) -> None:
        """Most graphs have chains in them."""
        for each in a_chain(length, BURSTS[:bursts]):
            add_scene(self.services, AOI, each)
        self.collect()

    @rule(pick=PICKS, status=RESULTS, names_attempt=st.booleans(), late=st.booleans())
    def a_worker_answers(self, pick: int, status: str, *, names_attempt: bool, late: bool) -> None:
        """A worker answers a job that is handed out, or any that ever was: again, or too late."""
        jobs = self.jobs if late else self.current_jobs()
        if jobs:
            self.send_result(jobs[pick % len(jobs)], status, names_attempt=names_attempt)

    @precondition(lambda self: bool(self.in_flight))
    @rule()
    def all_messages_arrive(self) -> None:
        """Everything on its way arrives, and what is published by it."""
        while self.in_flight:
            self.deliver(0)

    @precondition(lambda self: bool(self.in_flight))
    @rule(pick=PICKS, twice=st.booleans())
    def a_message_arrives(self, pick: int, *, twice: bool) -> None:
        """Messages arrive in any order, some of them twice."""
        self.deliver(pick, twice=twice)

    @precondition(lambda self: self.in_flight)
    @rule(pick=PICKS, others=OTHERS)
    def messages_arrive_together(self, pick: int, others: Others) -> None:
        """Others take messages between any two calls of the one who takes the first."""
        self.at_work(lambda: self.deliver(pick), self.deliveries(others))

    @precondition(lambda self: self.in_flight)
    @rule(pick=PICKS, call=CALLS)
    def the_process_dies(self, pick: int, call: int) -> None:
        """Whoever takes a message dies before some call: the message comes again."""
        message = self.in_flight[pick % len(self.in_flight)]
        try:
            self.at_work(lambda: self.deliver(pick), {call: die})
        except Killed:
            self.somebody_died = True
            again = replace(message.delivery, again=True)
            self.in_flight.append(replace(message, delivery=again))

    @rule(pick=PICKS, event=st.sampled_from([Event.RETRY, Event.FAIL]))
    def an_operator_decides(self, pick: int, event: Event) -> None:
        """Operators retry or fail what waits for them, and nothing else."""
        waiting = [each for each in self.documents() if each.status is Status.RETRY]
        if waiting:
            self.operate(waiting[pick % len(waiting)].key, event)

    @rule(pick=PICKS, event=st.sampled_from([Event.RETRY, Event.FAIL]), call=CALLS)
    def an_operator_s_process_dies(self, pick: int, event: Event, call: int) -> None:
        """A call of an operator is not repeated by anyone."""
        waiting = [each for each in self.documents() if each.status is Status.RETRY]
        if waiting:
            key = waiting[pick % len(waiting)].key
            self.at_work_or_dead(lambda: self.operate(key, event), call)

    @rule(others=OTHERS)
    def all_are_retried(self, others: Others) -> None:
        """An operator retries all that waits for one, while messages arrive."""
        self.at_work(lambda: retry_aoi(self.services, AOI), self.deliveries(others))

    @rule()
    def the_janitor_comes(self) -> None:
        """What was left unpublished for longer than PATIENCE is published."""
        self.now += PATIENCE + timedelta(seconds=1)
        sweep(self.services)
        self.collect()

    # --- what always holds ---

    @invariant()
    def no_tile_started_early(self) -> None:
        assert invariants.started_early(self.store) == []
        assert self.handed_out_early == []

    @invariant()
    def no_link_names_a_failed_tile_once_updates_arrived(self) -> None:
        if not self.is_propagating():
            assert invariants.links_to_failed(self.store) == []

    @invariant()
    def no_status_changed_against_the_table(self) -> None:
        assert invariants.illegal_changes(self.store) == []

    @invariant()
    def the_graph_is_sound(self) -> None:
        assert invariants.ends_that_disagree(self.store) == []
        assert invariants.cycles(self.store) == []

    @invariant()
    def totals_are_what_counting_gives(self) -> None:
        assert invariants.wrong_totals(self.store) == []

    @invariant()
    def histories_are_whole(self) -> None:
        assert invariants.broken_histories(self.store) == []

    # --- how it ends ---

    def teardown(self) -> None:
        """Deliver and answer everything, then look at what is left."""
        self.drain()
        self.check_always()
        self.check_end()

    def check_always(self) -> None:
        self.no_tile_started_early()
        self.no_link_names_a_failed_tile_once_updates_arrived()
        self.no_status_changed_against_the_table()
        self.the_graph_is_sound()
        self.totals_are_what_counting_gives()
        self.histories_are_whole()

    def check_end(self) -> None:
        left = [
            each for each in self.documents() if each.status not in (Status.DONE, Status.FAILED)
        ]
        assert left == []
        self.check_all_was_published()

    def check_all_was_published(self) -> None:
        assert list(self.store.unpublished()) == []
        if not self.somebody_died:
            published = {(_key(each), each.body["attempt"]) for each in self.jobs}
            counted = {
                (each.key, attempt)
                for each in self.documents()
                for attempt in range(1, each.attempt + 1)
            }
            assert published == counted

    def drain(self) -> None:
        """Deliver all messages and answer all jobs, until nothing moves any more."""
        for _ in range(1000):
            self.collect()
            if self.in_flight:
                self.deliver(0)
            elif not self.nudged():
                return
        raise AssertionError("it never comes to an end")

    def nudged(self) -> bool:
        """Do what workers, operators and the janitor do; return whether there was anything."""
        self.the_janitor_comes()
        retry_aoi(self.services, AOI)
        self.collect()
        current = self.current_jobs()
        pending = {each.key for each in self.documents() if each.status is Status.PENDING}
        assert {_key(each) for each in current} == pending, "a job was never published"
        for job in current:
            self.send_result(job, "DONE", names_attempt=True)
        return bool(self.in_flight)

    # --- how it is done ---

    def new_scene(
        self, tiles: list[tuple[int | None, int | None]], day: int, retry_count: int
    ) -> NewScene:
        source_id = f"S1A_{next(self._numbers):03}"
        known = [TileRef(each.source_id, each.scene_source_id) for each in self.live_tiles()]
        new = []
        for burst, picks in zip(BURSTS, tiles, strict=False):
            new.append(_linked(burst, known, picks))
            known.append(TileRef(burst, source_id))
        return replace(_a_scene(source_id, day, new), retry_count=retry_count)

    def new_chain(self, scenes: Bulk) -> list[NewScene]:
        """Return scenes whose tiles name any before them, of whichever scene, and so no circle."""
        names = [f"S1A_{next(self._numbers):03}" for _ in scenes]
        known = [TileRef(each.source_id, each.scene_source_id) for each in self.live_tiles()]
        tiles: dict[str, list[NewTile]] = {name: [] for name in names}
        for number, burst in enumerate(BURSTS):
            for name, (_, picks) in zip(names, scenes, strict=True):
                if number < len(picks):
                    tiles[name].append(_linked(burst, known, picks[number]))
                    known.append(TileRef(burst, name))
        return [
            _a_scene(name, day, tiles[name]) for name, (day, _) in zip(names, scenes, strict=True)
        ]

    def check_outcomes(self, scenes: list[NewScene], fates: Sequence[Fate]) -> None:
        """See that of each chain all was added, or nothing, as it was said."""
        there = {each.source_id for each in self.store.scenes(AOI)}
        said = {each.source_id: fate for each, fate in zip(scenes, fates, strict=True)}
        for chain in batches.chains(scenes):
            names = {each.source_id for each in chain}
            assert {said[each] for each in names} in ({Fate.ADDED}, {Fate.REFUSED})
            added = said[chain[0].source_id] is Fate.ADDED
            assert names & there == (names if added else set())
            assert added or any(self.store.tiles(AOI, (Status.FAILED,)))

    def live_tiles(self) -> list[Tile]:
        return [each for each in self.store.tiles(AOI) if each.status is not Status.FAILED]

    def send_result(self, job: Message, status: str, *, names_attempt: bool) -> None:
        body: dict[str, Any] = {**_named(job), "status": status, "message": f"it is {status}"}
        if names_attempt:
            body["attempt"] = job.body["attempt"]
        self.send(Topic.RESULTS, body)

    def send(self, topic: Topic, body: dict[str, Any]) -> None:
        delivery = Delivery(f"{topic}-{next(self._numbers)}", json.dumps(body).encode())
        self.in_flight.append(InFlight(topic, delivery))

    def operate(self, key: Key, event: Event) -> None:
        operate(self.services, key, event)
        self.collect()

    def current_jobs(self) -> list[Message]:
        """Return the published jobs of all that is PENDING, one for each, of its last attempt."""
        pending = {each.key: each for each in self.documents() if each.status is Status.PENDING}
        jobs = {(_key(each), each.body["attempt"]): each for each in self.jobs}
        current = ((key, each.attempt) for key, each in pending.items())
        return [jobs[each] for each in current if each in jobs]

    def deliveries(self, others: Others) -> dict[int, Callable[[], None]]:
        return {call: partial(self.deliver_all, picks) for call, picks in others.items()}

    def deliver_all(self, picks: list[int]) -> None:
        for each in picks:
            if self.in_flight:
                self.deliver(each)

    def deliver(self, pick: int, *, twice: bool = False) -> None:
        index = pick % len(self.in_flight)
        message = self.in_flight[index] if twice else self.in_flight.pop(index)
        take = take_result if message.topic is Topic.RESULTS else take_update
        take(self.services, message.delivery)
        self.collect()

    def at_work(
        self, work: Callable[[], object], happenings: dict[int, Callable[[], None]]
    ) -> None:
        self.meanwhile.plan(happenings)
        try:
            work()
        finally:
            self.meanwhile.plan({})
            self.collect()

    def at_work_or_dead(self, work: Callable[[], object], call: int) -> None:
        try:
            self.at_work(work, {call: die})
        except Killed:
            self.somebody_died = True

    def collect(self) -> None:
        """Put what was published where it waits to be taken."""
        for message in self.publisher.take():
            if message.topic is Topic.DEPENDENCY_UPDATES:
                self.send(message.topic, message.body)
            else:
                self.jobs.append(message)

    def watch(self, message: Message) -> None:
        """Look at a message as it is published."""
        found = self.find(_key(message))
        if message.topic is Topic.TILE_JOBS and isinstance(found, Tile):
            self.handed_out_early.extend(invariants.unmet(self.store, found))

    def find(self, key: Key) -> Document:
        return next(each for each in self.documents() if each.key == key)

    def documents(self) -> list[Document]:
        return invariants.documents_of(self.store)

    def is_propagating(self) -> bool:
        updates = any(each.topic is Topic.DEPENDENCY_UPDATES for each in self.in_flight)
        return updates or any(True for _ in self.store.unpublished())


class ForcedIngestion(Ingestion):
    """An AOI whose operators force anything on anything."""

    @rule(pick=PICKS, event=FORCED)
    def an_operator_uses_force(self, pick: int, event: Event) -> None:
        if documents := self.documents():
            self.operate(documents[pick % len(documents)].key, event)

    @rule(pick=PICKS, event=FORCED, others=OTHERS)
    def an_operator_uses_force_meanwhile(self, pick: int, event: Event, others: Others) -> None:
        if documents := self.documents():
            key = documents[pick % len(documents)].key
            self.at_work(lambda: self.operate(key, event), self.deliveries(others))

    @rule(pick=PICKS, event=FORCED, call=CALLS)
    def an_operator_dies_using_force(self, pick: int, event: Event, call: int) -> None:
        if documents := self.documents():
            key = documents[pick % len(documents)].key
            self.at_work_or_dead(lambda: self.operate(key, event), call)

    def operate(self, key: Key, event: Event) -> None:
        """What an operator asks may not be allowed: a dependency was forced back."""
        with suppress(NotAllowed):
            super().operate(key, event)

    @invariant()
    def no_tile_started_early(self) -> None:
        """Force hands out early what it is told to."""

    @invariant()
    def no_status_changed_against_the_table(self) -> None:
        """Force leads from any status to any other."""

    def check_end(self) -> None:
        """A tile is left NEW only if it was told to, or waits for something that is not DONE."""
        assert [each for each in self.documents() if each.status is Status.PENDING] == []
        stuck = [
            tile
            for tile in self.store.tiles(AOI, (Status.NEW,))
            if tile.history[-1].cause.actor != "operator" and not invariants.unmet(self.store, tile)
        ]
        assert stuck == []
        self.check_all_was_published()


def _linked(burst: str, known: list[TileRef], picks: tuple[int | None, int | None]) -> NewTile:
    links = [known[pick % len(known)] if known and pick is not None else None for pick in picks]
    return NewTile(source_id=burst, data={}, previous=links[0], reference=links[1])


def _a_scene(source_id: str, day: int, tiles: list[NewTile]) -> NewScene:
    date = FIRST_PASS + day * REVISIT
    return NewScene(source_id=source_id, date=date, data={}, tags={}, tiles=tuple(tiles))


def _key(message: Message) -> Key:
    kind: Literal["scene", "tile"] = "scene" if message.attributes["type"] == "scene" else "tile"
    return Key(kind, message.body["id"])


def _named(job: Message) -> dict[str, Any]:
    key = _key(job)
    return {"type": key.kind, "id": key.id}


TestIngestion = pytest.mark.timeout(400)(Ingestion.TestCase)
TestForcedIngestion = pytest.mark.timeout(400)(ForcedIngestion.TestCase)
